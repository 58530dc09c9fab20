package capacity

import (
	"slices"
	"testing"
)

func FuzzAllows(f *testing.F) {
	for _, s := range []string{
		"attribute:stack == prod", "attribute:stack in [a, b]", "attribute:stack exists and attribute:x !exists",
		"attribute:stack =~ p.*", "not(task:group == service:x)", "attribute:", "attribute:stack==", "[", "",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, expr string) {
		bare := Instance{}
		rich := Instance{Attributes: map[string]string{"stack": "prod", "x": ""}}
		ok, understood := bare.allows(expr)
		_, also := rich.allows(expr)
		if understood != also {
			t.Errorf("%q is understood of one instance and not of another", expr)
		}
		if !understood && !ok {
			t.Errorf("%q is not understood, and refused", expr)
		}
	})
}

func TestAllows(t *testing.T) {
	i := Instance{Attributes: map[string]string{"stack": "prod", "ecs.instance-type": "m5.large", "gpu": ""}}
	tests := map[string]struct{ ok, understood bool }{
		"attribute:stack == prod":                               {true, true},
		"attribute:stack==prod":                                 {true, true},
		"attribute:stack equals 'prod'":                         {true, true},
		"attribute:stack == test":                               {false, true},
		"attribute:colour == red":                               {false, true},
		"attribute:stack != test":                               {true, true},
		"attribute:stack not_equals prod":                       {false, true},
		"attribute:colour != red":                               {true, true},
		"attribute:ecs.instance-type in [m5.large, m5.xlarge]":  {true, true},
		"attribute:ecs.instance-type in[m5.xlarge]":             {false, true},
		"attribute:ecs.instance-type not_in [m5.large]":         {false, true},
		"attribute:ecs.instance-type !in [c5.large]":            {true, true},
		"attribute:gpu exists":                                  {true, true},
		"attribute:gpu !exists":                                 {false, true},
		"attribute:tpu not_exists":                              {true, true},
		"attribute:stack == prod and attribute:gpu exists":      {true, true},
		"attribute:stack == prod && attribute:tpu exists":       {false, true},
		"attribute:stack == prod or attribute:tpu exists":       {true, false},
		"attribute:stack == test || attribute:gpu exists":       {true, false},
		"not attribute:stack == prod":                           {true, false},
		"attribute:ecs.instance-type =~ m5.*":                   {true, false},
		"ec2InstanceId in ['i-1']":                              {true, false},
		"task:group == service:web":                             {true, false},
		"attribute:stack == test and task:group == service:web": {true, false},
		"attribute:stack":                                       {true, false},
		"attribute:stack ==":                                    {true, false},
		"attribute:stack in [prod":                              {true, false},
		"attribute:stack exists yes":                            {true, false},
		"":                                                      {true, false},
	}
	for expr, want := range tests {
		t.Run(expr, func(t *testing.T) {
			if ok, understood := i.allows(expr); understood != want.understood || ok != (want.ok || !understood) {
				t.Errorf("allowed %t, understood %t; want %t, %t", ok, understood, want.ok, want.understood)
			}
		})
	}
}

func TestWaves(t *testing.T) {
	//  a <- b <- c    d    e <- f
	demands := []Demand{
		{Service: "c", Needs: []string{"b"}},
		{Service: "b", Needs: []string{"a", "gone"}},
		{Service: "a"},
		{Service: "d"},
		{Service: "e"},
		{Service: "f", Needs: []string{"e"}},
	}
	w := wavesOf(demands)
	if w.count != 3 {
		t.Errorf("%d waves, want 3", w.count)
	}
	for name, want := range map[string][2]int{"a": {0, 1}, "b": {1, 1}, "c": {2, 2}, "d": {0, 2}, "e": {0, 2}, "f": {1, 2}} {
		if got := [2]int{w.level[name], w.last[name]}; got != want {
			t.Errorf("%s in waves %v, want %v", name, got, want)
		}
	}
	// Whatever two services do not wait for one another share a wave.
	for _, x := range demands {
		for _, y := range demands {
			apart := slices.Contains([]string{"ab", "ac", "bc", "ef"}, x.Service+y.Service)
			if x.Service < y.Service && !apart && (w.last[x.Service] < w.level[y.Service] || w.last[y.Service] < w.level[x.Service]) {
				t.Errorf("%s and %s share no wave", x.Service, y.Service)
			}
		}
	}
}
