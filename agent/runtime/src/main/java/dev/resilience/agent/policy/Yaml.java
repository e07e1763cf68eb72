package dev.resilience.agent.policy;

import java.util.Iterator;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.api.lowlevel.Compose;
import org.snakeyaml.engine.v2.api.lowlevel.Parse;
import org.snakeyaml.engine.v2.events.CollectionEndEvent;
import org.snakeyaml.engine.v2.events.CollectionStartEvent;
import org.snakeyaml.engine.v2.events.Event;
import org.snakeyaml.engine.v2.exceptions.Mark;
import org.snakeyaml.engine.v2.exceptions.MarkedYamlEngineException;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;
import org.snakeyaml.engine.v2.nodes.Node;

/** YAML text as nodes: nothing is constructed, aliases and nesting are bounded. */
final class Yaml {
    private static final int DEEPEST = 32;
    private static final int MOST_ALIASES = 50;

    /** The one document of the text, or null when it is empty. */
    static @Nullable Node compose(String text) throws Malformed {
        LoadSettings settings = LoadSettings.builder()
                .setMaxAliasesForCollections(MOST_ALIASES)
                .setCodePointLimit(2 * FileText.MOST_BYTES)
                .build();
        try {
            if (isTooDeep(text)) {
                throw new Malformed(0, "it is nested deeper than " + DEEPEST + " levels");
            }
            Iterator<Node> documents =
                    new Compose(settings).composeAllFromString(text).iterator();
            Node root = documents.hasNext() ? documents.next() : null;
            if (documents.hasNext()) {
                throw new Malformed(line(documents.next()), "a second document begins here; only one is read");
            }
            return root;
        } catch (MarkedYamlEngineException malformed) {
            Optional<Mark> mark = malformed.getProblemMark();
            throw new Malformed(mark.map(Mark::getLine).orElse(-1) + 1, String.valueOf(malformed.getProblem()));
        } catch (YamlEngineException malformed) {
            throw new Malformed(0, firstLine(String.valueOf(malformed.getMessage())));
        }
    }

    /** Nodes are composed by recursion; events are not, and so can be counted first. */
    static boolean isTooDeep(String text) {
        int depth = 0;
        try {
            for (Event event : new Parse(LoadSettings.builder().build()).parseString(text)) {
                if (event instanceof CollectionStartEvent && ++depth > DEEPEST) {
                    return true;
                }
                if (event instanceof CollectionEndEvent) {
                    depth--;
                }
            }
        } catch (YamlEngineException malformed) {
            return false; // composing finds the same, and says where
        }
        return false;
    }

    /** Where a node begins, counted from 1; 0 when unknown. */
    static int line(Node node) {
        return node.getStartMark().map(Mark::getLine).orElse(-1) + 1;
    }

    private static String firstLine(String message) {
        int end = message.indexOf('\n');
        return end < 0 ? message : message.substring(0, end);
    }

    /** The text is not YAML, or more than we read. */
    static final class Malformed extends Exception {
        private final int line;

        /** {@code line} is 0 when unknown. */
        Malformed(int line, String message) {
            super(message);
            this.line = line;
        }

        int line() {
            return line;
        }
    }

    private Yaml() {}
}
