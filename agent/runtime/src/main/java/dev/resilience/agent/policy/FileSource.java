package dev.resilience.agent.policy;

import dev.resilience.agent.policy.Setting.Layer;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.NodeTuple;
import org.snakeyaml.engine.v2.nodes.ScalarNode;
import org.snakeyaml.engine.v2.nodes.SequenceNode;
import org.snakeyaml.engine.v2.nodes.Tag;

/** Reads the YAML file into a draft. */
final class FileSource {
    static final String FORMAT = "1.0";
    private static final Set<Tag> PLAIN = Set.of(Tag.STR, Tag.INT, Tag.FLOAT, Tag.BOOL);

    private final Draft draft;
    private final String name;
    private final @Nullable Path directory;

    private FileSource(Draft draft, Path file) {
        this.draft = draft;
        this.name = String.valueOf(file.getFileName());
        this.directory = file.toAbsolutePath().getParent();
    }

    static void read(Path file, Draft draft) {
        new FileSource(draft, file).read(file);
    }

    private void read(Path file) {
        try {
            Node root = Yaml.compose(FileText.text(FileText.bytes(Keys.CONFIG, file)));
            if (root == null) {
                draft.fail(name, Keys.CONFIG, "must not be empty");
            } else if (root instanceof MappingNode mapping) {
                root(mapping);
            } else {
                draft.fail(at(root), Keys.CONFIG, "must be a map of keys and values");
            }
        } catch (BadValue unreadable) {
            draft.fail(file.toString(), Keys.CONFIG, "must be " + unreadable.rule());
        } catch (CharacterCodingException notText) {
            draft.fail(name, Keys.CONFIG, "must be text in UTF-8");
        } catch (Yaml.Malformed malformed) {
            String source = malformed.line() > 0 ? name + ":" + malformed.line() : name;
            draft.fail(source, Keys.CONFIG, "must be YAML: " + malformed.getMessage());
        }
    }

    private void root(MappingNode root) {
        Map<String, Node> seen = new HashMap<>();
        for (NodeTuple tuple : root.getValue()) {
            String key = key(tuple, "", seen, draft.root);
            if (key == null) {
                continue;
            }
            Node value = tuple.getValueNode();
            if (key.equals(Keys.POLICIES)) {
                policies(tuple);
            } else if (key.equals(Keys.DEFAULTS)) {
                section(draft.defaults, Keys.DEFAULTS, tuple);
            } else if (key.equals(Keys.CONFIG)) {
                warn(tuple, key, "has no effect in the file itself: give it as a property or a variable");
            } else if (Keys.ROOT.contains(key)) {
                leaf(draft.root, key, key, value);
            } else {
                List<String> known = new ArrayList<>(Keys.ROOT);
                known.add(Keys.POLICIES);
                known.add(Keys.DEFAULTS);
                warn(tuple, key, unknown(key, known, String.join(", ", known)));
            }
        }
        format(root);
    }

    private void format(MappingNode root) {
        Setting format = draft.root.get(Keys.FILE_FORMAT);
        if (format == null) {
            if (root.getValue().stream().noneMatch(tuple -> isFormat(tuple.getKeyNode()))) {
                draft.warn(new Problem(
                        Severity.WARNING, name, Keys.FILE_FORMAT, null, "is missing: write file-format: \"1.0\""));
            }
        } else if (!FORMAT.equals(format.value())) {
            draft.problems.add(
                    format.problem(Severity.ERROR, "must be \"1.0\" for this version; every policy only observes"));
            draft.enforceable = false;
        }
    }

    private static boolean isFormat(Node key) {
        return key instanceof ScalarNode scalar && scalar.getValue().equals(Keys.FILE_FORMAT);
    }

