package capacity

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// fargateSize is one row of what Fargate offers: a CPU value and the memory
// that goes with it, in steps.
type fargateSize struct {
	cpu              int // CPU units
	least, most, per int // MiB
}

// fargateSizes is the table of the ECS developer guide, "Troubleshoot Amazon
// ECS task definition invalid CPU or memory errors", and of the API reference,
// RegisterTaskDefinition, "cpu" and "memory".
func fargateSizes() []fargateSize {
	const gb = 1024
	return []fargateSize{
		{256, gb / 2, gb / 2, gb},
		{256, 1 * gb, 2 * gb, gb},
		{512, 1 * gb, 4 * gb, gb},
		{1024, 2 * gb, 8 * gb, gb},
		{2048, 4 * gb, 16 * gb, gb},
		{4096, 8 * gb, 30 * gb, gb},
		{8192, 16 * gb, 60 * gb, 4 * gb},   // Linux platform 1.4.0 or later
		{16384, 32 * gb, 120 * gb, 8 * gb}, // Linux platform 1.4.0 or later
	}
}

// FargateSizeError is a pair of CPU and memory that Fargate does not offer.
type FargateSizeError struct {
	CPU, Memory string // as they were given
	// Valid says what there is: memory for this CPU, or the values of CPU.
	Valid string
}

func (e *FargateSizeError) Error() string {
	return fmt.Sprintf("Fargate has no tasks of cpu %q and memory %q: %s", e.CPU, e.Memory, e.Valid)
}

// CheckFargateSize returns a [*FargateSizeError] unless Fargate has tasks with
// cpu and memory, written as in a task definition: cpu in units ("256") or vCPU
// (".25 vCPU"), memory in MiB ("512") or GB ("0.5 GB"). Both must be given.
//
// On Windows only 1 to 4 vCPU are there; this is not looked at.
func CheckFargateSize(cpu, memory string) error {
	units, cpuErr := ParseCPU(cpu)
	mib, memoryErr := ParseMemory(memory)
	var offers []string
	for _, s := range fargateSizes() {
		if cpuErr != nil || s.cpu != units {
			continue
		}
		if memoryErr == nil && mib >= s.least && mib <= s.most && (mib-s.least)%s.per == 0 {
			return nil
		}
		offer := fmt.Sprintf("%d to %d MiB in steps of %d", s.least, s.most, s.per)
		if s.least == s.most {
			offer = strconv.Itoa(s.least)
		}
		offers = append(offers, offer)
	}
	e := &FargateSizeError{CPU: cpu, Memory: memory, Valid: "cpu is 256, 512, 1024, 2048, 4096, 8192 or 16384"}
	if len(offers) > 0 {
		e.Valid = "with this cpu, memory is " + strings.Join(offers, " or ")
	}
	return e
}

// ParseCPU returns the CPU units of a task definition's cpu: "256", ".25 vCPU".
// An empty one is 0. It fails for anything else.
func ParseCPU(s string) (int, error) {
	return parseSize("cpu", s, "vcpu", `CPU units such as "256", or "0.25 vCPU"`)
}

// ParseMemory returns the MiB of a task definition's memory: "512", "0.5 GB".
// An empty one is 0. It fails for anything else.
func ParseMemory(s string) (int, error) {
	return parseSize("memory", s, "gb", `MiB such as "512", or "0.5 GB"`)
}

// parseSize reads a whole number, or a decimal one of unit, which is 1024.
func parseSize(what, s, unit, want string) (int, error) {
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
