//go:build integration

package coverage

import (
	"archive/zip"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
)

// These tests make reports with the real tools, from the programs in
// testdata/projects, and hold our totals to those that the tools print. What is
// missing fails them:
//
//	apt-get install python3-coverage lcov gcovr gcc phpunit php-xdebug ruby-simplecov libjacoco-java default-jdk-headless
//	npm install --prefix DIR nyc@18.0.0 c8@12.0.0 jest@30.5.2   and DELIVERY_NPM_TOOLS=DIR
const (
	npmTools    = "DELIVERY_NPM_TOOLS"
	jars        = "/usr/share/java"
	toolTimeout = 2 * time.Minute
)

// project returns a copy of testdata/projects/name, whose path is without symbolic
// links, since the tools write such ones.
func project(t *testing.T, name string) string {
	t.Helper()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if err := os.CopyFS(dir, os.DirFS(filepath.Join("testdata", "projects", name))); err != nil {
		t.Fatal(err)
	}
	return dir
}

// tool runs a program in dir and returns what it prints. Words before its name that
// have an equals sign are its environment.
func tool(t *testing.T, dir string, words ...string) string {
	t.Helper()
	env := os.Environ()
	for strings.Contains(words[0], "=") {
		env, words = append(env, words[0]), words[1:]
	}
	path, err := exec.LookPath(words[0])
	if bin := filepath.Join(os.Getenv(npmTools), "node_modules", ".bin", words[0]); err != nil && os.Getenv(npmTools) != "" {
		path, err = exec.LookPath(bin)
	}
	if err != nil {
		t.Fatalf("%v; see the comment in this file for what to install", err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), toolTimeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, path, words[1:]...)
	cmd.Dir, cmd.Env = dir, env
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", strings.Join(words, " "), err, out)
	}
	return string(out)
}

