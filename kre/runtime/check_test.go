package runtime_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/mettel-automation/delivery/kre/runtime"
)

func TestCheck(t *testing.T) {
	type change = func(*runtime.Runtime)
	long := strings.Repeat("a", 54)
	tests := map[string]struct {
		of     func(string, ...func(*runtime.Runtime)) runtime.Runtime
		change change
		want   []string // nothing: it is right
	}{
		"a complete runtime of 2021 is right":      {of: old},
		"a complete runtime of 8 is right":         {of: recent},
		"one without SMTP and TLS too":             {of: old, change: func(r *runtime.Runtime) { r.SMTP, r.TLS = nil, nil }},
		"a domain may end in a dot":                {of: old, change: func(r *runtime.Runtime) { r.Domain = "Example.net." }},
		"what is no label is no name":              {of: old, change: func(r *runtime.Runtime) { r.Name = "Kre_Tnba" }, want: []string{`name "Kre_Tnba" is no DNS label of at most 53`}},
		"a name has at most 53 characters":         {of: old, change: func(r *runtime.Runtime) { r.Name = long }, want: []string{"is no DNS label of at most 53"}},
		"a domain of one label is a top-level one": {of: old, change: func(r *runtime.Runtime) { r.Domain = "net" }, want: []string{`domain "net" is a top-level domain`}},
		"a host has at most 253 characters":        {of: old, change: func(r *runtime.Runtime) { r.Domain = strings.Repeat("abcdefg.", 29) + "net" }, want: []string{"has 259 characters, at most 253"}},
		"a namespace of Kubernetes is no runtime":  {of: old, change: func(r *runtime.Runtime) { r.Name = "kube-system" }, want: []string{`name "kube-system" is that of a namespace of Kubernetes itself`}},
		"a kind must be said":                      {of: old, change: func(r *runtime.Runtime) { r.Kind = "" }, want: []string{`kind "": it is "dev" or "production"`}},
		"so must a generation":                     {of: old, change: func(r *runtime.Runtime) { r.Generation = "9" }, want: []string{`generation "9": it is "2021" or "8"`}},
		"an address with a name is none":           {of: old, change: func(r *runtime.Runtime) { r.Admin = "A <a@b.net>" }, want: []string{"admin \"A <a@b.net>\" is no mail address"}},
		"nor is one of this machine":               {of: old, change: func(r *runtime.Runtime) { r.Admin = "root@localhost" }, want: []string{"is no mail address"}},
		"the chart's own secrets are not used":     {of: old, change: func(r *runtime.Runtime) { r.Auth = runtime.Auth{} }, want: []string{"JWT secret is missing: the chart's own is known to everybody", "API token secret is missing"}},
		"nor are its passwords":                    {of: old, change: func(r *runtime.Runtime) { r.MongoDB = runtime.MongoDB{} }, want: []string{"MongoDB admin password is missing", "MongoDB password is missing"}},
		"a password that breaks an address":        {of: old, change: func(r *runtime.Runtime) { r.MongoDB.Password = "a@b/s3cret" }, want: []string{"MongoDB password has a character that is none of letters, digits"}},
		"a link is good for whole minutes":         {of: old, change: func(r *runtime.Runtime) { r.Auth.LinkLifetime = 90 * time.Second }, want: []string{"link lifetime 1m30s: it is in whole minutes"}},
		"SMTP is complete":                         {of: old, change: func(r *runtime.Runtime) { r.SMTP = &runtime.SMTP{Port: 70000} }, want: []string{"SMTP host is missing", "SMTP port 70000 is none", "SMTP sender is missing", "SMTP user is missing", "SMTP password is missing"}},
		"a host with a port is none":               {of: old, change: func(r *runtime.Runtime) { r.SMTP.Host = "mail.example.com:587" }, want: []string{`SMTP host "mail.example.com:587" is no host name`}},
		"issuers of 2021 need an account":          {of: old, change: func(r *runtime.Runtime) { r.TLS = &runtime.TLS{} }, want: []string{"TLS.ACME is missing"}},
		"the account is complete":                  {of: old, change: func(r *runtime.Runtime) { r.TLS.ACME = &runtime.ACME{Server: "http://x", DNS: &runtime.DNS{}} }, want: []string{"ACME email is missing", `ACME server "http://x" is no https address`, "ACME DNS region is missing", "access key is missing", "secret access key is missing"}},
		"a cluster's issuer is not for 2021":       {of: old, change: func(r *runtime.Runtime) { r.TLS.ClusterIssuer = "x" }, want: []string{"the chart of 2021 makes its own issuers"}},
		"an account is not for 8":                  {of: recent, change: func(r *runtime.Runtime) { r.TLS.ACME = &runtime.ACME{} }, want: []string{"the chart of generation 8 has no issuers of its own"}},
		"8 needs the cluster's issuer":             {of: recent, change: func(r *runtime.Runtime) { r.TLS = &runtime.TLS{} }, want: []string{"TLS.ClusterIssuer is missing"}},
		"8 needs a database":                       {of: recent, change: func(r *runtime.Runtime) { r.MongoDB = runtime.MongoDB{SecretKey: "a b"} }, want: []string{"MongoDB secret name is missing", `MongoDB secret key "a b" is no key of a Secret`}},
		"and has none":                             {of: recent, change: func(r *runtime.Runtime) { r.MongoDB.Password, r.Storage.MongoDB.Size = "x", "1Gi" }, want: []string{"MongoDB passwords: the chart of generation 8 has no MongoDB", "storage of MongoDB: the chart of generation 8 has no MongoDB"}},
		"2021 brings its own":                      {of: old, change: func(r *runtime.Runtime) { r.MongoDB.SecretName = "x" }, want: []string{"the chart of 2021 brings its own MongoDB"}},
		"2021 knows nginx alone":                   {of: old, change: func(r *runtime.Runtime) { r.IngressClass = "traefik" }, want: []string{"the chart of 2021 knows nginx alone"}},
		"a size is a quantity":                     {of: old, change: func(r *runtime.Runtime) { r.Storage.NATS.Size = "10 GB" }, want: []string{`storage size of NATS "10 GB" is no quantity`}},
		"a size is positive":                       {of: old, change: func(r *runtime.Runtime) { r.Storage.NATS.Size = "-1Gi" }, want: []string{"is no quantity"}},
		"a class is a name":                        {of: old, change: func(r *runtime.Runtime) { r.Storage.Class = "gp 2" }, want: []string{`storage class of all "gp 2" is no host name`}},
		"a value that a field decides":             {of: old, change: func(r *runtime.Runtime) { r.Values = nest("config", "admin", "apiHost", "x") }, want: []string{"value config.admin.apiHost is decided by the fields of the runtime"}},
		"a value that a secret field decides":      {of: old, change: func(r *runtime.Runtime) { r.Values = nest("config", "auth", "jwtSignSecret", "x") }, want: []string{"value config.auth.jwtSignSecret is decided by"}},
		"a secret that is a value":                 {of: old, change: func(r *runtime.Runtime) { r.Values, r.Secrets = nest("a", "b", 1), nest("a", "b", 2) }, want: []string{"secret a.b is decided by the fields of the runtime, or given twice"}},
		"a value in place of a branch":             {of: old, change: func(r *runtime.Runtime) { r.Values = nest("config", "x") }, want: []string{"value config is decided by"}},
	}
	for title, tt := range tests {
		t.Run(title, func(t *testing.T) {
			r := tt.of("kre-tnba")
			if tt.change != nil {
				tt.change(&r)
			}
			err := r.Check()
			if (err != nil) != (tt.want != nil) {
				t.Fatalf("error %v, want %q", err, tt.want)
			}
			if err == nil {
				return
			}
			for _, want := range tt.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("error %v\nwant %s", err, want)
				}
			}
			if e, ok := errors.AsType[*runtime.Error](err); !ok || e.Step != runtime.StepCheck || strings.Contains(err.Error(), "s3cret") || strings.Contains(err.Error(), "\n") {
				t.Errorf("error %#v", err)
			}
			if _, err := r.Release("Z1"); err == nil {
				t.Error("a release is made of it")
			}
		})
	}
}

// nest is a value at a path: the last of path is the value.
func nest(path ...any) map[string]any {
	if len(path) == 2 {
		return map[string]any{path[0].(string): path[1]}
	}
	return map[string]any{path[0].(string): nest(path[1:]...)}
}

func TestNamesOfTheZone(t *testing.T) {
	tests := map[string]struct {
		kind   runtime.Kind
		domain string
		want   string
	}{
		"for development":             {runtime.Development, "example.net", "kre-tnba-dev.example.net"},
		"for production":              {runtime.Production, "example.net", "kre-tnba.example.net"},
		"letter case does not matter": {runtime.Production, "Example.NET.", "kre-tnba.example.net"},
	}
	for title, tt := range tests {
		t.Run(title, func(t *testing.T) {
			r := runtime.Runtime{Name: "kre-tnba", Domain: tt.domain, Kind: tt.kind}
			if got := r.Zone(); got != tt.want {
				t.Errorf("%s, want %s", got, tt.want)
			}
			want := runtime.Hosts{API: "api." + tt.want, Admin: "admin." + tt.want, Entrypoint: "entrypoint." + tt.want}
			if got := r.Hosts(); got != want {
				t.Errorf("%+v", got)
			}
		})
	}
}
