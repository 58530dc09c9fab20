//go:build !race

package stack_test

// stride is from which call to which next one a run is killed.
const stride = 1
