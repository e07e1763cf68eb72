package dev.resilience.agent.policy;

import dev.resilience.agent.policy.SqlTokens.Kind;
import dev.resilience.agent.policy.SqlTokens.Token;
import dev.resilience.instrumentation.api.StatementKind;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** What statements do, as far as their text tells for sure. Thread-safe. */
public final class Statements {
    /*
     * A query may do anything by a function it calls: pay an invoice, draw a number, set the tenant of its connection.
     * So a query reads only if each function in it is one of these lists, and a statement leaves its connection as it was
     * only if each is. A word before a parenthesis that is in none of them makes it OTHER. What a view, a trigger or an
     * operator of the database does no text tells.
     */

    /** Beyond that many, a text is looked at each time. */
    private static final int REMEMBERED = 1_000;

    private static final int LONGEST_REMEMBERED = 4_096;

    private static final Set<String> CHANGING = words("INSERT UPDATE DELETE MERGE REPLACE TRUNCATE");
    private static final Set<String> QUERIES = words("SELECT VALUES SHOW EXPLAIN");

    /** What stands before a parenthesis and is no function; and the types that have a length. */
    private static final Set<String> SYNTAX =
            words("ALL AND ANY ARRAY AS BETWEEN BY CASE CAST CHAR CHARACTER CROSS CUBE DECIMAL "
                    + "DISTINCT ELSE END EXCEPT EXISTS FETCH FILTER FROM FULL GROUP GROUPING HAVING ILIKE IN INNER INTERSECT "
                    + "INTERVAL INTO IS JOIN LATERAL LEFT LIKE LIMIT MATERIALIZED NOT NUMERIC NVARCHAR OFFSET ON ONLY OR ORDER "
                    + "OUTER OVER PARTITION PRECISION RIGHT ROLLUP ROW ROWS SELECT SOME THEN TIME TIMESTAMP UNION USING VALUES "
                    + "VARBINARY VARCHAR VARYING WHEN WHERE WITHIN BINARY");

    /** Functions that read nothing but what they are given and the clock, and do nothing. */
    private static final Set<String> HARMLESS =
            words("ABS ACOS AGE ARRAY_AGG ARRAY_LENGTH ARRAY_TO_STRING ASCII ASIN ATAN ATAN2 AVG "
                    + "BIT_AND BIT_LENGTH BIT_OR BOOL_AND BOOL_OR BTRIM CARDINALITY CEIL CEILING CHARACTER_LENGTH CHAR_LENGTH CHARINDEX CHR "
                    + "COALESCE CONCAT CONCAT_WS CONVERT CORR COS COT COUNT COUNT_BIG COVAR_POP COVAR_SAMP CUME_DIST CURDATE CURRENT_DATE "
                    + "CURRENT_TIME CURRENT_TIMESTAMP CURTIME DATE DATEADD DATEDIFF DATENAME DATEPART DATE_ADD DATE_DIFF DATE_FORMAT DATE_PART "
                    + "DATE_SUB DATE_TRUNC DAY DAYNAME DAYOFMONTH DAYOFWEEK DAYOFYEAR DECODE DEGREES DENSE_RANK DIV ENCODE EVERY EXP EXTRACT "
                    + "FIELD FIND_IN_SET FIRST_VALUE FLOOR FORMAT FROM_UNIXTIME GENERATE_SERIES GETDATE GREATEST GROUP_CONCAT HEX HOUR IF "
                    + "IFNULL IIF INITCAP INSTR ISNULL JSONB_AGG JSONB_ARRAY_ELEMENTS JSONB_ARRAY_LENGTH JSONB_BUILD_OBJECT "
                    + "JSONB_EXTRACT_PATH JSONB_EXTRACT_PATH_TEXT JSONB_OBJECT_AGG JSON_AGG JSON_ARRAY JSON_ARRAYAGG JSON_BUILD_OBJECT "
                    + "JSON_EXTRACT JSON_OBJECT JSON_OBJECTAGG JSON_QUERY JSON_UNQUOTE JSON_VALUE LAG LAST_DAY LAST_VALUE LCASE LEAD LEAST LEN "
                    + "LENGTH LISTAGG LN LOCALTIME LOCALTIMESTAMP LOCATE LOG LOG10 LOG2 LOWER LPAD LTRIM MAKE_DATE MAX MD5 MEDIAN MID MIN MINUTE "
                    + "MOD MODE MONTH MONTHNAME NOW NTH_VALUE NTILE NULLIF NVL NVL2 OCTET_LENGTH OVERLAY PERCENTILE_CONT PERCENTILE_DISC "
                    + "PERCENT_RANK PI PLAINTO_TSQUERY POSITION POW POWER QUARTER QUOTENAME RADIANS RANK REGEXP_MATCH REGEXP_REPLACE "
                    + "REGEXP_SUBSTR REGR_SLOPE REPEAT REPLACE REVERSE ROUND ROW_NUMBER ROW_TO_JSON RPAD RTRIM SECOND SHA256 SIGN SIN SPACE "
                    + "SPLIT_PART SQRT STDDEV STDDEV_POP STDDEV_SAMP STRING_AGG STRPOS STR_TO_DATE SUBSTR SUBSTRING SUBSTRING_INDEX SUM "
                    + "SYSTEM_RANGE TAN TIMESTAMPADD TIMESTAMPDIFF TO_CHAR TO_DATE TO_JSON TO_JSONB TO_NUMBER TO_TIMESTAMP TO_TSQUERY TO_TSVECTOR "
                    + "TRANSLATE TRIM TRUNC TS_RANK TRY_CAST UCASE UNIX_TIMESTAMP UNNEST UPPER UTC_TIMESTAMP VARIANCE VAR_POP VAR_SAMP "
                    + "VERSION WEEK WEBSEARCH_TO_TSQUERY XMLAGG YEAR");

