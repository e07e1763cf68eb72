package dev.resilience.agent.policy;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.api.lowlevel.Compose;
import org.snakeyaml.engine.v2.common.FlowStyle;
import org.snakeyaml.engine.v2.common.ScalarStyle;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;
import org.snakeyaml.engine.v2.nodes.CollectionNode;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.NodeTuple;
import org.snakeyaml.engine.v2.nodes.ScalarNode;
import org.snakeyaml.engine.v2.nodes.SequenceNode;
import org.snakeyaml.engine.v2.nodes.Tag;
import org.snakeyaml.engine.v2.schema.JsonSchema;

/** Bodies of static answers as maps, lists, texts, numbers, booleans and nulls. */
final class Json {
    /** The object or array in this text, or null when it is neither. */
    static @Nullable Object parse(String text) {
        String trimmed = text.trim();
        if (!(trimmed.startsWith("{") || trimmed.startsWith("[")) || Yaml.isTooDeep(trimmed)) {
            return null;
        }
        LoadSettings settings = LoadSettings.builder()
                .setSchema(new JsonSchema())
                .setMaxAliasesForCollections(0)
                .build();
        try {
            Optional<Node> root = new Compose(settings).composeString(trimmed);
            return root.map(Json::value).orElse(null);
        } catch (YamlEngineException | NotJson other) {
            return null;
        }
    }

    private static @Nullable Object value(Node node) {
        if (node instanceof CollectionNode<?> collection && collection.getFlowStyle() != FlowStyle.FLOW) {
            throw new NotJson();
        }
        if (node instanceof MappingNode mapping) {
            Map<String, @Nullable Object> map = new LinkedHashMap<>();
            for (NodeTuple tuple : mapping.getValue()) {
                if (!(value(tuple.getKeyNode()) instanceof String key) || map.containsKey(key)) {
                    throw new NotJson();
                }
                map.put(key, value(tuple.getValueNode()));
            }
            return Collections.unmodifiableMap(map);
        }
        if (node instanceof SequenceNode sequence) {
            List<@Nullable Object> list = new ArrayList<>();
            sequence.getValue().forEach(element -> list.add(value(element)));
            return Collections.unmodifiableList(list);
        }
        if (node instanceof ScalarNode scalar) {
            return scalar(scalar);
        }
        throw new NotJson();
    }

    private static @Nullable Object scalar(ScalarNode scalar) {
        String text = scalar.getValue();
        if (scalar.getScalarStyle() == ScalarStyle.DOUBLE_QUOTED
                && scalar.getTag().equals(Tag.STR)) {
            return text;
        }
        if (scalar.getScalarStyle() != ScalarStyle.PLAIN) {
            throw new NotJson();
        }
        if (scalar.getTag().equals(Tag.NULL) && text.equals("null")) {
            return null;
        }
        if (scalar.getTag().equals(Tag.BOOL)) {
            return Boolean.valueOf(text);
        }
        if (scalar.getTag().equals(Tag.INT)) {
            BigInteger number = new BigInteger(text);
            return number.bitLength() < Long.SIZE ? (Object) number.longValue() : number;
        }
        if (scalar.getTag().equals(Tag.FLOAT) && Character.isDigit(text.charAt(text.length() - 1))) {
            return Double.valueOf(text);
        }
        throw new NotJson();
    }

    /** YAML beyond JSON. */
    private static final class NotJson extends RuntimeException {
        NotJson() {
            super(null, null, false, false);
        }
    }

    private Json() {}
}
