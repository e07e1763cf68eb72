package dev.resilience.instrumentation.jdbc;

class PostgresStatementTest extends StatementContract {
    @Override
    String url() {
        return Databased.postgres();
    }

    @Override
    String sleep(int seconds) {
        return "select pg_sleep(" + seconds + ")";
    }

    @Override
    String callSleep(int seconds) {
        return "{call pg_sleep(" + seconds + ")}";
    }

    @Override
    String scalarSleep() {
        return "select 1 from pg_sleep(20)";
    }
}
