package coverage

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// testRun is what a run of tests covered: path, line, and whether it was hit. It
// can be written in every format, as differently as the tools of a format do.
type testRun map[string]map[int]bool

func randomRun(rnd *rand.Rand, files, lines int) testRun {
	run := testRun{}
	for i := range files {
		hit := map[int]bool{}
		for range 1 + rnd.IntN(lines) {
			hit[1+rnd.IntN(2*lines)] = rnd.IntN(3) > 0
		}
		run[fmt.Sprintf("dir %d/a&b:%d.x", i%3, i)] = hit
	}
	return run
}

// files is what a report of the run must say.
func (run testRun) files() []File {
	var files []File
	for _, path := range slices.Sorted(maps.Keys(run)) {
		f := File{Path: path}
		f.Total = int64(len(run[path]))
		for _, hit := range run[path] {
			if hit {
				f.Covered++
			}
		}
		files = append(files, f)
	}
	return files
}

// entries returns the lines of path in random order, with random repeats that
// change nothing: a line that was hit may also be listed as not hit.
func (run testRun) entries(rnd *rand.Rand, path string) [][2]int {
	var all [][2]int
	for n, hit := range run[path] {
		count := 0
		if hit {
			count = 1 + rnd.IntN(1000)
		}
		all = append(all, [2]int{n, count})
		for rnd.IntN(4) == 0 {
			all = append(all, [2]int{n, 0})
		}
	}
	rnd.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	return all
}

// goProfile writes a block of one statement for each line.
func (run testRun) goProfile(rnd *rand.Rand) string {
	var b strings.Builder
	for path := range run {
		if b.Len() == 0 || rnd.IntN(2) == 0 {
			b.WriteString("mode: count\n")
		}
		for _, e := range run.entries(rnd, path) {
			fmt.Fprintf(&b, "%s:%d.1,%d.9 1 %d\n", path, e[0], e[0]+1, e[1])
		}
	}
	return b.String()
}

// lcov writes each file as one or two records, with or without checksums.
func (run testRun) lcov(rnd *rand.Rand) string {
	var b strings.Builder
	for path := range run {
		entries := run.entries(rnd, path)
		cut := rnd.IntN(len(entries) + 1)
		for _, part := range [][][2]int{entries[:cut], entries[cut:]} {
			fmt.Fprintf(&b, "TN:\nSF:%s\nFN:1,f\nFNDA:1,f\n", path)
			for _, e := range part {
				fmt.Fprintf(&b, "DA:%d,%d%s\n", e[0], e[1], []string{"", ",OMTlepwIAkzv5aVozeKzdw"}[rnd.IntN(2)])
			}
			b.WriteString("end_of_record\n")
		}
	}
	return b.String()
}

// cobertura writes each file as one or two classes, with methods that repeat
// lines and claim that they were hit.
func (run testRun) cobertura(rnd *rand.Rand) string {
	var b bytes.Buffer
	b.WriteString("<?xml version='1.0'?>\n<!DOCTYPE coverage SYSTEM 'http://cobertura.sourceforge.net/xml/coverage-04.dtd'>\n<coverage complexity='0.0'><packages><package><classes>")
	for path := range run {
		entries := run.entries(rnd, path)
		cut := rnd.IntN(len(entries) + 1)
		for _, part := range [][][2]int{entries[:cut], entries[cut:]} {
			b.WriteString(`<class line-rate="0.5" filename="`)
			_ = xml.EscapeText(&b, []byte(path))
			b.WriteString(`"><methods><method><lines><line number="1" hits="9"/></lines></method></methods><lines>`)
			for _, e := range part {
				fmt.Fprintf(&b, []string{"<line number='%d' hits='%d'/>", "\n<line\n number=\"%d\" hits=\"%d\" branch=\"false\"></line>"}[rnd.IntN(2)], e[0], e[1])
			}
			b.WriteString("</lines></class>")
		}
	}
	b.WriteString("</classes></package></packages></coverage>\n")
	return b.String()
}

// TestFormatsAgree writes random runs in every format and reads them back.
func TestFormatsAgree(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rnd := rand.New(rand.NewPCG(seed, 4))
	for range 50 {
		run := randomRun(rnd, 1+rnd.IntN(5), 1+rnd.IntN(150))
		for format, text := range run.write(rnd) {
			got, err := Parse(strings.NewReader(text))
			if err != nil {
				t.Fatalf("%s: %v\n%s", format, err, text)
			}
			want := Report{Format: format, Metric: Lines, Files: run.files()}
			if format == GoProfile {
				want.Metric = Statements
			}
			if d := cmp.Diff(want, got, numbers); d != "" {
				t.Fatalf("report (-want +got):\n%s\n%s", d, text)
			}
		}
	}
}

