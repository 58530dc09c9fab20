//go:build race

package stack_test

// stride is from which call to which next one a run is killed: the race detector
// makes everything ten times slower, and finds what it finds in a few of them.
const stride = 7

// crowd is how many stacks TestManyStacksAtOnce deploys.
const crowd = 15
