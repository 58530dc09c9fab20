package shop

import "testing"

func TestTotal(t *testing.T) {
	if got := Total(); got != "nothing" {
		t.Error(got)
	}
}
