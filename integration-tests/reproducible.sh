#!/bin/sh
# Builds the agent jar from clean copies of this tree, twice with each JDK named (else with JAVA_HOME's), and says
# whether all the jars are the same to the byte.
#   integration-tests/reproducible.sh [JAVA_HOME...]
set -eu
tree=$(cd "$(dirname "$0")/.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
if [ $# -eq 0 ]; then
    set -- "${JAVA_HOME:-$(dirname "$(dirname "$(readlink -f "$(command -v javac)")")")}"
fi
for home in "$@"; do
    for run in first second; do
        copy="$work/$run"
        mkdir "$copy"
        (cd "$tree" && git ls-files -z | xargs -0 tar cf - ) | (cd "$copy" && tar xf -)
        (cd "$copy" && JAVA_HOME="$home" mvn -q -B ${MAVEN_ARGS:-} -pl agent/jar -am package \
            -Dmaven.test.skip -Dspotless.check.skip)
        (cd "$copy/agent/jar/target" && sha256sum resilience.jar) | sed "s|resilience.jar|$home, $run build|" \
            | tee -a "$work/sums"
        rm -rf "$copy"
    done
done
if [ "$(cut -d' ' -f1 "$work/sums" | sort -u | wc -l)" -ne 1 ]; then
    echo "the jars differ"
    exit 1
fi
echo "the jars are the same"
