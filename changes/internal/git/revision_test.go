package git_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mettel-automation/delivery/changes/internal/git"
)

func TestParseRevision(t *testing.T) {
	long := strings.Repeat("0", 63)
	tests := map[string]struct {
		rev  string
		want git.Revision
		is   error
	}{
		"a name":                        {rev: "origin/main", want: git.Revision{Name: "origin/main"}},
		"steps":                         {rev: "HEAD~2^^2^{}^{commit}~", want: git.Revision{Name: "HEAD", Steps: []git.Step{{1, 2}, {1, 1}, {2, 1}, {0, 1}, {0, 1}, {1, 1}}}},
		"no step":                       {rev: "@~0^0", want: git.Revision{Name: "@", Steps: []git.Step{{1, 0}, {0, 1}}}},
		"zeros that are no full hash":   {rev: long, want: git.Revision{Name: long}},
		"nothing":                       {rev: " ", is: git.ErrNoRevision},
		"an all-zero hash":              {rev: strings.Repeat("0", 40), is: git.ErrNoRevision},
		"an all-zero hash of SHA-256":   {rev: long + "0", is: git.ErrNoRevision},
		"an option":                     {rev: "-x", is: git.ErrUnknownRevision},
		"a range":                       {rev: "a..b", is: git.ErrUnknownRevision},
		"an exclusion":                  {rev: "^a", is: git.ErrUnknownRevision},
		"a pattern":                     {rev: "a*", is: git.ErrUnknownRevision},
		"a line break":                  {rev: "a\nb", is: git.ErrUnknownRevision},
		"a reflog":                      {rev: "HEAD@{1}", is: git.ErrUnknownRevision},
		"a path":                        {rev: "HEAD:a", is: git.ErrUnknownRevision},
		"another kind of object":        {rev: "HEAD^{tree}", is: git.ErrUnknownRevision},
		"more steps than there can be":  {rev: "HEAD~2147483648", is: git.ErrUnknownRevision},
		"more steps than a number says": {rev: "HEAD~99999999999999999999", is: git.ErrUnknownRevision},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := git.ParseRevision(tt.rev)
			if !errors.Is(err, tt.is) || (err == nil) != (tt.is == nil) {
				t.Fatalf("error = %v, want %v", err, tt.is)
			}
			if d := cmp.Diff(tt.want, got); err == nil && d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
		})
	}
}

func FuzzParseRevision(f *testing.F) {
	for _, rev := range []string{"HEAD~2^2", "@", "a^{commit}", "-x", "a..b", "a@{1}", "^a", "a~999999999999", "a^{", "é", "a^2~3", "a~^~^", "a^-1", strings.Repeat("0", 40)} {
		f.Add(rev)
	}
	f.Fuzz(func(t *testing.T, rev string) {
		parsed, err := git.ParseRevision(rev)
		if err != nil {
			if !errors.Is(err, git.ErrUnknownRevision) && !errors.Is(err, git.ErrNoRevision) {
				t.Errorf("%q: %v", rev, err)
			}
			return
		}
		if !strings.HasPrefix(rev, parsed.Name) || rev[0] == '-' || rev[0] == '^' || strings.ContainsAny(rev, ":\x00 \n") || strings.Contains(rev, "@{") || strings.Contains(rev, "..") {
			t.Errorf("%q is let through", rev)
		}
		again := parsed.Name
		for _, s := range parsed.Steps {
			if s.Parent < 0 || s.Times < 0 {
				t.Fatalf("%q = %+v", rev, parsed)
			}
			if s.Times == 1 {
				again += fmt.Sprintf("^%d", s.Parent)
			} else {
				again += fmt.Sprintf("~%d", s.Times)
			}
		}
		if back, err := git.ParseRevision(again); err != nil || !cmp.Equal(back, parsed) {
			t.Errorf("%q = %+v, but %q = %+v, %v", rev, parsed, again, back, err)
		}
	})
}