    private void policies(NodeTuple tuple) {
        if (!(tuple.getValueNode() instanceof MappingNode policies)) {
            draft.fail(at(tuple.getKeyNode()), Keys.POLICIES, "must be a map of policies by name");
            return;
        }
        Map<String, Node> seen = new HashMap<>();
        for (NodeTuple policy : policies.getValue()) {
            Node node = policy.getKeyNode();
            String key = node instanceof ScalarNode scalar ? scalar.getValue() : null;
            Section known = key == null ? null : draft.policies.get(key);
            if (known != null && seen.containsKey(key)) {
                duplicate(known, Keys.POLICIES + "." + key, node, seen.get(key));
                continue;
            }
            String name = key(policy, Keys.POLICIES + ".", seen, draft.root);
            if (name != null) {
                String path = Keys.POLICIES + "." + name;
                section(draft.policy(name, at(node), path), path, policy);
            }
        }
    }

    private void section(Section section, String path, NodeTuple tuple) {
        if (tuple.getValueNode() instanceof MappingNode mapping) {
            keys(section, path, "", mapping);
        } else {
            draft.fail(section, at(tuple.getKeyNode()), path, "must be a map with any of: " + Keys.below(""));
        }
    }

    private void keys(Section section, String path, String group, MappingNode mapping) {
        Map<String, Node> seen = new HashMap<>();
        Map<String, Node> headers = new HashMap<>();
        for (NodeTuple tuple : mapping.getValue()) {
            String prefix = group.isEmpty() ? path + "." : path + "." + group + ".";
            String name = key(tuple, prefix, seen, section);
            if (name == null) {
                continue;
            }
            Node first = group.equals(Keys.HEADERS_GROUP)
                    ? headers.putIfAbsent(name.toLowerCase(Locale.ROOT), tuple.getKeyNode())
                    : null;
            if (first != null) {
                duplicate(section, prefix + name, tuple.getKeyNode(), first);
            } else {
                key(section, path, group.isEmpty() ? name : group + "." + name, tuple);
            }
        }
    }

    private void key(Section section, String path, String key, NodeTuple tuple) {
        Node value = tuple.getValueNode();
        String written = path + "." + key;
        if (key.equals(Keys.FALLBACK)) {
            fallback(section, path, tuple);
        } else if (Keys.isUnsupported(key)) {
            draft.fail(section, at(tuple.getKeyNode()), written, "is not supported by this version");
        } else if (Keys.isGroup(key)) {
            if (!(value instanceof MappingNode mapping)) {
                draft.fail(section, at(tuple.getKeyNode()), written, "must be a map with any of: " + Keys.below(key));
                return;
            }
            if (Keys.isLink(key)) {
                section.put(new Setting(key, null, null, Layer.FILE, at(tuple.getKeyNode()), written, null));
            }
            keys(section, path, key, mapping);
        } else if (Keys.isKnown(key)) {
            leaf(section, key, written, value);
        } else if (key.startsWith(Keys.MATCH)) {
            draft.fail(section, at(tuple.getKeyNode()), written, unknown(key));
        } else {
            warn(tuple, written, unknown(key));
        }
    }

    private void fallback(Section section, String path, NodeTuple tuple) {
        Node value = tuple.getValueNode();
        String written = path + "." + Keys.FALLBACK;
        if (value instanceof MappingNode mapping) {
            keys(section, path, Keys.FALLBACK, mapping);
        } else if (value instanceof SequenceNode sequence) {
            if (sequence.getValue().isEmpty()) {
                section.put(Setting.of(Keys.FALLBACK, "none", Layer.FILE, at(tuple.getKeyNode()), written));
            }
            links(section, path, tuple, sequence);
        } else {
            leaf(section, Keys.FALLBACK, written, value);
        }
    }

