//go:build !race

package ecs_test

// How much the random and the large tests do by default; flags give more.
const (
	fewSeeds = 100  // of TestSimulation
	crowd    = 1000 // services of TestAThousandServices
)
