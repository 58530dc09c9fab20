package ptr

import "testing"

func TestValue(t *testing.T) {
	if got := Value(new("demo")); got != "demo" {
		t.Errorf("value of a pointer to demo: %q", got)
	}
	if got := Value[string](nil); got != "" {
		t.Errorf("value of no pointer: %q", got)
	}
	type pair struct{ a, b int }
	if got := Value(&pair{1, 2}); got != (pair{1, 2}) {
		t.Errorf("value of a pointer to a struct: %v", got)
	}
	if got := Value[pair](nil); got != (pair{}) {
		t.Errorf("value of no pointer to a struct: %v", got)
	}
}
