package kresystem

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mettel-automation/delivery/kre/runtime"
)

func TestSecrets(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "jwt"), []byte("from-a-file\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	env := map[string]string{"A": "from-env", "EMPTY": ""}
	lookup := func(name string) (string, bool) { v, ok := env[name]; return v, ok }
	tests := map[string]struct {
		makeUp bool
		from   runtimeSecrets
		want   map[string]any // secrets of the chart
		jwt    string
		err    []string // parts of the error
	}{
		"of the environment":      {from: runtimeSecrets{JWT: source{Env: "A"}}, jwt: "from-env"},
		"of a file, but its end":  {from: runtimeSecrets{JWT: source{File: "jwt"}}, jwt: "from-a-file"},
		"of the chart":            {from: runtimeSecrets{Values: map[string]source{"a.b": {Env: "A"}, "a.c": {Env: "A"}}}, want: map[string]any{"a": map[string]any{"b": runtime.Secret("from-env"), "c": runtime.Secret("from-env")}}},
		"above another":           {from: runtimeSecrets{Values: map[string]source{"a": {Env: "A"}, "a.b": {Env: "A"}}}, err: []string{"secret a.b: another one is above or below it"}},
		"that are not there":      {from: runtimeSecrets{JWT: source{Env: "B"}, Mongo: source{File: "nowhere"}}, err: []string{"runtime kre: secret jwt: the environment variable B is not set", "secret mongo: open "}},
		"that are empty":          {makeUp: true, from: runtimeSecrets{JWT: source{Env: "EMPTY"}}, err: []string{"the environment variable EMPTY is not set, or is empty"}},
		"that are made up":        {makeUp: true, from: runtimeSecrets{JWT: source{Env: "KRE_JWT"}}, jwt: "made-up-kre-jwt"},
		"of two places":           {from: runtimeSecrets{JWT: source{Env: "A", File: "jwt"}}, err: []string{"env and file are given"}},
		"of DNS, which is not on": {from: runtimeSecrets{DNS: source{Env: "A"}}, err: []string{"there is no tls.acme.dns that it is for"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			s := &Secrets{LookupEnv: lookup, MakeUp: tt.makeUp}
			r := runtime.Runtime{Name: "kre"}
			err := s.fill(&Environment{dir: dir}, tt.from, &r)
			if (err == nil) != (tt.err == nil) {
				t.Fatal(err)
			}
			for _, want := range tt.err {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%v, want %q", err, want)
				}
			}
			if tt.err != nil {
				if strings.Contains(err.Error(), "from-") {
					t.Errorf("a secret is said: %v", err)
				}
				return
			}
			if d := cmp.Diff(tt.want, r.Secrets); d != "" || string(r.Auth.JWTSecret) != tt.jwt {
				t.Errorf("jwt %q, secrets (-want +got):\n%s", string(r.Auth.JWTSecret), d)
			}
		})
	}
}