    /** Functions that do something, or wait, and leave the connection as it was. */
    private static final Set<String> LEAVING =
            words("ARRAY_LOWER ARRAY_UPPER COL_DESCRIPTION CURRENT_DATABASE CURRENT_SCHEMA CURRENT_SCHEMAS "
                    + "CURRENT_SETTING CURRVAL FORMAT_TYPE GEN_RANDOM_UUID HAS_TABLE_PRIVILEGE LASTVAL LAST_INSERT_ID NEWID NEXTVAL "
                    + "OBJ_DESCRIPTION PG_BACKEND_PID PG_GET_CONSTRAINTDEF PG_GET_EXPR PG_GET_INDEXDEF PG_GET_KEYWORDS PG_GET_USERBYID PG_NOTIFY "
                    + "PG_SLEEP PG_TABLE_IS_VISIBLE PG_TYPE_IS_VISIBLE _PG_EXPANDARRAY RAND RANDOM RANDOM_UUID SCOPE_IDENTITY SETVAL SLEEP TXID_CURRENT UUID "
                    + "UUID_GENERATE_V4 PG_ADVISORY_XACT_LOCK PG_TRY_ADVISORY_XACT_LOCK");

    /** Schemas whose functions are the database's own. */
    private static final Set<String> OF_DATABASE = words("PG_CATALOG INFORMATION_SCHEMA");

    /** What makes a query more than one that reads, wherever it stands. */
    private static final Set<String> BEYOND_READING =
            words("NEXTVAL CURRVAL LOCK UPDLOCK XLOCK TABLOCKX HOLDLOCK PROCEDURE OUTFILE DUMPFILE");

    private static final Set<String> LOCKING = words("UPDATE SHARE NO KEY");

    private final ConcurrentHashMap<String, StatementKind> known = new ConcurrentHashMap<>();

    private static Set<String> words(String words) {
        return Set.of(words.split(" ", -1));
    }

