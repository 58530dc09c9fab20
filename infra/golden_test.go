package infra_test

import (
	"bytes"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mettel-automation/delivery/infra"
)

var update = flag.Bool("update", false, "write the golden files instead of comparing with them")

// stacks are what the golden files hold.
func stacks(t testing.TB) map[string]func() (infra.Rendered, error) {
	network := infra.Network{Owner: infra.Owner{
		Name: "automation-ephemeral", Tags: map[string]string{"Environment": "automation-ephemeral"},
		ResourceName: func(_ string, parts ...string) (string, error) {
			return "automation-ephemeral-" + parts[0], nil
		},
	}}
	wide := infra.Network{Owner: owner(t, "master"), CIDR: "10.64.0.0/20", Zones: 3, NATPerZone: true, Endpoints: true, FlowLogDays: 30}
	roles := infra.Roles{
		Owner:      owner(t, "master"),
		Repository: "automation-*",
		Secrets:    []string{"arn:aws:secretsmanager:us-east-1:123456789012:secret:automation-master/*", "arn:aws:ssm:us-east-1:123456789012:parameter/automation-master/*"},
		Keys:       []string{"arn:aws:kms:us-east-1:123456789012:key/8f1a"},
		Exec:       true,
		Boundary:   "arn:aws:iam::123456789012:policy/automation/tasks",
		Services: []infra.ServiceRole{
			{Service: "thanos", Statements: []infra.Statement{
				{Actions: []string{"s3:ListBucket"}, Resources: []string{"arn:aws:s3:::automation-master-thanos-123456789012"}},
				{Actions: []string{"s3:GetObject", "s3:PutObject"}, Resources: []string{"arn:aws:s3:::automation-master-thanos-123456789012/*"}},
			}},
			{Service: "tnba_monitor"},
			{Service: "reports", Policies: []string{"arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"}},
		},
	}
	return map[string]func() (infra.Rendered, error){
		"network-2-zones":         network.Render,
		"network-3-zones":         wide.Render,
		"roles":                   roles.Render,
		"roles-alone":             infra.Roles{Owner: owner(t, "dev/fix/42")}.Render,
		"environment-ephemeral":   ephemeral(t).Render,
		"environment-production":  production(t).Render,
		"environment-30-services": large(t, 30).Render,
		"kre-dev":                 kreDev(t).Render,
		"kre-production":          kreProduction(t).Render,
		"kre-30-users":            kreCrowd(t, 30).Render,
		"kre-without-users":       kreCrowd(t, 0).Render,
	}
}

// golden is a rendered stack as its golden file has it: its name, parameters and
// tags as comments, and its body.
func golden(r infra.Rendered) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "# stack %s\n#\n", r.Name)
	for _, key := range slices.Sorted(maps.Keys(r.Parameters)) {
		fmt.Fprintf(&b, "# parameter %s: %q\n", key, r.Parameters[key])
	}
	for _, key := range slices.Sorted(maps.Keys(r.Tags)) {
		fmt.Fprintf(&b, "# tag %s: %q\n", key, r.Tags[key])
	}
	b.WriteString("\n")
	b.Write(r.Body)
	return b.Bytes()
}

func TestGolden(t *testing.T) {
	for name, render := range stacks(t) {
		t.Run(name, func(t *testing.T) {
			rendered, err := render()
			if err != nil {
				t.Fatal(err)
			}
			got, file := golden(rendered), filepath.Join("testdata", name+".golden.yaml")
			if *update {
				if err := os.WriteFile(file, got, 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatalf("%v; go test ./infra -update writes it", err)
			}
			if d := cmp.Diff(string(want), string(got)); d != "" {
				t.Errorf("%s (-file +rendered); go test ./infra -update takes it over:\n%s", file, d)
			}
		})
	}
}

func TestRendered(t *testing.T) {
	for name, render := range stacks(t) {
		t.Run(name, func(t *testing.T) {
			rendered, err := render()
			if err != nil {
				t.Fatal(err)
			}
			again, err := render()
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(rendered, again); d != "" {
				t.Errorf("rendered twice, it differs:\n%s", d)
			}
			tpl := parse(t, rendered.Body)
			if faults := slices.Concat(tpl.faults(), tpl.wants(rendered.Parameters)); len(faults) > 0 {
				t.Errorf("faults: %q", faults)
			}
		})
	}
}

func TestSourcesAreComplete(t *testing.T) {
	for _, name := range []string{"network", "roles", "environment", "kre-cluster"} {
		t.Run(name, func(t *testing.T) {
			body, err := os.ReadFile(name + ".yaml")
			if err != nil {
				t.Fatal(err)
			}
			tpl := parse(t, body)
			if faults := tpl.faults(); len(faults) > 0 {
				t.Errorf("faults: %q", faults)
			}
			for parameter, p := range tpl.Parameters {
				if p["Description"] == nil {
					t.Errorf("parameter %s has no description", parameter)
				}
				if def, ok := p["Default"].(string); ok && tpl.refuses(parameter, def) != "" {
					t.Errorf("its own default does not fit: %s", tpl.refuses(parameter, def))
				}
			}
			if len(body) > 51_200 {
				t.Errorf("%d bytes: CloudFormation takes 51,200 in a request", len(body))
			}
		})
	}
}
