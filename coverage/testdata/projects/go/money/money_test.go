package money

import "testing"

func TestText(t *testing.T) {
	if got := Text(605); got != "6.05" {
		t.Error(got)
	}
}
