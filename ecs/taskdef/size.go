package taskdef

import (
	"slices"
	"strconv"
	"strings"

	"github.com/mettel-automation/delivery/ecs/internal/tasksize"
)

// sizeIn returns a task's CPU (unit "vcpu") or memory (unit "gb") as a number;
// ok is false for none, and for what is no size.
func sizeIn(text, unit string) (n int, ok bool) {
	read := tasksize.Memory
	if unit == "vcpu" {
		read = tasksize.CPU
	}
	n, err := read(text)
	return n, err == nil && n > 0
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
