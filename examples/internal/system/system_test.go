package system_test

import (
	"flag"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/mettel-automation/delivery/ecs"
	"github.com/mettel-automation/delivery/examples/internal/system"
)

func TestReadTellsWhereAFaultIs(t *testing.T) {
	tests := map[string]struct{ yaml, want string }{
		"an unknown key":     {"services:\n  - name: a\n    port: 80\n    prot: 80\n", "s.yaml:4:5: "},
		"a wrong type":       {"services:\n  - name: a\n    cpu: many\n", "s.yaml:3:10: "},
		"malformed YAML":     {"services:\n  - name: [a\n", "s.yaml:3:1: "},
		"an empty file":      {"", "s.yaml: it is empty"},
		"no services":        {"services: []\n", "s.yaml: it lists no services"},
		"not even a mapping": {"just text", "s.yaml:1:1: cannot construct !!str `just text`: that is not what belongs here"},
		"a second document":  {"services: [{name: a}]\n---\nservices: [{name: b}]\n", "s.yaml: there is more than one document"},
		"a negative size":    {"services: [{name: a, cpu: -5}]", "s.yaml: a: cpu, memory and count must not be negative"},
		"an impossible port": {"services: [{name: a, port: 99999}]", "s.yaml: a: port 99999"},
		"no name":            {"services: [{port: 80}]", "s.yaml: service 1: it has no name"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := system.Read("s.yaml", strings.NewReader(tt.yaml))
			if err == nil || !strings.Contains(err.Error(), "read services "+tt.want) {
				t.Errorf("error %v, want %q", err, tt.want)
			}
		})
	}
	if _, err := system.Load(filepath.Join(t.TempDir(), "none.yaml")); err == nil || !strings.Contains(err.Error(), "none.yaml") {
		t.Errorf("a missing file: %v", err)
	}
}

func TestDesired(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s.yaml")
	content := "services:\n  - {name: web, module: site, depends_on: [db], cpu: 512, memory: 1024, count: 3, port: 80, health_check: ok}\n  - name: db\n"
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	services, err := system.Load(path)
	if err != nil {
		t.Fatal(err)
	}
	desired := system.Desired(services, "env", func(module string) string { return "registry/" + module })
	web, db := desired[0], desired[1]
	c := web.TaskDefinition.ContainerDefinitions[0]
	if *c.Image != "registry/site" || *c.PortMappings[0].ContainerPort != 80 || c.HealthCheck.Command[1] != "ok" || *web.Settings.DesiredCount != 3 || *web.TaskDefinition.Cpu != "512" {
		t.Errorf("web is %+v", web)
	}
	c = db.TaskDefinition.ContainerDefinitions[0]
	if *c.Image != "registry/db" || c.PortMappings != nil || c.HealthCheck != nil || *db.TaskDefinition.Family != "env-db" || *db.TaskDefinition.Memory != "512" {
		t.Errorf("db is %+v", db)
	}
}

func TestLocal(t *testing.T) {
	tests := map[string]struct {
		args []string
		want string // error; empty is none
	}{
		"a fault of a service":   {[]string{"-local", "-inject", "a=crash", "-speed", "1000"}, ""},
		"a fault of a stranger":  {[]string{"-inject", "b=crash"}, "there is no service b"},
		"a fault without a name": {[]string{"-inject", "crash"}, "want SERVICE=FAULT"},
		"an unknown fault":       {[]string{"-inject", "a=fire"}, "want one of crash, image, never-healthy, no-capacity"},
		"a speed of nothing":     {[]string{"-speed", "0"}, "-speed 0: want more than 0"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			set := flag.NewFlagSet("x", flag.ContinueOnError)
			set.SetOutput(io.Discard)
			var local system.Local
			local.Flags(set)
			services := []system.Service{{Name: "a"}}
			err := set.Parse(tt.args)
			if err == nil {
				var api ecs.API
				var opts ecs.Options
				if api, opts, err = local.Start("demo", services); err == nil {
					_, err = ecs.New(api, opts).Plan(t.Context(), system.Desired(services, "demo", func(m string) string { return m }))
				}
			}
			if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want %q", err, tt.want)
			}
		})
	}
}
