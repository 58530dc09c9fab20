//go:build unix

package coverage

import (
	"bufio"
	"encoding/xml"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/tools/cover"
)

// benchmarkSize is how large the reports of BenchmarkReport are:
//
//	go test ./coverage -run '^$' -bench Report -benchtime 3x -args -size 200
var benchmarkSize = flag.Int("size", 2, "size of the reports of benchmarks in `megabytes`")

// readOnly makes the test binary read one report and end, so that what that takes
// can be measured from outside: NAME=PATH.
const readOnly = "DELIVERY_COVERAGE_READ"

func TestMain(m *testing.M) {
	if name, path, ok := strings.Cut(os.Getenv(readOnly), "="); ok {
		count, err := readers()[name](path)
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		status, _ := os.ReadFile("/proc/self/status") // of Linux; elsewhere nothing is measured
		fmt.Printf("%d/%d\n%s", count.Covered, count.Total, status)
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// generator writes a report of about size bytes, the same each time.
type generator func(w io.Writer, size int)

func generators() map[Format]generator {
	return map[Format]generator{Cobertura: generateCobertura, LCOV: generateLCOV, GoProfile: generateGo}
}

// readers returns what reads a report: ours, and for each format what one would
// write otherwise.
func readers() map[string]func(path string) (Count, error) {
	return map[string]func(string) (Count, error){
		"ours": func(path string) (Count, error) {
			file, err := os.Open(path)
			if err != nil {
				return Count{}, err
			}
			defer file.Close()
			report, err := Parse(file)
			return report.Count(), err
		},
		"encoding-xml": readWithEncodingXML,
		"scanner":      readWithScanner,
		"x-tools":      readWithXTools,
	}
}

// counting counts what is written, so that generators know when to stop.
type counting struct {
	*bufio.Writer
	n int
}

func (c *counting) printf(format string, args ...any) {
	n, _ := fmt.Fprintf(c.Writer, format, args...) // Flush tells
	c.n += n
}

// eachFile calls write for one file after the other until size is reached, with a
// source of numbers that is the same each time.
func eachFile(w io.Writer, size int, write func(c *counting, rnd *rand.Rand, path string)) {
	c := &counting{Writer: bufio.NewWriterSize(w, 1<<16)}
	rnd := rand.New(rand.NewPCG(5, 5))
	for i := 0; c.n < size; i++ {
		write(c, rnd, fmt.Sprintf("services/service%02d/internal/package%03d/file%06d", i%28, i/20, i))
	}
	_ = c.Flush() // to a file of the test, whose size is looked at
}

// generateCobertura writes a report as coverage.py does, 46 bytes a line.
func generateCobertura(w io.Writer, size int) {
	_, _ = io.WriteString(w, "<?xml version=\"1.0\" ?>\n<coverage version=\"7.6.1\" timestamp=\"1\" complexity=\"0\">\n\t<!-- Based on https://raw.githubusercontent.com/cobertura/web/master/htdocs/xml/coverage-04.dtd -->\n"+
		"\t<sources>\n\t\t<source>/srv</source>\n\t</sources>\n\t<packages>\n\t\t<package name=\".\" line-rate=\"0.8\" branch-rate=\"0\" complexity=\"0\">\n\t\t\t<classes>\n")
	eachFile(w, size, func(c *counting, rnd *rand.Rand, path string) {
		c.printf("\t\t\t\t<class name=\"%s.py\" filename=\"%s.py\" complexity=\"0\" line-rate=\"0.8\" branch-rate=\"0\">\n\t\t\t\t\t<methods/>\n\t\t\t\t\t<lines>\n", path, path)
		for n := 1; n < 600; n += 1 + rnd.IntN(3) {
			c.printf("\t\t\t\t\t\t<line number=\"%d\" hits=\"%d\"", n, min(1, rnd.IntN(5)))
			if rnd.IntN(10) == 0 {
				c.printf(" branch=\"true\" condition-coverage=\"50%% (1/2)\" missing-branches=\"%d\"", n+2)
			}
			c.printf("/>\n")
		}
		c.printf("\t\t\t\t\t</lines>\n\t\t\t\t</class>\n")
	})
	_, _ = io.WriteString(w, "\t\t\t</classes>\n\t\t</package>\n\t</packages>\n</coverage>\n")
}

// generateLCOV writes a report as istanbul does, 10 bytes a line.
func generateLCOV(w io.Writer, size int) {
	eachFile(w, size, func(c *counting, rnd *rand.Rand, path string) {
		c.printf("TN:\nSF:%s.js\n", path)
		covered, total := 0, 0
		for n := 1; n < 600; n += 1 + rnd.IntN(3) {
			hits := max(0, rnd.IntN(40)-8)
			c.printf("DA:%d,%d\n", n, hits)
			total++
			covered += min(1, hits)
		}
		c.printf("LF:%d\nLH:%d\nend_of_record\n", total, covered)
	})
}

// generateGo writes a profile as go test -coverpkg=./... does: each block is listed
// by each of eight test binaries, in packages of ten files.
func generateGo(w io.Writer, size int) {
	_, _ = io.WriteString(w, "mode: set\n")
	eachFile(w, size, func(c *counting, rnd *rand.Rand, path string) {
		seed := rnd.Uint64()
		for range 8 {
			for f := range 10 {
				blocks := rand.New(rand.NewPCG(seed, uint64(f)))
				for n := 10; n < 400; n += 1 + blocks.IntN(6) {
					c.printf("example.com/x/%s_%d.go:%d.%d,%d.%d %d %d\n", path, f, n, 2+blocks.IntN(30), n+1, 3, 1+blocks.IntN(4), rnd.IntN(2))
				}
			}
		}
	})
}

// readWithEncodingXML is the fastest that encoding/xml offers.
func readWithEncodingXML(path string) (Count, error) {
	file, err := os.Open(path)
	if err != nil {
		return Count{}, err
	}
	defer file.Close()
	d := xml.NewDecoder(bufio.NewReaderSize(file, bufferSize))
	lines := map[string]map[int]bool{}
	var class map[int]bool
	for {
		token, err := d.RawToken()
		if errors.Is(err, io.EOF) {
			return countLines(lines), nil
		}
		if err != nil {
			return Count{}, err
		}
		element, ok := token.(xml.StartElement)
		if !ok {
			continue
		}
		attrs := map[string]string{}
		for _, a := range element.Attr {
			attrs[a.Name.Local] = a.Value
		}
		switch element.Name.Local {
		case "class":
			class = map[int]bool{}
			lines[attrs["filename"]] = class
		case "line":
			n, err := strconv.Atoi(attrs["number"])
			if err != nil {
				return Count{}, err
			}
			class[n] = class[n] || attrs["hits"] != "0"
		}
	}
}

func countLines(lines map[string]map[int]bool) Count {
	var c Count
	for _, file := range lines {
		for _, hit := range file {
			c.Total++
			if hit {
				c.Covered++
			}
		}
	}
	return c
}

// readWithScanner is what most scripts do.
func readWithScanner(path string) (Count, error) {
	file, err := os.Open(path)
	if err != nil {
		return Count{}, err
	}
	defer file.Close()
	lines := map[string]map[int]bool{}
	var record map[int]bool
	for scanner := bufio.NewScanner(file); ; {
		if !scanner.Scan() {
			return countLines(lines), scanner.Err()
		}
		key, value, _ := strings.Cut(scanner.Text(), ":")
		switch key {
		case "SF":
			if record = lines[value]; record == nil {
				record = map[int]bool{}
				lines[value] = record
			}
		case "DA":
			fields := strings.Split(value, ",")
			n, err1 := strconv.Atoi(fields[0])
			count, err2 := strconv.Atoi(fields[1])
			if err := errors.Join(err1, err2); err != nil {
				return Count{}, err
			}
			record[n] = record[n] || count > 0
		}
	}
}

func readWithXTools(path string) (Count, error) {
	profiles, err := cover.ParseProfiles(path)
	var c Count
	for _, p := range profiles {
		for _, b := range p.Blocks {
			c.Total += int64(b.NumStmt)
			if b.Count > 0 {
				c.Covered += int64(b.NumStmt)
			}
		}
	}
	return c, err
}

// BenchmarkReport reads large reports from the disk cache. It tells megabytes (10^6
// bytes) per second of processor time, user and system, and the most memory that
// a process had which did nothing else.
func BenchmarkReport(b *testing.B) {
	for _, bench := range []struct {
		format Format
		names  []string
	}{
		{Cobertura, []string{"ours", "encoding-xml"}},
		{LCOV, []string{"ours", "scanner"}},
		{GoProfile, []string{"ours", "x-tools"}},
	} {
		path := filepath.Join(b.TempDir(), "report")
		size := generate(b, path, bench.format, *benchmarkSize*1e6)
		var want Count
		for i, name := range bench.names {
			b.Run(string(bench.format)+"/"+name, func(b *testing.B) {
				read := readers()[name]
				runtime.GC()
				before, runs := processorTime(b), 0
				var got Count
				for b.Loop() {
					count, err := read(path)
					if err != nil {
						b.Fatal(err)
					}
					got = count
					runs++
				}
				spent := processorTime(b) - before
				if i == 0 {
					want = got
				} else if got != want {
					b.Fatalf("count is %+v, ours is %+v", got, want)
				}
				b.ReportMetric(float64(size)*float64(runs)/1e6/spent.Seconds(), "MB/cpu-s")
				if peak, ok := peakMemory(b, name, path); ok {
					b.ReportMetric(peak, "peak-MB")
				}
			})
		}
	}
}

func generate(b *testing.B, path string, format Format, size int) int64 {
	b.Helper()
	file, err := os.Create(path)
	if err != nil {
		b.Fatal(err)
	}
	generators()[format](file, size)
	info, err := file.Stat()
	if err := errors.Join(err, file.Close()); err != nil {
		b.Fatal(err)
	}
	return info.Size()
}

func processorTime(b *testing.B) time.Duration {
	b.Helper()
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		b.Fatal(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// peakMemory is the most memory, in megabytes, that a process had which read the
// report. The system's own account of an ended process is no use: it begins with
// what the process was started from.
func peakMemory(b *testing.B, name, path string) (float64, bool) {
	b.Helper()
	cmd := exec.CommandContext(b.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), readOnly+"="+name+"="+path)
	out, err := cmd.CombinedOutput()
	if err != nil {
		b.Fatalf("%v\n%s", err, out)
	}
	_, status, ok := strings.Cut(string(out), "VmHWM:")
	if !ok {
		return 0, false
	}
	var kilobytes float64
	if _, err := fmt.Sscan(status, &kilobytes); err != nil {
		b.Fatal(err)
	}
	return kilobytes * 1024 / 1e6, true
}
