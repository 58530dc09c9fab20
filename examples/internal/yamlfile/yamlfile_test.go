package yamlfile_test

import (
	"strings"
	"testing"

	"github.com/mettel-automation/delivery/examples/internal/yamlfile"
)

func TestDecode(t *testing.T) {
	tests := map[string]struct{ text, want string }{
		"a document in order": {"name: a\ncount: 3\n", ""},
		"nothing":             {"", " it is empty"},
		"comments alone":      {"# nothing\n", " it is empty"},
		"an unknown key":      {"name: a\nother: b\n", "2:1: "},
		"a wrong type":        {"name: a\ncount: [1]\n", "2:8: "},
		"no YAML":             {"name: [\n", ""},
		"two documents":       {"name: a\n---\nname: b\n", " there is more than one document"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var into struct {
				Name  string
				Count int
			}
			err := yamlfile.Decode(strings.NewReader(tt.text), &into)
			switch {
			case name == "no YAML" && err != nil: // its place depends on the parser
			case tt.want == "" && err == nil && into.Count == 3:
			case err == nil || tt.want == "" || !strings.HasPrefix(err.Error(), tt.want) || strings.Contains(err.Error(), "struct {"):
				t.Errorf("error %v, want %q, read %+v", err, tt.want, into)
			}
		})
	}
}