    public StatementKind kindOf(String sql) {
        StatementKind kind = known.get(sql);
        if (kind == null) {
            kind = look(sql);
            if (sql.length() <= LONGEST_REMEMBERED && known.size() < REMEMBERED) {
                known.put(sql, kind);
            }
        }
        return kind;
    }

    private static StatementKind look(String sql) {
        List<Token> tokens = SqlTokens.of(sql);
        if (tokens != null && tokens.isEmpty()) {
            return StatementKind.PLAIN; // pgjdbc's test of a connection
        }
        String verb = tokens == null ? null : SqlNames.of(sql).verb();
        if (tokens == null || verb == null) {
            return StatementKind.OTHER;
        }
        if (verb.equals("SET")) {
            boolean endsByItself = tokens.size() > 1
                    && (tokens.get(1).is("LOCAL") || tokens.get(1).is("TRANSACTION"));
            return endsByItself ? StatementKind.PLAIN : StatementKind.OTHER;
        }
        if (!QUERIES.contains(verb) && !CHANGING.contains(verb)) {
            return StatementKind.OTHER;
        }
        boolean reads = verb.equals("SELECT");
        for (int at = 0; at < tokens.size(); at++) {
            Token token = tokens.get(at);
            if (token.is("(") && at > 0) {
                Token before = tokens.get(at - 1);
                boolean isQualified = at > 1
                        && tokens.get(at - 2).is(".")
                        && !(at > 2 && OF_DATABASE.contains(tokens.get(at - 3).text()));
                boolean isOfInsert = CHANGING.contains(verb) && isColumns(tokens, at);
                if (before.kind() == Kind.NAME || (before.kind() == Kind.WORD && isQualified)) {
                    if (!isOfInsert) {
                        return StatementKind.OTHER;
                    }
                } else if (before.kind() == Kind.WORD && !isSyntax(tokens, at - 1, verb) && !isOfInsert) {
                    if (!HARMLESS.contains(before.text())) {
                        reads = false;
                        if (!LEAVING.contains(before.text())) {
                            return StatementKind.OTHER;
                        }
                    }
                }
            }
            if (changesSession(token, verb)) {
                return StatementKind.OTHER;
            }
            boolean isVariable = token.kind() == Kind.VALUE && token.text().equals("@");
            if (isVariable) {
                return StatementKind.OTHER; // of MySQL: it may be set here, or have been
            }
            if (token.kind() == Kind.WORD && BEYOND_READING.contains(token.text())) {
                reads = false;
            }
            if (token.is("FOR")
                    && at + 1 < tokens.size()
                    && LOCKING.contains(tokens.get(at + 1).text())) {
                reads = false;
            }
            if (token.is("NEXT") && at + 1 < tokens.size() && tokens.get(at + 1).is("VALUE")) {
                reads = false;
            }
        }
        return reads ? StatementKind.READ : StatementKind.PLAIN;
    }

    /** Whether this word before a parenthesis is no function: some are none only where they belong. */
    private static boolean isSyntax(List<Token> tokens, int at, String verb) {
        return switch (tokens.get(at).text()) {
            case "CONFLICT" -> at > 0 && tokens.get(at - 1).is("ON");
            case "SETS" -> at > 0 && tokens.get(at - 1).is("GROUPING");
            case "SET", "VALUE" -> CHANGING.contains(verb);
            default -> SYNTAX.contains(tokens.get(at).text());
        };
    }

    /** By a view that sets what it is told, or by making a table that hides another. */
    private static boolean changesSession(Token token, String verb) {
        return (CHANGING.contains(verb) && token.text().equalsIgnoreCase("pg_settings"))
                || (verb.equals("EXPLAIN") && token.is("INTO"));
    }

    /** INSERT INTO shop.stock (id, amount): what stands before this parenthesis is the table, not a function. */
    private static boolean isColumns(List<Token> tokens, int at) {
        int name = at - 1;
        while (name >= 2 && tokens.get(name - 1).is(".")) {
            name -= 2;
        }
        return name >= 1 && tokens.get(name - 1).is("INTO");
    }
}
