package taskdef

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// sizeIn returns a task's CPU in units of 1/1024 vCPU (unit "vcpu") or its
// memory in MiB (unit "gb"). It takes a whole number, or a number of the unit
// in any case, such as "1 vCPU" or "0.5GB"; ok is false for anything else.
// Source: ECS API reference, RegisterTaskDefinition, "cpu" and "memory".
func sizeIn(text, unit string) (n int, ok bool) {
	if n, err := strconv.Atoi(text); err == nil {
		return n, n > 0
	}
	m := regexp.MustCompile(`^(\d+|\d*\.\d+) ?([A-Za-z]+)$`).FindStringSubmatch(text)
	if m == nil || strings.ToLower(m[2]) != unit {
		return 0, false
	}
	f, err := strconv.ParseFloat(m[1], 64)
	if err != nil || f*1024 != float64(int(f*1024)) {
		return 0, false
	}
	return int(f * 1024), f > 0
}

// fargateSize is the memory that Fargate offers for one CPU size.
type fargateSize struct {
	cpu               int   // units of 1/1024 vCPU
	least, most, step int   // MiB; or
	values            []int // MiB
	windows           bool  // also for Windows, from 1 vCPU
}

// fargateSizes are the pairs of CPU and memory that Fargate takes.
// Source: ECS developer guide, "Task definition parameters", "Task size";
// the last two CPU sizes need Linux platform version 1.4.0.
func fargateSizes() []fargateSize {
	const gib = 1024
	return []fargateSize{
		{cpu: 256, values: []int{512, 1 * gib, 2 * gib}},
		{cpu: 512, least: 1 * gib, most: 4 * gib, step: gib},
		{cpu: 1024, least: 2 * gib, most: 8 * gib, step: gib, windows: true},
		{cpu: 2048, least: 4 * gib, most: 16 * gib, step: gib, windows: true},
		{cpu: 4096, least: 8 * gib, most: 30 * gib, step: gib, windows: true},
		{cpu: 8192, least: 16 * gib, most: 60 * gib, step: 4 * gib},
		{cpu: 16384, least: 32 * gib, most: 120 * gib, step: 8 * gib},
	}
}

func (s fargateSize) takes(memory int) bool {
	if s.values != nil {
		return slices.Contains(s.values, memory)
	}
	return memory >= s.least && memory <= s.most && (memory-s.least)%s.step == 0
}

// offer says which memory there is, for people.
func (s fargateSize) offer() string {
	if s.values != nil {
		texts := make([]string, len(s.values))
		for i, v := range s.values {
			texts[i] = strconv.Itoa(v)
		}
		return strings.Join(texts, ", ") + " MiB"
	}
	return strconv.Itoa(s.least) + " to " + strconv.Itoa(s.most) + " MiB in steps of " + strconv.Itoa(s.step)
}
