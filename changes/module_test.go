package changes

import (
	"errors"
	"testing"
)

func TestValidateWithoutAFile(t *testing.T) {
	c := Config{Modules: []Module{{Name: "a"}, {Name: "b", Paths: []string{"b"}, DependsOn: []string{"", "c"}, OnDemand: "1\n"}}}
	want := "module a has no paths\nmodule b depends on \"\", which is no module\nmodule b depends on \"c\", which is no module\n" +
		`module b: on_demand "1\n" is no name of a variable: it may have letters of ASCII, digits and _, and not begin with a digit`
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

func TestTheNamesOfVariables(t *testing.T) {
	for name, valid := range map[string]bool{
		"TEST_PORTAL": true, "_": true, "a1": true, "": true, // "" is none
		"1A": false, "A-B": false, "A B": false, "A=": false, "\u00c9": false, "A\xff": false, "X\rinjected": false,
	} {
		c := Config{Modules: []Module{{Name: "a", Paths: []string{"a"}, OnDemand: name}}}
		err := c.Validate()
		fault, ok := errors.AsType[*ConfigError](err)
		if valid != (err == nil) || !valid && (!ok || fault.Place != Place{0, "on_demand", 0}) {
			t.Errorf("%q: %v, %+v", name, err, fault)
		}
	}
}
