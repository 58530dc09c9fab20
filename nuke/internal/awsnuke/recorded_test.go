package awsnuke

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"testing"
	"time"
)

// recorded is a random configuration, and what the code of aws-nuke itself made
// of it: libnuke v1.3.0 for v3, and pkg/config with the loop of cmd/nuke.go of
// rebuy-de/aws-nuke v2.25.0.
type recorded struct {
	Config  string
	Groups  bool // run with filter groups
	Refused bool
	Items   []struct {
		Type, ID   string
		Properties map[string]string
		Deleted    bool
	}
}

func TestRecordedRunsOfAWSNukeItself(t *testing.T) {
	for _, major := range []int{2, 3} {
		t.Run(fmt.Sprintf("v%d", major), func(t *testing.T) {
			file, err := os.Open(fmt.Sprintf("testdata/recorded-v%d.jsonl", major))
			if err != nil {
				t.Fatal(err)
			}
			defer file.Close()
			lines := bufio.NewScanner(file)
			lines.Buffer(nil, 1<<20)
			var deleted, kept, refused int
			for lines.Scan() {
				var r recorded
				if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
					t.Fatal(err)
				}
				config, err := Parse("config.yaml", []byte(r.Config), major)
				var plan *Plan
				if err == nil {
					plan = config.Plan(subject, Run{FilterGroups: r.Groups, Now: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)})
				}
				if got := err != nil || len(plan.Refused) > 0; got != r.Refused {
					t.Errorf("refused is %v (%v), aws-nuke's answer is %v:\n%s", got, err, r.Refused, r.Config)
					continue
				}
				if r.Refused {
					refused++
				}
				for _, item := range r.Items {
					got := plan.Decide(Item{Type: item.Type, Region: "us-east-1", ID: item.ID, Properties: item.Properties})
					want := Keep
					if item.Deleted {
						want = Delete
						deleted++
					} else {
						kept++
					}
					if got.Fate != want {
						t.Errorf("%s %q %v: fate %d (%s), aws-nuke's is %d:\n%s", item.Type, item.ID, item.Properties, got.Fate, got.Why, want, r.Config)
					}
				}
			}
			if err := lines.Err(); err != nil {
				t.Fatal(err)
			}
			if deleted < 50 || kept < 50 || refused < 5 {
				t.Errorf("the records show %d deleted, %d kept and %d refused: too few to prove anything", deleted, kept, refused)
			}
		})
	}
}
