#!/usr/bin/env bash
# Builds Jaeger all-in-one from its Go module, once, into a cache outside the tree, and prints the binary's path.
# Needs Go. The version stands in go.mod; the checksums are those the module itself ships.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
version=$(sed -n 's/^require github.com\/jaegertracing\/jaeger //p' "$here/go.mod")
cache=${XDG_CACHE_HOME:-$HOME/.cache}/resilience
binary=$cache/jaeger-all-in-one-$version
if [ ! -x "$binary" ]; then
  mkdir -p "$cache"
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT
  cp "$here/go.mod" "$here/tools.go" "$work/"
  cd "$work"
  go mod download "github.com/jaegertracing/jaeger@$version" >&2
  cp "$(go list -mod=mod -m -f '{{.Dir}}' github.com/jaegertracing/jaeger)/go.sum" go.sum
  chmod u+w go.sum
  go build -mod=mod -o "$binary.new" github.com/jaegertracing/jaeger/cmd/all-in-one >&2
  mv "$binary.new" "$binary"
fi
echo "$binary"
