package gitlab

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mettel-automation/delivery/changes"
)

func TestDotenv(t *testing.T) {
	billing := changes.Selected{Name: "billing-api", Status: changes.ModuleAskedFor}
	old := changes.Selected{Name: "old", Status: changes.ModuleDeleted}
	tests := map[string]struct {
		modules, deleted []changes.Selected
		opts             DotenvOptions
		want             string
	}{
		"nothing":               {want: "CHANGED_MODULES=\nDELETED_MODULES=\n"},
		"lists":                 {modules: chosen("a", "b").Modules, deleted: []changes.Selected{old}, want: "CHANGED_MODULES=a b\nDELETED_MODULES=old\n"},
		"a variable per module": {modules: []changes.Selected{billing}, deleted: []changes.Selected{old}, opts: DotenvOptions{PerModule: true}, want: "CHANGED_MODULES=billing-api\nDELETED_MODULES=old\nMODULE_BILLING_API=asked-for\nMODULE_OLD=deleted\n"},
		"names of any script":   {modules: chosen("größe", "a=b").Modules, want: "CHANGED_MODULES=größe a=b\nDELETED_MODULES=\n"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var b strings.Builder
			if err := WriteDotenv(&b, changes.Selection{Modules: tt.modules, Deleted: tt.deleted}, tt.opts); err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(tt.want, b.String()); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
		})
	}
}

func TestDotenvThatGitLabWouldRefuse(t *testing.T) {
	many := func(n int, name string) (names []string) {
		for i := range n {
			names = append(names, fmt.Sprintf("%s%03d", name, i))
		}
		return names
	}
	tests := map[string]struct {
		names []string
		opts  DotenvOptions
		want  string
		is    error
	}{
		"a space in a name":          {names: []string{"a b"}, want: `module "a b": a list cannot hold white space`, is: ErrName},
		"a line break in a name":     {names: []string{"a\nPATH=x"}, want: `"a\nPATH=x"`, is: ErrName},
		"a variable in a name":       {names: []string{"$HOME"}, want: `"$HOME"`, is: ErrName},
		"a name that is not UTF-8":   {names: []string{"\xff"}, want: `"\xff"`, is: ErrName},
		"no name":                    {names: []string{""}, want: `module ""`, is: ErrName},
		"two names of one variable":  {names: []string{"a-b", "a.b"}, opts: DotenvOptions{PerModule: true}, want: `modules "a-b" and "a.b" are both the variable MODULE_A_B`, is: ErrName},
		"too many bytes":             {names: many(400, "a-long-name-"), want: "must have fewer than 5120", is: ErrTooLarge},
		"too many variables":         {names: many(19, "m"), opts: DotenvOptions{PerModule: true}, want: "it has 21 variables, and may have 20", is: ErrTooLarge},
		"too many for what is given": {names: many(19, "m"), opts: DotenvOptions{PerModule: true, MaxVariables: 10}, want: "may have 10", is: ErrTooLarge},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var b strings.Builder
			err := WriteDotenv(&b, chosen(tt.names...), tt.opts)
			if !errors.Is(err, tt.is) || !strings.Contains(err.Error(), tt.want) || b.Len() > 0 {
				t.Errorf("= %q, %v; want nothing, and an error with %q", b.String(), err, tt.want)
			}
		})
	}
	var b strings.Builder
	if err := WriteDotenv(&b, chosen(many(18, "m")...), DotenvOptions{PerModule: true}); err != nil {
		t.Errorf("20 variables: %v", err)
	}
	name := strings.Repeat("x", maxDotenv-1-len("CHANGED_MODULES=\nDELETED_MODULES=\n"))
	if err := WriteDotenv(&b, chosen(name), DotenvOptions{}); err != nil {
		t.Errorf("5,119 bytes: %v", err)
	}
	if err := WriteDotenv(&b, chosen(name+"x"), DotenvOptions{}); !errors.Is(err, ErrTooLarge) {
		t.Errorf("5,120 bytes: %v, want ErrTooLarge", err)
	}
}

type brokenWriter struct{}

func (brokenWriter) Write([]byte) (int, error) { return 0, errors.New("disk full") }

func TestDotenvTellsThatItCouldNotWrite(t *testing.T) {
	if err := WriteDotenv(brokenWriter{}, changes.Selection{}, DotenvOptions{}); err == nil || err.Error() != "write dotenv report: disk full" {
		t.Errorf("error = %v", err)
	}
}