    /** The order of a list is the order of its links. */
    private void links(Section section, String path, NodeTuple tuple, SequenceNode sequence) {
        String written = path + "." + Keys.FALLBACK;
        List<String> order = new ArrayList<>();
        for (Node element : sequence.getValue()) {
            if (!(element instanceof MappingNode mapping)) {
                draft.fail(
                        section,
                        at(element),
                        written,
                        "must be a list of maps, each with one of the keys " + String.join(", ", Keys.LINKS));
                continue;
            }
            List<String> kinds = mapping.getValue().stream()
                    .map(NodeTuple::getKeyNode)
                    .map(key -> key instanceof ScalarNode scalar ? scalar.getValue() : "")
                    .filter(Keys.LINKS::contains)
                    .toList();
            String twice = kinds.stream().filter(order::contains).findFirst().orElse(null);
            if (twice != null) {
                draft.fail(section, at(element), written, "must have one link " + twice + " at most");
            } else {
                order.addAll(kinds);
                keys(section, path, Keys.FALLBACK, mapping);
            }
        }
        if (order.size() > 1) {
            section.put(new Setting(
                    Keys.FALLBACK + ".chain", null, order, Layer.FILE, at(tuple.getKeyNode()), written, directory));
        }
    }

    private void leaf(Section section, String key, String written, Node value) {
        String source = at(value);
        if (value instanceof ScalarNode scalar) {
            String text = text(section, written, scalar);
            if (text != null) {
                section.put(new Setting(Keys.canonical(key), text, null, Layer.FILE, source, written, directory));
            }
        } else if (value instanceof SequenceNode sequence) {
            List<String> texts = new ArrayList<>();
            for (Node element : sequence.getValue()) {
                String text = element instanceof ScalarNode scalar ? text(section, written, scalar) : null;
                if (text != null) {
                    texts.add(text);
                } else if (!(element instanceof ScalarNode)) {
                    fail(section, at(element), written, "must be a list of plain values");
                }
            }
            section.put(new Setting(Keys.canonical(key), null, texts, Layer.FILE, source, written, directory));
        } else {
            fail(section, source, written, "must be a value, not a map");
        }
    }

    private @Nullable String text(Section section, String written, ScalarNode scalar) {
        if (scalar.getTag().equals(Tag.NULL)) {
            fail(section, at(scalar), written, "must have a value");
            return null;
        }
        if (!PLAIN.contains(scalar.getTag())) {
            fail(
                    section,
                    at(scalar),
                    written,
                    "must have no tag, has " + scalar.getTag().getValue());
            return null;
        }
        return scalar.getValue();
    }

    /** The key as text, unless it is none or is there already. */
    private @Nullable String key(NodeTuple tuple, String prefix, Map<String, Node> seen, Section section) {
        Node node = tuple.getKeyNode();
        if (!(node instanceof ScalarNode scalar) || scalar.getTag().equals(Tag.NULL)) {
            fail(section, at(node), prefix + "?", "a key must be text");
            return null;
        }
        String key = scalar.getValue();
        if (key.equals("<<")) {
            fail(section, at(node), prefix + "<<", "merge keys are not read: write the keys out");
            return null;
        }
        Node first = seen.putIfAbsent(key, node);
        if (first != null) {
            duplicate(section, prefix + key, node, first);
            return null;
        }
        return key;
    }

    private void duplicate(Section section, String written, Node second, Node first) {
        fail(section, at(second), written, "must be written once, stands in line " + Yaml.line(first) + " already");
    }

    private void fail(Section section, String source, String written, String message) {
        if (section == draft.root) {
            draft.fail(source, written, message);
        } else {
            draft.fail(section, source, written, message);
        }
    }

    private void warn(NodeTuple tuple, String written, String message) {
        draft.warn(new Problem(Severity.WARNING, at(tuple.getKeyNode()), written, null, message));
    }

    /** What to say of a key of a policy that is none. */
    static String unknown(String key) {
        int dot = key.lastIndexOf('.');
        String group = dot < 0 ? "" : key.substring(0, dot);
        return unknown(key, Keys.names(), Keys.isGroup(group) ? Keys.below(group) : Keys.below(""));
    }

    static String unknown(String key, List<String> known, String here) {
        String nearest = Nearest.to(key, known);
        return "unknown key, has no effect; "
                + (nearest == null ? "known here: " + here : "did you mean " + nearest + "?");
    }

    private String at(Node node) {
        return name + ":" + Yaml.line(node);
    }
}
