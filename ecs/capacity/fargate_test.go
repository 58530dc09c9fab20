package capacity

import (
	"errors"
	"fmt"
	"slices"
	"testing"
)

func TestCheckFargateSize(t *testing.T) {
	// Counted in the table of the developer guide.
	pairs := map[int]int{256: 3, 512: 4, 1024: 7, 2048: 13, 4096: 23, 8192: 12, 16384: 12}
	for cpu := 0; cpu <= 32768; cpu += 128 {
		n := 0
		for memory := 0; memory <= 130*1024; memory += 512 {
			if CheckFargateSize(fmt.Sprint(cpu), fmt.Sprint(memory)) == nil {
				n++
			}
		}
		if n != pairs[cpu] {
			t.Errorf("cpu %d: %d sizes of memory, want %d", cpu, n, pairs[cpu])
		}
	}

	tests := map[string]struct{ cpu, memory, fault string }{
		"units and MiB":         {cpu: "256", memory: "512"},
		"vCPU and GB":           {cpu: ".25 vCPU", memory: "0.5 GB"},
		"without a space":       {cpu: "1vCPU", memory: "2GB"},
		"too much memory":       {cpu: "256", memory: "4096", fault: `Fargate has no tasks of cpu "256" and memory "4096": with this cpu, memory is 512 or 1024 to 2048 MiB in steps of 1024`},
		"memory between steps":  {cpu: "8192", memory: "17408", fault: `Fargate has no tasks of cpu "8192" and memory "17408": with this cpu, memory is 16384 to 61440 MiB in steps of 4096`},
		"no such cpu":           {cpu: "300", memory: "512", fault: `Fargate has no tasks of cpu "300" and memory "512": cpu is 256, 512, 1024, 2048, 4096, 8192 or 16384`},
		"nothing given":         {fault: `Fargate has no tasks of cpu "" and memory "": cpu is 256, 512, 1024, 2048, 4096, 8192 or 16384`},
		"memory is no number":   {cpu: "256", memory: "much", fault: `Fargate has no tasks of cpu "256" and memory "much": with this cpu, memory is 512 or 1024 to 2048 MiB in steps of 1024`},
		"a cpu is no amount":    {cpu: "quick", memory: "512", fault: `Fargate has no tasks of cpu "quick" and memory "512": cpu is 256, 512, 1024, 2048, 4096, 8192 or 16384`},
		"512 MiB goes with 256": {cpu: "512", memory: "512", fault: `Fargate has no tasks of cpu "512" and memory "512": with this cpu, memory is 1024 to 4096 MiB in steps of 1024`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			err := CheckFargateSize(tt.cpu, tt.memory)
			if tt.fault == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			if err == nil || err.Error() != tt.fault {
				t.Errorf("error %v, want %s", err, tt.fault)
			}
			var e *FargateSizeError
			if !errors.As(err, &e) || e.CPU != tt.cpu || e.Memory != tt.memory {
				t.Errorf("error %#v, want one with what was given", err)
			}
		})
	}
}

func TestParseSizes(t *testing.T) {
	for _, tt := range []struct {
		text        string
		cpu, memory int // -1: an error
	}{
		{"", 0, 0},
		{"256", 256, 256},
		{" 1024 ", 1024, 1024},
		{"1 vCPU", 1024, -1},
		{"0.5vcpu", 512, -1},
		{"2 GB", -1, 2048},
		{"0.5gb", -1, 512},
		{"-1", -1, -1},
		{"1e3", -1, -1},
		{"0x10", -1, -1},
		{"1.5", -1, -1},
		{"vCPU", -1, -1},
		{"99999999999999999999", -1, -1},
		{"9999999 GB", -1, -1},
	} {
		cpu, err := ParseCPU(tt.text)
		if (err != nil) != (tt.cpu < 0) || err == nil && cpu != tt.cpu {
			t.Errorf("ParseCPU(%q) = %d, %v; want %d", tt.text, cpu, err, tt.cpu)
		}
		memory, err := ParseMemory(tt.text)
		if (err != nil) != (tt.memory < 0) || err == nil && memory != tt.memory {
			t.Errorf("ParseMemory(%q) = %d, %v; want %d", tt.text, memory, err, tt.memory)
		}
	}
}

func FuzzParseSizes(f *testing.F) {
	for _, s := range []string{"", "256", ".25 vCPU", "0.5 GB", "1vcpu", "x", "1e9 gb", "..", "99999999999"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for _, parse := range []func(string) (int, error){ParseCPU, ParseMemory} {
			n, err := parse(s)
			if err != nil {
				continue
			}
			if again, err := parse(fmt.Sprint(n)); n < 0 || err != nil || again != n {
				t.Errorf("%q is %d, which is %d, %v", s, n, again, err)
			}
		}
	})
}

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
