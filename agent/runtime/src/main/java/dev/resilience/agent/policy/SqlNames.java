package dev.resilience.agent.policy;

import dev.resilience.agent.policy.SqlTokens.Kind;
import dev.resilience.agent.policy.SqlTokens.Token;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What a statement of SQL does, and to which tables, as far as its text tells for sure.
 *
 * @param verb one of {@link #VERBS}, or null if that is not sure
 * @param tables as written, without quotes, without those that the statement itself defines; null if they are not sure
 */
record SqlNames(@Nullable String verb, @Nullable List<String> tables) {
    /*
     * No grammar of any dialect, but the few places where SQL lets a table be named: behind FROM, JOIN, USING and the
     * verbs that change one. It walks over the tokens once, with a stack of what each parenthesis is: a query, a list of
     * tables, or something else, such as the arguments of extract(year from x), where a FROM names no table. Whatever
     * stands at such a place and is no plain name (a function, a variable, a string, a word it does not expect) makes it
     * say that it is not sure, and so does whatever changes the meaning of the whole: a second statement, SELECT INTO, a
     * CTE that deletes.
     */

    /** The verbs that are told. */
    static final List<String> VERBS = words("ALTER BEGIN CALL COMMIT COPY CREATE DELETE DROP EXPLAIN GRANT INSERT LOCK "
            + "MERGE REPLACE REVOKE ROLLBACK SELECT SET SHOW TRUNCATE UPDATE VALUES");

    /** Those whose tables are told as well. */
    private static final List<String> TOLD = words("DELETE INSERT MERGE REPLACE SELECT TRUNCATE UPDATE VALUES");

    private static final List<String> CHANGING = words("DELETE INSERT MERGE REPLACE TRUNCATE UPDATE");

    private static final SqlNames UNSURE = new SqlNames(null, null);

    /** What ends a list of tables. */
    private static final Set<String> ENDS =
            Set.copyOf(words("EXCEPT FETCH FOR GROUP HAVING INTERSECT INTO LIMIT ORDER SELECT UNION WHERE"));

    /** What may end one, and what some dialects take for a name: then a comma behind it may go on with the list. */
    private static final Set<String> MAY_END =
            Set.copyOf(words("CONNECT LOCK MINUS OFFSET OPTION OUTPUT PROCEDURE QUALIFY "
                    + "RETURNING SET START VALUE VALUES WHEN WINDOW"));

    /** What would change something if it began a statement, and these need no sign between them. */
    private static final Set<String> DANGEROUS = Set.copyOf(
            words("ALTER CALL CREATE DELETE DROP EXEC EXECUTE GRANT INSERT MERGE " + "REVOKE TRUNCATE UPDATE"));

    /** Behind these it begins none: FOR UPDATE, ON DUPLICATE KEY UPDATE, DO UPDATE, THEN DELETE, FOR NO KEY UPDATE. */
    private static final List<String> BEFORE_DANGEROUS = words("DO FOR KEY THEN");

    /** What can follow on a table, goes on with the list, and is no name for it. */
    private static final Set<String> GOES_ON = Set.copyOf(words("AND AS BETWEEN BY CASCADE CASE CONTINUE CROSS DEFAULT "
            + "DISTINCT DO ELSE END EXISTS FORCE FROM FULL IGNORE IN INNER IS JOIN LEFT LIKE NATURAL NOT NOWAIT NULL ON OR "
            + "OUTER OVERRIDING PARTITION RESTART RESTRICT RIGHT STRAIGHT_JOIN TABLE TABLESAMPLE THEN USE USING WITH"));

    /** FOR UPDATE and the like; FOR SYSTEM_TIME is in the midst of a list. */
    private static final List<String> LOCKING = words("BROWSE FETCH JSON KEY NO READ SHARE UPDATE XML");

    /** Between FROM and the table. */
    private static final List<String> BEFORE_TABLE = words("LATERAL ONLY");

    private static final List<String> MODIFIERS = words("DELAYED HIGH_PRIORITY IGNORE LOW_PRIORITY QUICK");

    /** Functions that read what they are given, and no table. */
    private static final List<String> HARMLESS = words("GENERATE_SERIES UNNEST");

    private static final Token END = new Token(Kind.SIGN, "", "");

    private static List<String> words(String words) {
        return List.of(words.split(" ", -1));
    }

    static SqlNames of(String sql) {
        List<Token> tokens = SqlTokens.of(sql);
        return tokens == null || tokens.isEmpty() ? UNSURE : new Walk(tokens).names();
    }

    /** In any case. */
    static boolean isVerb(String text) {
        return VERBS.contains(text.toUpperCase(Locale.ROOT));
    }

    private enum Place {
        /** A table may be named here. */
        TABLE,
        /** One was: a name for it may follow, or a comma and the next. */
        AFTER_TABLE,
        /** What it is joined on, or how it is read: a comma and the next may follow. */
        IN_LIST,
        ELSEWHERE
    }

    /** What is inside one pair of parentheses. */
    private static final class Level {
        Place place = Place.ELSEWHERE;
        boolean isQuery;
        boolean isFresh = true;
        /** Whether its list of tables ended for sure. */
        boolean isEndSure = true;

        String verb = "";
        /** Of the common table that its parentheses define, or null. */
        @Nullable
        String defines;

        boolean isRecursive;
        /** Common tables that can be named from here on. */
        final List<String> common = new ArrayList<>();

        @Nullable
        String target;

        final List<String> aliases = new ArrayList<>();
    }

    /** One walk over the tokens. */
    private static final class Walk {
        private final List<Token> tokens;
        private final ArrayDeque<Level> levels = new ArrayDeque<>();
        private final List<String> tables = new ArrayList<>();
        private Level level = new Level();
        private int at;
        private boolean isVerbSure = true;
        private boolean areTablesSure = true;

        Walk(List<Token> tokens) {
            this.tokens = tokens;
        }

        SqlNames names() {
            while (at < tokens.size() && isVerbSure) {
                step(tokens.get(at));
            }
            leave();
            String verb = level.verb;
            isVerbSure &= levels.isEmpty() && level.place != Place.TABLE && VERBS.contains(verb);
            areTablesSure &= isVerbSure && TOLD.contains(verb);
            return new SqlNames(isVerbSure ? verb : null, areTablesSure ? List.copyOf(tables) : null);
        }

        private void step(Token token) {
            if (token.is("(")) {
                open();
            } else if (token.is(")")) {
                close();
            } else if (token.is(";")) {
                isVerbSure &= at == tokens.size() - 1;
                at++;
            } else if (token.kind() == Kind.WORD && isAnotherStatement(token.text())) {
                isVerbSure = false;
            } else if (level.place == Place.TABLE) {
                table(token);
            } else if (level.place != Place.ELSEWHERE && isPartOfList(token)) {
                level.isFresh = false;
            } else if (token.kind() == Kind.WORD) {
                word(token.text());
            } else {
                areTablesSure &= level.isEndSure || !token.is(",");
                at++;
                level.isFresh = false;
            }
        }

        /** Functions of such names are followed by what they are given, columns by a dot before them. */
        private boolean isAnotherStatement(String word) {
            return DANGEROUS.contains(word)
                    && (!level.isFresh || level.place == Place.TABLE)
                    && !peek(1).is("(")
                    && !follows(".")
                    && BEFORE_DANGEROUS.stream().noneMatch(this::follows);
        }

        private void open() {
            Level inner = new Level();
            inner.place = level.place == Place.TABLE ? Place.TABLE : Place.ELSEWHERE;
            push(inner);
        }

        private void push(Level inner) {
            at++;
            levels.push(level);
            level = inner;
        }

        private void close() {
            at++;
            if (levels.isEmpty() || level.place == Place.TABLE) {
                isVerbSure = false;
                return;
            }
            leave();
            Level inner = level;
            level = levels.pop();
            if (inner.defines != null) {
                define(inner.defines);
            } else if (level.place == Place.TABLE) {
                level.place = Place.AFTER_TABLE;
            }
            if (level.isFresh && level.verb.isEmpty() && inner.defines == null) {
                level.verb = inner.verb; // (SELECT ...) UNION ...
                level.isFresh = inner.verb.isEmpty();
            }
        }

        /** UPDATE a ... FROM orders a: what is changed is named by another name. */
        private void leave() {
            if (level.target != null && level.aliases.stream().anyMatch(level.target::equalsIgnoreCase)) {
                areTablesSure = false;
            }
        }

        private void define(String name) {
            if (tables.stream().anyMatch(name::equalsIgnoreCase)) {
                areTablesSure = false;
            }
            level.common.add(name);
            if (peek(0).is(",")) {
                at++;
                definition(level.isRecursive);
            } else {
                level.isFresh = true;
            }
        }

        /** A common table, up to the parenthesis that its query begins with; whether there is one. */
        private boolean definition(boolean isRecursive) {
            Token name = peek(0);
            int next = at + 1;
            if (name.kind() != Kind.WORD && name.kind() != Kind.NAME) {
                return unknownDefinition();
            }
            if (next < tokens.size() && tokens.get(next).is("(")) {
                while (next < tokens.size() && !tokens.get(next).is(")")) {
                    next++;
                }
                next++;
            }
            if (next >= tokens.size() || !tokens.get(next).is("AS")) {
                return unknownDefinition();
            }
            next++;
            while (next < tokens.size()
                    && (tokens.get(next).is("NOT") || tokens.get(next).is("MATERIALIZED"))) {
                next++;
            }
            if (next >= tokens.size() || !tokens.get(next).is("(")) {
                return unknownDefinition();
            }
            at = next;
            level.isRecursive = isRecursive;
            Level inner = new Level();
            inner.defines = name.written();
            inner.isRecursive = isRecursive;
            push(inner);
            return true;
        }

        private boolean unknownDefinition() {
            isVerbSure = false;
            return false;
        }

        private void word(String word) {
            boolean isFirst = level.isFresh;
            at++;
            if (before(".")) {
                return; // a column
            }
            if (isFirst && word.equals("WITH")) {
                boolean isRecursive = peek(0).is("RECURSIVE");
                at += isRecursive ? 1 : 0;
                definition(isRecursive);
                return;
            }
            level.isFresh = false;
            if (isFirst) {
                level.verb = level.verb.isEmpty() ? word : level.verb;
                verb(word);
            } else {
                clause(word);
            }
        }

        private void verb(String word) {
            level.isQuery |= word.equals("SELECT");
            areTablesSure &= !word.equals("TABLE");
            if (!CHANGING.contains(word) || (!levels.isEmpty() && peek(0).is("("))) {
                return; // a function, if it is not the verb
            }
            if (!levels.isEmpty()) {
                isVerbSure = false; // a CTE that changes something
                return;
            }
            level.isQuery = true;
            while (peek(0).kind() == Kind.WORD && MODIFIERS.contains(peek(0).text())) {
                at++;
            }
            if (peek(0).is("OR")) {
                at += 2; // INSERT OR REPLACE, UPDATE OR IGNORE
            }
            if (peek(0).is("FROM") || peek(0).is("INTO") || (word.equals("TRUNCATE") && peek(0).is("TABLE"))) {
                at++;
            } else if (word.equals("INSERT") && (peek(0).is("ALL") || peek(0).is("FIRST") || peek(0).is("OVERWRITE"))) {
                areTablesSure = false;
            }
            level.place = Place.TABLE;
            level.target = "";
        }

        private void clause(String word) {
            switch (word) {
                case "SELECT" -> {
                    level.isQuery = true;
                    level.place = Place.ELSEWHERE;
                }
                case "FROM" -> {
                    boolean isTable = level.isQuery && !isDistinctFrom();
                    level.place = isTable ? Place.TABLE : level.place;
                }
                case "JOIN", "STRAIGHT_JOIN" -> level.place = Place.TABLE;
                case "APPLY" -> {
                    boolean isTable = before("CROSS") || before("OUTER");
                    level.place = isTable ? Place.TABLE : level.place;
                }
                case "USING" -> {
                    boolean isList = level.verb.equals("DELETE") && !peek(0).is("(");
                    boolean isTable = isList || (level.verb.equals("MERGE") && levels.isEmpty());
                    level.place = isTable ? Place.TABLE : level.place;
                }
                case "TABLE" -> areTablesSure = false;
                case "INTO" -> isVerbSure &= !level.isQuery || !level.verb.equals("SELECT");
                case "PIVOT", "UNPIVOT", "MATCH_RECOGNIZE", "MODEL" -> areTablesSure &= !peek(0).is("(");
                default -> {
                    // nothing that names a table
                }
            }
        }

        /** IS [NOT] DISTINCT FROM compares. */
        private boolean isDistinctFrom() {
            return before("DISTINCT")
                    && at >= 3
                    && (tokens.get(at - 3).is("IS") || tokens.get(at - 3).is("NOT"));
        }

        /** Whether what comes next stands right behind this. */
        private boolean follows(String word) {
            return at > 0 && tokens.get(at - 1).is(word);
        }

        /** Whether this stands before the word that was just read. */
        private boolean before(String word) {
            return at >= 2 && tokens.get(at - 2).is(word);
        }

        private void table(Token token) {
            if (token.kind() == Kind.WORD && BEFORE_TABLE.contains(token.text())) {
                at++;
                return;
            }
            if (token.is("SELECT") || token.is("VALUES") || token.is("WITH")) {
                level.place = Place.ELSEWHERE;
                word(token.text());
                return;
            }
            if (!isName(token)) {
                areTablesSure = false;
                level.place = Place.ELSEWHERE;
                at++;
                return;
            }
            level.isFresh = false;
            StringBuilder name = new StringBuilder();
            part(name);
            int parts = 1;
            while (peek(0).is(".")) {
                at++;
                name.append('.');
                parts++;
                part(name);
            }
            named(name.toString(), parts, token);
        }

        private void part(StringBuilder name) {
            Token part = peek(0);
            areTablesSure &= (part.kind() == Kind.WORD || part.kind() == Kind.NAME)
                    && !part.written().isEmpty()
                    && part.written().indexOf('.') < 0;
            name.append(part.written());
            at++;
        }

        private void named(String name, int parts, Token first) {
            boolean isTarget = level.target != null && level.target.isEmpty();
            boolean hasColumns = isTarget && isInsert();
            level.place = Place.AFTER_TABLE;
            if (peek(0).is("@")
                    || (peek(0).kind() == Kind.VALUE && peek(0).text().equals("@"))) {
                areTablesSure = false; // of another database
            }
            if (peek(0).is("(") && !hasColumns) {
                areTablesSure &= parts == 1 && HARMLESS.contains(first.text());
                level.target = isTarget ? null : level.target;
                return;
            }
            if (isTarget) {
                level.target = name;
            }
            if (parts == 1 && (first.is("DUAL") || isCommon(name))) {
                return;
            }
            if (tables.stream().noneMatch(name::equals)) {
                tables.add(name);
            }
        }

        private boolean isInsert() {
            return level.verb.equals("INSERT") || level.verb.equals("REPLACE");
        }

        private boolean isCommon(String name) {
            if (isCommon(level, name)) {
                return true;
            }
            for (Level outer : levels) {
                if (isCommon(outer, name)) {
                    return true;
                }
            }
            return false;
        }

        /** In a definition, its own name is itself, or a table that it hides: dialects disagree unless it is recursive. */
        private boolean isCommon(Level of, String name) {
            if (name.equalsIgnoreCase(of.defines)) {
                areTablesSure &= of.isRecursive;
                return true;
            }
            return of.common.stream().anyMatch(name::equalsIgnoreCase);
        }

        /** Takes a comma, or another name for a table; a word that ends the list, or goes on with it, is for others. */
        private boolean isPartOfList(Token token) {
            if (token.is(",")) {
                level.place = Place.TABLE;
                at++;
                return true;
            }
            if (follows(".")) {
                return false; // a column
            }
            if (token.kind() == Kind.WORD && isEnd(token.text())) {
                level.place = Place.ELSEWHERE;
                areTablesSure &= !token.is("FOR") || LOCKING.contains(peek(1).text());
                return false;
            }
            if (level.place == Place.IN_LIST) {
                return false;
            }
            if (token.is("AS")) {
                at++;
                alias(peek(0));
                return true;
            }
            if (isName(token)) {
                alias(token);
                return true;
            }
            if (token.is("WITH") && isInsert() && !peek(1).is("(")) {
                level.place = Place.ELSEWHERE;
                level.isFresh = true; // INSERT INTO t WITH ... SELECT
            } else if (token.kind() == Kind.WORD) {
                level.place = Place.IN_LIST;
            }
            return false;
        }

        /** Nobody knows which words a dialect takes for a name: FROM settings value, users. */
        private boolean isEnd(String word) {
            if (ENDS.contains(word)) {
                return true;
            }
            boolean isSure = switch (word) {
                case "SET" -> level.verb.equals("UPDATE") || isInsert();
                case "VALUES", "VALUE" -> isInsert();
                case "WHEN" -> level.verb.equals("MERGE");
                default -> false;
            };
            level.isEndSure &= isSure || !MAY_END.contains(word);
            return MAY_END.contains(word);
        }

        private static boolean isName(Token token) {
            return token.kind() == Kind.NAME
                    || (token.kind() == Kind.WORD
                            && !ENDS.contains(token.text())
                            && !MAY_END.contains(token.text())
                            && !GOES_ON.contains(token.text()));
        }

        private void alias(Token token) {
            areTablesSure &= token.kind() == Kind.NAME || token.kind() == Kind.WORD;
            level.aliases.add(token.written());
            at++;
        }

        private Token peek(int ahead) {
            return at + ahead < tokens.size() ? tokens.get(at + ahead) : END;
        }
    }
}
