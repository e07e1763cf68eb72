//go:build tools

// Names the program to build, so that the module graph holds it.
package tools

import _ "github.com/jaegertracing/jaeger/cmd/all-in-one"