// TestShardsAgree splits random runs into shards that overlap, as parallel jobs
// of one suite do: each lists all lines, and hits some of them.
func TestShardsAgree(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rnd := rand.New(rand.NewPCG(seed, 5))
	dir := t.TempDir()
	for range 20 {
		run := randomRun(rnd, 1+rnd.IntN(5), 1+rnd.IntN(80))
		shards := make([]testRun, 1+rnd.IntN(4))
		for i := range shards {
			shards[i] = testRun{}
		}
		for path, lines := range run {
			for i := range shards {
				shards[i][path] = map[int]bool{}
			}
			for n, hit := range lines {
				for i := range shards {
					shards[i][path][n] = hit && rnd.IntN(2) == 0
				}
				shards[rnd.IntN(len(shards))][path][n] = hit
			}
		}
		for _, format := range shared() {
			var paths []string
			for i, shard := range shards {
				path := filepath.Join(dir, fmt.Sprint(i))
				if err := os.WriteFile(path, []byte(shard.write(rnd)[format]), 0o600); err != nil {
					t.Fatal(err)
				}
				paths = append(paths, path)
			}
			got, err := ParseFiles(t.Context(), paths...)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(run.files(), got.Files, numbers); d != "" {
				t.Fatalf("%d %s shards (-want +got):\n%s", len(shards), format, d)
			}
		}
	}
}

// endless yields head, then middle again and again until size bytes of it are
// read, and then tail. On the way it notes the most memory that was in use.
type endless struct {
	head, middle, tail string
	size               int
	peak               uint64
}

func (e *endless) reader() io.Reader {
	middle := make([]io.Reader, e.size/len(e.middle))
	for i := range middle {
		middle[i] = &watched{Reader: strings.NewReader(e.middle), end: func() {
			if i%(len(middle)/8) == 0 {
				e.peak = max(e.peak, inUse())
			}
		}}
	}
	return io.MultiReader(strings.NewReader(e.head), io.MultiReader(middle...), strings.NewReader(e.tail))
}

type watched struct {
	io.Reader
	end func()
}

func (w *watched) Read(p []byte) (int, error) {
	n, err := w.Reader.Read(p)
	if err != nil {
		w.end()
	}
	return n, err
}

func inUse() uint64 {
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return stats.HeapAlloc
}

// TestMemoryIsThatOfTheSource reads 4 MB that tell of the same few lines over and
// over, as a report of many test binaries does, within 1 MB.
func TestMemoryIsThatOfTheSource(t *testing.T) {
	const size, limit = 4 << 20, 1 << 20
	times := func(s string) string { return strings.Repeat(s, (64<<10)/len(s)) }
	tests := map[string]*endless{
		"Go":        {head: "mode: set\n", middle: times("m/a.go:1.1,2.2 1 1\nm/a.go:3.1,4.2 1 0\n"), size: size},
		"LCOV":      {head: "TN:\n", middle: times("SF:m/a.go\nDA:1,1\nDA:2,0\nend_of_record\n"), size: size},
		"Cobertura": {head: "<coverage>", middle: times(`<class filename="m/a.go"><lines><line number="1" hits="1"/><line number="2" hits="0"/></lines></class>`), tail: "</coverage>", size: size},
		"Cobertura that encoding/xml reads": {
			head: "<coverage><![CDATA[]]>", middle: times(`<class filename="m/a.go"><lines><line number="1" hits="1"/><line number="2" hits="0"/></lines></class>`), tail: "</coverage>", size: size,
		},
		"JaCoCo":      {head: "<report><package name='m'>", middle: times(`<sourcefile name="a.go"><line nr="1" ci="1"/><line nr="2" ci="0"/></sourcefile>`), tail: "</package></report>", size: size},
		"Clover":      {head: "<coverage><project>", middle: times(`<file name="m/a.go"><line num="1" count="1"/><line num="2" count="0"/></file>`), tail: "</project></coverage>", size: size},
		"coverage.py": {head: `{"meta":{},"files":{"m/a.go":{"executed_lines":[1`, middle: times(",1"), tail: `],"missing_lines":[2]}},"totals":{"covered_lines":1,"num_statements":2}}`, size: size},
		"istanbul":    {head: `{"m/a.go":{"statementMap":{"0":{"start":{"line":1}}`, middle: times(`,"1":{"start":{"line":2}}`), tail: `},"s":{"0":1,"1":0}}}`, size: size},
		"SimpleCov":   {head: `{"RSpec":{"coverage":{"m/a.go":[1,0`, middle: times(",null"), tail: `]}}}`, size: size},
		"white space": {head: "<coverage>", middle: times("<packages>\n</packages>"), tail: `<class filename="m/a.go"><line number="1" hits="1"/><line number="2" hits="0"/></class></coverage>`, size: size},
	}
	for name, text := range tests {
		t.Run(name, func(t *testing.T) {
			r := text.reader()
			before := inUse()
			report, err := Parse(r)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff([]File{{Path: "m/a.go", Count: Count{1, 2}}}, report.Files, numbers); d != "" {
				t.Errorf("files (-want +got):\n%s", d)
			}
			if text.peak == 0 || text.peak > before+limit {
				t.Errorf("%d bytes were in use, %d before: more than %d for the parser", text.peak, before, limit)
			}
		})
	}
}
