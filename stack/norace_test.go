//go:build !race

package stack_test

// stride is from which call to which next one a run is killed.
const stride = 1

// crowd is how many stacks TestManyStacksAtOnce deploys.
const crowd = 50
