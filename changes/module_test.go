package changes

import (
	"errors"
	"testing"
)

func TestValidateWithoutAFile(t *testing.T) {
	c := Config{Modules: []Module{{Name: "a"}, {Name: "b", Paths: []string{"b"}, DependsOn: []string{"", "c"}}}}
	want := "module a has no paths\nmodule b depends on \"\", which is no module\nmodule b depends on \"c\", which is no module"
	if err := c.Validate(); err == nil || err.Error() != want || !errors.Is(err, ErrInvalidConfig) {
		t.Errorf("error = %v, want\n%s", err, want)
	}
	if _, err := c.Select(Diff{}, SelectOptions{}); err == nil || err.Error() != want {
		t.Errorf("select: error = %v, want\n%s", err, want)
	}
	if err := (Config{}).Validate(); err != nil {
		t.Errorf("the zero value: %v", err)
	}
}
