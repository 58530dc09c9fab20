package tasksize

import (
	"fmt"
	"testing"
)

func TestSizes(t *testing.T) {
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
		cpu, err := CPU(tt.text)
		if (err != nil) != (tt.cpu < 0) || err == nil && cpu != tt.cpu {
			t.Errorf("CPU(%q) = %d, %v; want %d", tt.text, cpu, err, tt.cpu)
		}
		memory, err := Memory(tt.text)
		if (err != nil) != (tt.memory < 0) || err == nil && memory != tt.memory {
			t.Errorf("Memory(%q) = %d, %v; want %d", tt.text, memory, err, tt.memory)
		}
	}
}

func FuzzSizes(f *testing.F) {
	for _, s := range []string{"", "256", ".25 vCPU", "0.5 GB", "1vcpu", "x", "1e9 gb", "..", "99999999999"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for _, parse := range []func(string) (int, error){CPU, Memory} {
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
