package coverage

import "encoding/json"

// Outcome is the result of holding one module, or all of them, against a gate.
type Outcome string

// The outcomes. Only Pass passes, and NoData where the caller allows it.
const (
	Pass          Outcome = "pass"
	Below         Outcome = "below"          // measured, and less than the minimum or the baseline
	NoData        Outcome = "no data"        // the report is empty or lists nothing, or has none of the files that are meant
	MissingReport Outcome = "missing report" // there is no file
	Unreadable    Outcome = "unreadable"     // there is a file, and it is no report, or its paths are ambiguous
	Incomplete    Outcome = "incomplete"     // the report was cut short, or lacks files that were expected, or that changed
	Incomparable  Outcome = "incomparable"   // what is to be added or compared counts different things
)

// GateName says which gate a [Verdict] is of.
type GateName string

// The gates.
const (
	ModuleGate   GateName = "module"        // the minimum of one module
	TotalGate    GateName = "total"         // that of all modules together
	BaselineGate GateName = "baseline"      // what the module covered once
	ChangedGate  GateName = "changed lines" // the minimum of the changed lines
)

// Verdict is what a [Gate] says of one module, or of all together.
type Verdict struct {
	Gate      GateName
	Module    string // "" where it is of all modules
	Outcome   Outcome
	Allowed   bool        // NoData passes, as Gate.AllowNoData says
	Format    Format      // "" where no report could be recognised
	Metric    Metric      // what Count counts; "" where nothing was counted
	Count                 // 0/0 where nothing was counted
	Minimum   Percentage  // of this module; 80 of a BaselineGate, which has none
	Before    Count       // what the baseline has; only for BaselineGate
	Missing   int64       // how many more units must be covered to pass, of the same Total; only for Below
	Message   string      // a sentence for people; never empty
	Reports   []string    // the paths that were read; only for ModuleGate, and empty from Judge
	Files     []File      // all that the reports have, sorted by path; only for ModuleGate
	Worst     []File      // up to five files with most left to cover, the worst first; only for Below
	Absent    []string    // expected files that no report has, sorted; or changed ones, for ChangedGate; only for Incomplete
	Uncovered []Uncovered // changed lines that are not covered, by file; only for ChangedGate
	Warnings  []string    // those of the report
	Err       error       // why the report is missing, empty, unreadable or incomplete; a *ParseError, or nil
}

// Pass reports whether v passes.
func (v Verdict) Pass() bool { return v.Outcome == Pass || v.Outcome == NoData && v.Allowed }

// measured reports whether Count is all of the module.
func (v Verdict) measured() bool { return v.Outcome == Pass || v.Outcome == Below }

// MarshalJSON writes v as an object with the keys name, outcome, format, metric,
// covered, total, percent (a number, rounded down to two decimals), minimum (a
// number), missing, pass, message and, where there are any, before (an object with
// covered and total), reports, worst (objects with path, covered, total), absent,
// uncovered (objects with path and lines, an array of objects with first and last)
// and warnings.
func (v Verdict) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		Name    string  `json:"name"`
		Outcome Outcome `json:"outcome"`
		Format  Format  `json:"format"`
		Metric  Metric  `json:"metric"`
		Count
		Percent   json.Number `json:"percent"`
		Minimum   json.Number `json:"minimum,omitempty"`
		Before    Count       `json:"before,omitzero"`
		Missing   int64       `json:"missing"`
		Pass      bool        `json:"pass"`
		Message   string      `json:"message"`
		Reports   []string    `json:"reports,omitempty"`
		Worst     []File      `json:"worst,omitempty"`
		Absent    []string    `json:"absent,omitempty"`
		Uncovered []Uncovered `json:"uncovered,omitempty"`
		Warnings  []string    `json:"warnings,omitempty"`
	}{
		v.Subject(), v.Outcome, v.Format, v.Metric, v.Count,
		json.Number(v.Percent()), v.minimum(), v.Before, v.Missing, v.Pass(), v.Message,
		v.Reports, v.Worst, v.Absent, v.Uncovered, v.Warnings,
	})
}

func (v Verdict) minimum() json.Number {
	if v.Gate == BaselineGate {
		return ""
	}
	return json.Number(v.Minimum.String())
}

// Subject is whom v is about: the module, or "all modules".
func (v Verdict) Subject() string {
	if v.Gate == ModuleGate || v.Module != "" {
		return v.Module
	}
	return "all modules"
}