// find returns the last match of pattern in what a tool printed, as numbers.
func find(t *testing.T, text, pattern string) []int64 {
	t.Helper()
	all := regexp.MustCompile(pattern).FindAllStringSubmatch(text, -1)
	if len(all) == 0 {
		t.Fatalf("%s is not in what the tool printed:\n%s", pattern, text)
	}
	var numbers []int64
	for _, s := range all[len(all)-1][1:] {
		n, err := strconv.ParseInt(s, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		numbers = append(numbers, n)
	}
	return numbers
}

// fraction returns "covered of total", in whatever words pattern has them.
func fraction(t *testing.T, text, pattern string) Count {
	t.Helper()
	n := find(t, text, pattern)
	return Count{Covered: n[0], Total: n[1]}
}

// holds reads reports and compares.
func holds(t *testing.T, want Count, format Format, metric Metric, paths ...string) Report {
	t.Helper()
	report, err := ParseFiles(t.Context(), paths...)
	if err != nil {
		t.Fatal(err)
	}
	if report.Format != format || report.Metric != metric || report.Count() != want {
		t.Errorf("%s: %s %s of %s, want %s %s of %s as the tool printed", filepath.Base(paths[0]),
			report.Count().fraction(), report.Metric, report.Format, want.fraction(), metric, format)
	}
	if want.Total == 0 || want.Covered == 0 || want.Covered == want.Total {
		t.Errorf("%s proves nothing", want.fraction())
	}
	return report
}

func TestRealGo(t *testing.T) {
	dir := project(t, "go")
	for _, flags := range [][]string{{}, {"-coverpkg=./..."}, {"-covermode=atomic", "-coverpkg=./..."}, {"-covermode=count"}} {
		tool(t, dir, append(append([]string{"GOFLAGS=", "GOWORK=off", "go", "test", "-count=1", "-coverprofile=cover.out"}, flags...), "./...")...)
		printed := tool(t, dir, "GOFLAGS=", "GOWORK=off", "go", "tool", "cover", "-func=cover.out")
		_, percent, _ := strings.Cut(printed[strings.LastIndex(printed, "total:"):], "(statements)")
		report, err := ParseFiles(t.Context(), filepath.Join(dir, "cover.out"))
		if err != nil {
			t.Fatal(err)
		}
		c := report.Count()
		if got := fmt.Sprintf("%.1f%%", 100*float64(c.Covered)/float64(c.Total)); got != strings.TrimSpace(percent) || report.Metric != Statements || c.Total == 0 {
			t.Errorf("%v: %s of %s is %s, want %s", flags, c.fraction(), report.Metric, got, strings.TrimSpace(percent))
		}
	}
}

// pythonTotal reads the last line of coverage report: statements and missed ones,
// and the percentage with four digits, which tells about branches too.
func pythonTotal(t *testing.T, dir string) (lines Count, percent string) {
	t.Helper()
	printed := tool(t, dir, "python3-coverage", "report", "--precision=4")
	n := find(t, printed, `TOTAL\s+(\d+)\s+(\d+)`)
	fields := strings.Fields(printed)
	return Count{Covered: n[0] - n[1], Total: n[0]}, fields[len(fields)-1]
}

func TestRealCoveragePy(t *testing.T) {
	dir := project(t, "python")
	at := func(name string) string { return filepath.Join(dir, name) }
	tool(t, dir, "python3-coverage", "run", "--source=.", "run.py")
	lines, _ := pythonTotal(t, dir)
	tool(t, dir, "python3-coverage", "xml", "-o", "c.xml")
	tool(t, dir, "python3-coverage", "json", "-o", "c.json")
	holds(t, lines, Cobertura, Lines, at("c.xml"))
	holds(t, lines, CoveragePyJSON, Lines, at("c.json"))

	tool(t, dir, "python3-coverage", "run", "--branch", "--source=.", "run.py")
	_, percent := pythonTotal(t, dir)
	tool(t, dir, "python3-coverage", "xml", "-o", "c.xml")
	tool(t, dir, "python3-coverage", "json", "-o", "c.json")
	for name, format := range map[string]Format{"c.xml": Cobertura, "c.json": CoveragePyJSON} {
		report, err := ParseFiles(t.Context(), at(name))
		if err != nil {
			t.Fatal(err)
		}
		c := report.Count()
		if got := fmt.Sprintf("%.4f%%", 100*float64(c.Covered)/float64(c.Total)); got != percent || report.Metric != LinesAndBranches || report.Format != format {
			t.Errorf("%s: %s of %s is %s, want %s", name, c.fraction(), report.Metric, got, percent)
		}
	}
}

// TestRealShards: two runs that are merged here cover what they do where coverage.py
// combines them.
func TestRealShards(t *testing.T) {
	dir := project(t, "python")
	var shards []string
	for i, code := range []string{"from invoice import total; total([])", "from invoice import words; words(0)"} {
		data := fmt.Sprintf("COVERAGE_FILE=%s/.coverage.%d", dir, i)
		shard := filepath.Join(dir, fmt.Sprintf("%d.xml", i))
		if err := os.WriteFile(filepath.Join(dir, "shard.py"), []byte(code+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		tool(t, dir, data, "python3-coverage", "run", "--source=invoice", "shard.py")
		tool(t, dir, data, "python3-coverage", "xml", "-o", shard)
		shards = append(shards, shard)
	}
	tool(t, dir, "python3-coverage", "combine")
	lines, _ := pythonTotal(t, dir)
	holds(t, lines, Cobertura, Lines, shards...)
}

func TestRealIstanbul(t *testing.T) {
	const reporters = "--reporter=text-summary --reporter=clover --reporter=json --reporter=json-summary --reporter=cobertura --reporter=lcovonly"
	runs := map[string][]string{
		"nyc": append(append([]string{"nyc"}, strings.Fields(reporters)...), "node", "run.js"),
		"c8":  append(append([]string{"c8"}, strings.Fields(reporters)...), "node", "run.js"),
		"jest": append([]string{"jest", "--coverage", "--ci", "--watchman=false"},
			strings.Fields(strings.ReplaceAll(reporters, "--reporter", "--coverageReporters"))...),
	}
	for name, words := range runs {
		t.Run(name, func(t *testing.T) {
			dir := project(t, "javascript")
			lines := fraction(t, tool(t, dir, words...), `Lines\s*: [\d.]+% \( (\d+)/(\d+) \)`)
			for file, format := range map[string]Format{
				"clover.xml": Clover, "coverage-final.json": IstanbulJSON, "coverage-summary.json": IstanbulSummary,
				"cobertura-coverage.xml": Cobertura, "lcov.info": LCOV,
			} {
				holds(t, lines, format, Lines, filepath.Join(dir, "coverage", file))
			}
		})
	}
}

func TestRealC(t *testing.T) {
	dir := project(t, "c")
	tool(t, dir, "gcc", "--coverage", "-O0", "-o", "app", "main.c", "scale.c")
	tool(t, dir, filepath.Join(dir, "app"))
	for name, flags := range map[string][]string{"plain": {}, "checksums": {"--checksum"}} {
		info := filepath.Join(dir, name+".info")
		tool(t, dir, append([]string{"lcov", "--capture", "--directory", ".", "--output-file", info}, flags...)...)
		holds(t, fraction(t, tool(t, dir, "lcov", "--summary", info), `lines\.*: [\d.]+% \((\d+) of (\d+) lines\)`), LCOV, Lines, info)
	}
	lines := fraction(t, tool(t, dir, "gcovr", "--print-summary", "--xml", "-o", "gcovr.xml"), `lines: [\d.]+% \((\d+) out of (\d+)\)`)
	holds(t, lines, Cobertura, Lines, filepath.Join(dir, "gcovr.xml"))
}

func TestRealPHPUnit(t *testing.T) {
	dir := project(t, "php")
	printed := tool(t, dir, "XDEBUG_MODE=coverage", "phpunit", "--coverage-clover", "clover.xml", "--coverage-cobertura", "cobertura.xml", "--coverage-text", "--colors=never")
	summary, _, _ := strings.Cut(printed[strings.Index(printed, "Summary:"):], "\n\n")
	lines := fraction(t, summary, `Lines:\s+[\d.]+% \((\d+)/(\d+)\)`)
	holds(t, lines, Clover, Lines, filepath.Join(dir, "clover.xml"))
	holds(t, lines, Cobertura, Lines, filepath.Join(dir, "cobertura.xml"))
}

func TestRealSimpleCov(t *testing.T) {
	const pattern = `(\d+) / (\d+) LOC`
	dir := project(t, "ruby")
	resultset := filepath.Join(dir, "coverage", ".resultset.json")
	holds(t, fraction(t, tool(t, dir, "ruby", "test/run.rb"), pattern), SimpleCov, Lines, resultset)
	holds(t, fraction(t, tool(t, dir, "COMMAND=second", "ruby", "test/run.rb"), pattern), SimpleCov, Lines, resultset)

	// The three lines of the method between the marks are two that count, of which
	// one was executed; only the source tells that they should not.
	if err := os.RemoveAll(filepath.Join(dir, "coverage")); err != nil {
		t.Fatal(err)
	}
	printed := fraction(t, tool(t, dir, "NOCOV=1", "ruby", "test/run.rb"), pattern)
	holds(t, Count{Covered: printed.Covered + 1, Total: printed.Total + 2}, SimpleCov, Lines, resultset)
}

func TestRealJaCoCo(t *testing.T) {
	dir := project(t, "java")
	extractAgent(t, dir)
	var path []string
	for _, jar := range []string{"org.jacoco.core", "org.jacoco.report", "asm", "asm-commons", "asm-tree", "asm-analysis"} {
		path = append(path, filepath.Join(jars, jar+".jar"))
	}
	classpath := strings.Join(path, ":")
	tool(t, dir, "javac", "-cp", classpath, "-d", "tool", "tools/Report.java")
	for _, run := range []struct {
		debug, counter, groups string
		metric                 Metric
	}{
		{"-g", "LINE", "0", Lines},
		{"-g", "LINE", "3", Lines},
		{"-g:none", "INSTRUCTION", "0", Instructions},
		{"-g:none", "INSTRUCTION", "2", Instructions},
	} {
		name := run.counter + run.groups
		tool(t, dir, "javac", run.debug, "-d", name, "shop/Till.java", "shop/Main.java")
		tool(t, dir, "java", "-javaagent:jacocoagent.jar=destfile="+name+".exec", "-cp", name, "shop.Main")
		printed := tool(t, dir, "java", "-cp", "tool:"+classpath, "Report", name+".exec", name, name+".xml", run.groups)
		holds(t, fraction(t, printed, run.counter+` (\d+)/(\d+)`), JaCoCo, run.metric, filepath.Join(dir, name+".xml"))
	}
}

// extractAgent takes the agent out of the archive that it comes in.
func extractAgent(t *testing.T, dir string) {
	t.Helper()
	archive, err := zip.OpenReader(filepath.Join(jars, "org.jacoco.agent.jar"))
	if err != nil {
		t.Fatalf("%v; see the comment in this file for what to install", err)
	}
	defer func() { _ = archive.Close() }() // it was only read
	agent, err := archive.Open("jacocoagent.jar")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = agent.Close() }()
	content, err := io.ReadAll(agent)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "jacocoagent.jar"), content, 0o600); err != nil {
		t.Fatal(err)
	}
}
