package coverage

import (
	"errors"
	"regexp"
	"testing"
)

// stated are verdicts on modules of those counts, with the gate g.
func stated(g Gate, metric Metric, counts map[string]Count) []Verdict {
	var out []Verdict
	for _, module := range []string{"api", "web", "ops"} {
		if c, ok := counts[module]; ok {
			out = append(out, g.Judge(module, Report{Metric: metric, Files: []File{{Path: module + "/f", Count: c}}}))
		}
	}
	return out
}

func TestTotal(t *testing.T) {
	seventyFive := percent(t, "75")
	gate := Gate{Total: &seventyFive, AllowNoData: []string{"ops"}}
	unit := func(metric Metric, counts map[string]Count) []Verdict { return stated(gate, metric, counts) }
	tests := map[string]struct {
		verdicts []Verdict
		outcome  Outcome
		pass     bool
		count    Count
		message  string
	}{
		"counts add up, not percentages": {
			verdicts: unit(Lines, map[string]Count{"api": {1, 1}, "web": {74, 99}}), outcome: Pass, pass: true, count: Count{75, 100},
			message: "75.00% of lines, minimum 75%",
		},
		"one less fails": {
			verdicts: unit(Lines, map[string]Count{"api": {1, 1}, "web": {73, 99}}), outcome: Below, count: Count{74, 100},
			message: "74.00% of lines (74/100), minimum 75%: 1 more line needed",
		},
		"a module that may have no data adds nothing": {
			verdicts: unit(Lines, map[string]Count{"api": {4, 5}, "ops": {}}), outcome: Pass, pass: true, count: Count{4, 5},
			message: "80.00% of lines, minimum 75%",
		},
		"where no other is, there is no data, which is allowed": {
			verdicts: unit(Lines, map[string]Count{"ops": {}}), outcome: NoData, pass: true,
			message: "no data: no module has any",
		},
		"a module that may not keeps the total from being known": {
			verdicts: unit(Lines, map[string]Count{"api": {4, 5}, "web": {}}), outcome: Incomplete,
			message: "no total: there is no whole report of web",
		},
		"so does a report that is missing": {
			verdicts: append(unit(Lines, map[string]Count{"api": {4, 5}}), Verdict{Module: "web", Outcome: MissingReport}), outcome: Incomplete,
			message: "no total: there is no whole report of web",
		},
		"and one that lacks files": {
			verdicts: append(unit(Lines, map[string]Count{"api": {4, 5}}), Verdict{Module: "web", Outcome: Incomplete, Count: Count{9, 9}}), outcome: Incomplete,
			message: "no total: there is no whole report of web",
		},
		"lines and statements do not add up": {
			verdicts: append(unit(Statements, map[string]Count{"api": {4, 5}}), unit(Lines, map[string]Count{"web": {9, 9}})...), outcome: Incomparable,
			message: "no total: web counts lines, api counts statements, which do not add up",
		},
		"nor do lines with branches and lines alone": {
			verdicts: append(unit(LinesAndBranches, map[string]Count{"api": {4, 5}}), unit(Lines, map[string]Count{"web": {9, 9}})...), outcome: Incomparable,
			message: "no total: web counts lines, api counts lines and branches, which do not add up",
		},
		"nothing has no total": {outcome: NoData, message: "no data: no module has any"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			v := gate.Conclude(tt.verdicts).Total
			if v.Outcome != tt.outcome || v.Pass() != tt.pass || v.Count != tt.count || v.Message != tt.message {
				t.Errorf("verdict is %s, pass %v, %v: %q", v.Outcome, v.Pass(), v.Count, v.Message)
			}
			if v.Gate != TotalGate || v.Module != "" || v.Minimum != seventyFive || v.Subject() != "all modules" {
				t.Errorf("verdict is %+v", v)
			}
		})
	}
	if v := (Gate{}).Conclude(nil).Total; v != nil {
		t.Errorf("there is a verdict of a gate that was not asked for: %+v", v)
	}
}

// gitlab is the expression that GitLab's documentation gives for pytest-cov.
var gitlab = regexp.MustCompile(`(?m)TOTAL.*? (100(?:\.0+)?\%|[1-9]?\d(?:\.\d+)?\%)$`)

func TestTotalLine(t *testing.T) {
	tests := map[string]struct {
		verdicts []Verdict
		want     string
		read     string // what GitLab reads; "" where it finds nothing
	}{
		"a percentage": {stated(Gate{}, Lines, map[string]Count{"api": {3203, 4004}}), "TOTAL  3203/4004 lines  79.99%\n", "79.99%"},
		"all":          {stated(Gate{}, Lines, map[string]Count{"api": {5, 5}}), "TOTAL  5/5 lines  100.00%\n", "100.00%"},
		"little":       {stated(Gate{}, Lines, map[string]Count{"api": {1, 100}}), "TOTAL  1/100 lines  1.00%\n", "1.00%"},
		"nothing":      {nil, "TOTAL  unknown: no data\n", ""},
		"what does not add up": {
			append(stated(Gate{}, Lines, map[string]Count{"api": {5, 5}}), stated(Gate{}, Statements, map[string]Count{"web": {5, 5}})...),
			"TOTAL  unknown: api counts lines, web counts statements, which do not add up\n", "",
		},
		"a name that is made to fool": {
			[]Verdict{{Module: "x\nTOTAL 100.00%", Outcome: MissingReport}},
			"TOTAL  unknown: there is no whole report of x\\nTOTAL 100.00\n", "",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			line := Result{Verdicts: tt.verdicts}.TotalLine()
			if line != tt.want {
				t.Errorf("line is %q, want %q", line, tt.want)
			}
			read := ""
			if m := gitlab.FindStringSubmatch(line); m != nil {
				read = m[1]
			}
			if read != tt.read {
				t.Errorf("GitLab reads %q, want %q", read, tt.read)
			}
		})
	}
}

func TestSumFails(t *testing.T) {
	count, metric, err := Result{Verdicts: []Verdict{{Module: "web", Outcome: Unreadable}}}.Sum()
	if !errors.Is(err, ErrNoTotal) || count != (Count{}) || metric != "" {
		t.Errorf("sum is %v %s, %v", count, metric, err)
	}
}
