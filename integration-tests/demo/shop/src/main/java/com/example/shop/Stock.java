package com.example.shop;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import javax.sql.DataSource;

/** What is in stock, from the database. */
final class Stock {
    private final DataSource dataSource;

    Stock(String url) {
        HikariConfig config = new HikariConfig();
        config.setPoolName("stock");
        config.setJdbcUrl(url);
        dataSource = new HikariDataSource(config);
    }

    String of(int product) throws SQLException {
        try (Connection connection = dataSource.getConnection();
                PreparedStatement select =
                        connection.prepareStatement("select quantity from stock where product = ?")) {
            select.setInt(1, product);
            try (ResultSet rows = select.executeQuery()) {
                return rows.next() ? Integer.toString(rows.getInt(1)) : "0";
            }
        }
    }
}
