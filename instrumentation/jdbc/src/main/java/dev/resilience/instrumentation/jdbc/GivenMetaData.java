package dev.resilience.instrumentation.jdbc;

import java.sql.ResultSetMetaData;
import java.sql.SQLException;
import java.util.List;

/** What is known of the columns of a result that is given. */
record GivenMetaData(List<Column> columns) implements ResultSetMetaData {
    private Column of(int column) throws SQLException {
        if (column < 1 || column > columns.size()) {
            throw new SQLException("no column " + column + ": there are " + columns.size(), "42703");
        }
        return columns.get(column - 1);
    }

    @Override
    public int getColumnCount() {
        return columns.size();
    }

    @Override
    public boolean isAutoIncrement(int column) throws SQLException {
        return of(column).isAutoIncrement();
    }

    @Override
    public boolean isCaseSensitive(int column) throws SQLException {
        return of(column).isCaseSensitive();
    }

    @Override
    public boolean isSearchable(int column) throws SQLException {
        return of(column).isSearchable();
    }

    @Override
    public boolean isCurrency(int column) throws SQLException {
        return of(column).isCurrency();
    }

    @Override
    public int isNullable(int column) throws SQLException {
        return of(column).nullable();
    }

    @Override
    public boolean isSigned(int column) throws SQLException {
        return of(column).isSigned();
    }

    @Override
    public int getColumnDisplaySize(int column) throws SQLException {
        return of(column).displaySize();
    }

    @Override
    public String getColumnLabel(int column) throws SQLException {
        return of(column).label();
    }

    @Override
    public String getColumnName(int column) throws SQLException {
        return of(column).name();
    }

    @Override
    public String getSchemaName(int column) throws SQLException {
        return of(column).schema();
    }

    @Override
    public int getPrecision(int column) throws SQLException {
        return of(column).precision();
    }

    @Override
    public int getScale(int column) throws SQLException {
        return of(column).scale();
    }

    @Override
    public String getTableName(int column) throws SQLException {
        return of(column).table();
    }

    @Override
    public String getCatalogName(int column) throws SQLException {
        return of(column).catalog();
    }

    @Override
    public int getColumnType(int column) throws SQLException {
        return of(column).type();
    }

    @Override
    public String getColumnTypeName(int column) throws SQLException {
        return of(column).typeName();
    }

    /** Nothing of them can be written. */
    @Override
    public boolean isReadOnly(int column) throws SQLException {
        return of(column) != null;
    }

    @Override
    public boolean isWritable(int column) throws SQLException {
        return of(column) == null;
    }

    @Override
    public boolean isDefinitelyWritable(int column) throws SQLException {
        return of(column) == null;
    }

    @Override
    public String getColumnClassName(int column) throws SQLException {
        return of(column).className();
    }

    @Override
    public <T> T unwrap(Class<T> type) throws SQLException {
        if (!type.isInstance(this)) {
            throw new SQLException("no " + type.getName());
        }
        return type.cast(this);
    }

    @Override
    public boolean isWrapperFor(Class<?> type) {
        return type.isInstance(this);
    }
}
