// Package tasksize reads the sizes of task definitions.
// Source: ECS API reference, RegisterTaskDefinition, "cpu" and "memory".
package tasksize

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// CPU returns the CPU units of a task definition's cpu: "256", ".25 vCPU".
// An empty one is 0. It fails for anything else.
func CPU(s string) (int, error) {
	return parse("cpu", s, "vcpu", `CPU units such as "256", or "0.25 vCPU"`)
}

// Memory returns the MiB of a task definition's memory: "512", "0.5 GB".
// An empty one is 0. It fails for anything else.
func Memory(s string) (int, error) {
	return parse("memory", s, "gb", `MiB such as "512", or "0.5 GB"`)
}

// parse reads a whole number, or a decimal one of unit, which is 1024.
func parse(what, s, unit, want string) (int, error) {
	text := strings.ToLower(strings.TrimSpace(s))
	if text == "" {
		return 0, nil
	}
	bad := fmt.Errorf("%s %q: want %s", what, s, want)
	number, inUnit := strings.CutSuffix(text, unit)
	number = strings.TrimSpace(number)
	if strings.Trim(number, "0123456789.") != "" {
		return 0, bad // no sign, exponent, hexadecimal or infinity
	}
	if !inUnit {
		n, err := strconv.ParseInt(number, 10, 32)
		if err != nil {
			return 0, bad
		}
		return int(n), nil
	}
	f, err := strconv.ParseFloat(number, 64)
	if err != nil || f*1024 > math.MaxInt32 {
		return 0, bad
	}
	return int(math.Round(f * 1024)), nil
}
