// Builds a real Jaeger for the tests: see build.sh.
module resilience.dev/jaeger

go 1.24

require github.com/jaegertracing/jaeger v1.76.0
