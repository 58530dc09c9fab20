//go:build integration && unix

package terraform

import (
	"syscall"
	"testing"
	"time"

	"github.com/mettel-automation/delivery/validate"
)

// BenchmarkCheck and BenchmarkFmt give the processor time of both, user and
// system, for the tree of -tree: cpu-ms/op. That of terraform has its start in it.
func BenchmarkCheck(b *testing.B) {
	measure(b, syscall.RUSAGE_SELF, Check{})
}

func BenchmarkFmt(b *testing.B) {
	need(b)
	measure(b, syscall.RUSAGE_CHILDREN, Fmt{})
}

func measure(b *testing.B, who int, c validate.Check) {
	b.Helper()
	if *realTree == "" {
		b.Fatal("-tree must name a directory of Terraform")
	}
	before, runs := processorTime(b, who), 0
	for b.Loop() {
		if v := run1(b, *realTree, c, all, validate.Local{}); v.Err != nil {
			b.Fatal(v.Err)
		}
		runs++
	}
	b.ReportMetric(float64((processorTime(b, who)-before).Microseconds())/1000/float64(runs), "cpu-ms/op")
}

func processorTime(b *testing.B, who int) time.Duration {
	b.Helper()
	var usage syscall.Rusage
	if err := syscall.Getrusage(who, &usage); err != nil {
		b.Fatal(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
