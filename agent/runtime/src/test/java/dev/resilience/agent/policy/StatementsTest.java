package dev.resilience.agent.policy;

import static org.assertj.core.api.Assertions.assertThat;

import dev.resilience.instrumentation.api.StatementKind;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class StatementsTest {
    private final Statements statements = new Statements();

    @ParameterizedTest
    @ValueSource(
            strings = {
                "select * from stock",
                "SELECT 1",
                "select count(*), max(amount) from stock s join goods g on (s.id = g.id) where g.name in (?, ?)",
                "with a as (select 1 as x) select x from a",
                "select cast(amount as numeric(10, 2)) from stock where id = any(?) order by lower(name) limit 5",
                "select row_number() over (partition by id order by since) from stock",
                "select date_trunc('day', now()) from stock /* a remark */",
                "select sum(amount) from stock group by grouping sets ((id), ())",
                "(select 1) union all (select 2)",
                "select id from stock where not exists (select 1 from goods where goods.id = stock.id)"
            })
    void readsOnly(String sql) {
        assertThat(statements.kindOf(sql)).isEqualTo(StatementKind.READ);
        assertThat(statements.kindOf(sql)).isEqualTo(StatementKind.READ);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "select * from stock for update",
                "select * from stock for no key update",
                "select * from stock for share",
                "select * from stock lock in share mode",
                "select nextval('numbers')",
                "select numbers.nextval from dual",
                "select next value for numbers",
                "select pg_sleep(1)",
                "select random()",
                "select current_setting('app.tenant')",
                "insert into stock (id, amount) values (1, 2) on conflict (id) do update set amount = 3",
                "insert into shop.\"stock\" (id) values (gen_random_uuid())",
                "update stock set amount = coalesce(amount, 0) + 1",
                "delete from stock where id = 1",
                "set local app.tenant = 'a'",
                "set transaction read only",
                "explain select 1",
                "",
                "select pg_catalog.pg_get_expr(d.adbin, d.adrelid) from pg_catalog.pg_attrdef d"
            })
    void leavesItsConnectionAsItWas(String sql) {
        assertThat(statements.kindOf(sql)).isEqualTo(StatementKind.PLAIN);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "set search_path to a",
                "select * from stock with (updlock)",
                "set role guest",
                "set local_x = 1",
                "reset all",
                "use shop",
                "begin",
                "call pay(1)",
                "{call pay(1)}",
                "do $$ begin end $$",
                "select set_config('app.tenant', 'a', false)",
                "select pay(1)",
                "select next('invoice')",
                "select set('tenant', 'a')",
                "update pg_settings set setting = 'b' where name = 'search_path'",
                "update \"pg_settings\" set setting = 'b'",
                "explain analyze select * into temp stock from goods",
                "select * from pay(1)",
                "select \"lower\"(name) from stock",
                "select shop.lower(name) from stock",
                "select @tenant := 1",
                "select name from stock where tenant = @tenant",
                "select 1; set role guest",
                "select * into temp t from stock",
                "create temp table t (id int)",
                "prepare x as select 1",
                "insert into stock values (pay(1))",
                "alter session set current_schema = a",
                "discard all",
                "select pg_catalog.set_config('app.tenant', 'a', false)",
                "select 'it''s \\' from stock"
            })
    void mayChangeItsConnection(String sql) {
        assertThat(statements.kindOf(sql)).isEqualTo(StatementKind.OTHER);
    }
}
