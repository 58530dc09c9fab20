package english

import "testing"

func TestCount(t *testing.T) {
	for want, got := range map[string]string{
		"0 tasks":               Count(0, "task"),
		"1 task":                Count(1, "task"),
		"2 tasks":               Count(2, "task"),
		"1 task of no service":  Count(1, "task of no service"),
		"3 tasks of no service": Count(3, "task of no service"),
	} {
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
