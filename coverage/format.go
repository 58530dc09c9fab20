package coverage

import "github.com/mettel-automation/delivery/coverage/internal/hits"

// Format is the format of a report. The zero value is an unknown one.
type Format string

// The formats that Parse reads.
const (
	// GoProfile is what go test -coverprofile writes. Its unit is the statement.
	GoProfile Format = "go"
	// Cobertura is the XML of that name, as coverage.py, istanbul (nyc, c8, jest),
	// gcovr, PHPUnit and many others write it. Its unit is the line, united over all
	// classes of a file; rates are not used. What coverage.py wrote under --branch
	// counts [LinesAndBranches], as the tool itself does.
	Cobertura Format = "cobertura"
	// LCOV is the tracefile of lcov, which istanbul and many others write too. Its
	// unit is the line, united over all records of a file. coverage.py 6.5 lists
	// docstrings and the inner lines of some statements in it that it does not count
	// itself, which gives a warning; prefer Cobertura for Python.
	LCOV Format = "lcov"
	// JaCoCo is the XML of JaCoCo, with groups or without. Its unit is the line that
	// has instructions, covered where any of them was executed: the LINE counter.
	// Where the classes were compiled without line numbers, instructions are counted.
	// Paths are package/file, below a source root that the report does not name.
	JaCoCo Format = "jacoco"
	// Clover is the XML of istanbul and PHPUnit. Its unit is the line: the
	// statements of the metrics of each file, since PHPUnit does not list them all.
	Clover Format = "clover"
	// CoveragePyJSON is what coverage json of coverage.py writes. Its unit is the
	// line, or [LinesAndBranches] of a run with --branch.
	CoveragePyJSON Format = "coverage.py json"
	// IstanbulSummary is coverage-summary.json of istanbul (nyc, c8, jest). Its unit
	// is the line. It lists none, so shards that share files cannot be merged.
	IstanbulSummary Format = "istanbul summary"
	// IstanbulJSON is coverage-final.json of istanbul. Its unit is the line in which
	// a statement begins.
	IstanbulJSON Format = "istanbul json"
	// SimpleCov is .resultset.json of SimpleCov, or its coverage.json. Its unit is the
	// line. The former has the lines between # :nocov: marks, which SimpleCov leaves
	// out of its own numbers, and does not tell them; the latter does.
	SimpleCov Format = "simplecov"
)

// Metric is what a report counts. Numbers of different metrics must not be
// compared: one and the same test run covers another share of the lines than of
// the statements.
type Metric string

// The metrics of the formats.
const (
	Statements       Metric = Metric(hits.MetricStatements)
	Lines            Metric = Metric(hits.MetricLines)
	LinesAndBranches Metric = Metric(hits.MetricLinesAndBranches) // added up, as coverage.py does under --branch
	Instructions     Metric = Metric(hits.MetricInstructions)     // of Java's byte code
)
