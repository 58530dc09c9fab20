//go:build race

package ecs_test

// The race detector makes everything five to ten times slower, and finds what it
// finds in a few of them.
const (
	fewSeeds = 30  // of TestSimulation
	crowd    = 300 // services of TestAThousandServices
)
