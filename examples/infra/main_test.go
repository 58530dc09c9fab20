package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/mettel-automation/delivery/examples/internal/cli"
)

const branch = "dev/feature/login" // whose environment is automation-8527fec8

// infraMain runs the main on virtual time.
func infraMain(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	args = local(args)
	synctest.Test(t, func(t *testing.T) {
		var out, live strings.Builder
		code = cli.Run(t.Context(), "infra", run, args, &out, &live)
		stdout, stderr = out.String(), live.String()
	})
	return code, stdout, stderr
}

// local are args with -local, unless they are for AWS.
func local(args []string) []string {
	if at := slices.Index(args, onAWS); at >= 0 {
		return slices.Delete(slices.Clone(args), at, at+1)
	}
	return append(slices.Clip(args), "-local")
}

// onAWS stands among the arguments of a test for the absence of -local.
const onAWS = "AWS"

func file(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// invocation is one run of the main, and what is to come of it.
type invocation struct {
	args           []string
	code           int
	stdout, stderr []string // parts of them
	not            string   // in both
}

func (i invocation) check(t *testing.T) {
	code, stdout, stderr := infraMain(t, i.args...)
	if code != i.code || i.not != "" && strings.Contains(stdout+stderr, i.not) {
		t.Errorf("exit code %d, want %d and no %q; stdout:\n%s\nstderr:\n%s", code, i.code, i.not, stdout, stderr)
	}
	for _, want := range i.stdout {
		if !strings.Contains(stdout, want) {
			t.Errorf("stdout lacks %q:\n%s\nstderr:\n%s", want, stdout, stderr)
		}
	}
	for _, want := range i.stderr {
		if !strings.Contains(stderr, want) {
			t.Errorf("stderr lacks %q:\n%s", want, stderr)
		}
	}
	if line := stderr[strings.LastIndex("\n"+strings.TrimSuffix(stderr, "\n"), "\n"):]; i.code != 0 && !strings.HasPrefix(line, "infra: ") {
		t.Errorf("the last line of stderr is %q", line)
	}
}

const bucketOnly = "Resources: {B: {Type: AWS::S3::Bucket}}\nOutputs: {Bucket: {Value: !Ref B}}\n"

func TestInfra(t *testing.T) {
	tests := map[string]invocation{
		"a plan of an empty cloud": {
			args: []string{"plan", "-branch", branch},
			stdout: []string{
				"stack automation-8527fec8-network: create\n", "  +  Vpc ", "AWS::EC2::VPC\n",
				"stack automation-8527fec8-roles: create\n", "  +  ExecutionRole ",
				"stack automation-8527fec8: create\n", "  +  LoadBalancer ", "  +  parameter Vpc: (known after apply)\n",
				"This plan was made in memory: CloudFormation can make it when the network is there.\n",
			},
			stderr: []string{"a cloud in memory, 100 times faster than AWS; it is empty\n"},
			not:    "notyet",
		},
		"plan is the default": {
			args:   []string{"-branch", branch, "-only", "roles"},
			stdout: []string{"stack automation-8527fec8-roles: create\n"},
			not:    "-network",
		},
		"a plan of changes": {
			args: []string{"plan", "-branch", branch, "-existing"},
			stdout: []string{
				"stack automation-8527fec8-network: no changes\n", "stack automation-8527fec8-roles: no changes\n",
				"stack automation-8527fec8: update\n", "RetentionInDays: 7 -> 14 by LogDays\n", "  +  RouteApiRule ",
				"  !  Record ", "Name: old.portal.example.com -> portal.example.com (replaces) by Domain\n", "  -  Subscription",
			},
			stderr: []string{"it has an older version of the environment\n"},
			not:    "left@example.com",
		},
		"applying it all": {
			args: []string{"apply", "-branch", branch},
			stdout: []string{
				"automation-8527fec8-network  created  CREATE_COMPLETE", "automation-8527fec8          created  CREATE_COMPLETE",
				"outputs of automation-8527fec8:\n", "  Cluster  ", "automation-8527fec8-customer-cache-redis.",
			},
			stderr: []string{"done          stack.apply automation-8527fec8/LoadBalancer"},
		},
		"applying changes": {
			args:   []string{"apply", "-branch", branch, "-existing"},
			stdout: []string{"automation-8527fec8-network  unchanged  CREATE_COMPLETE", "automation-8527fec8          updated    UPDATE_COMPLETE"},
		},
		"what cannot be replaced is refused without consent": {
			args:   []string{"plan", "-branch", branch, "-existing", "-parameter", "RedisAtRest=false"},
			code:   1,
			stdout: []string{"  !  CacheGroup ", "AtRestEncryptionEnabled: true -> false"},
			stderr: []string{"CacheGroup", "CacheCustomerCacheRedisGroup", "onsent"},
		},
		"what is refused is not said to be applied": {
			args:   []string{"apply", "-branch", branch, "-existing", "-only", "environment", "-parameter", "RedisAtRest=false"},
			code:   1,
			stderr: []string{"; name what is wanted in Consent and plan again; here that is -consent LOGICALID\n"},
			not:    "applied:",
		},
		"what cannot be replaced is planned with consent": {
			args: []string{
				"plan", "-branch", branch, "-existing", "-parameter", "RedisAtRest=false",
				"-consent", "CacheGroup", "-consent", "CacheCustomerCacheRedisGroup", "-consent", "CacheTnbaFeedbackCacheRedisGroup",
			},
			stdout: []string{"  !  CacheGroup "},
			not:    "is not needed", // by the other stacks, which are not told
		},
		"applying to a network that others share": {
			args:   []string{"apply", "-branch", branch, "-network", "automation-ephemeral"},
			stdout: []string{"automation-8527fec8        created  CREATE_COMPLETE"},
			stderr: []string{"it has the network automation-ephemeral\n"},
			not:    "automation-8527fec8-network",
		},
		"applying production": {
			args:   []string{"apply", "-branch", "master"},
			stdout: []string{"stack automation-master: create\n", "termination protection", "InterfaceEndpoints: true"},
		},
		"what cannot be made is named, and rolled back": {
			args: []string{"apply", "-branch", branch, "-fail", "CacheGroup"},
			code: 1,
			stderr: []string{
				"infra: apply stack automation-8527fec8", "CacheGroup (AWS::ElastiCache::ReplicationGroup): Insufficient cache cluster capacity",
			},
			stdout: []string{"automation-8527fec8-network  created  CREATE_COMPLETE", "automation-8527fec8          failed   ROLLBACK_COMPLETE"},
			not:    "outputs of automation-8527fec8:",
		},
		"outputs": {
			args:   []string{"outputs", "-branch", branch},
			stdout: []string{"outputs of automation-8527fec8-roles:\n  ExecutionRole ", "  RoutePortalTargetGroup "},
			stderr: []string{"the environment has just been applied to it\n"},
		},
		"drift": {
			args:   []string{"drift", "-branch", branch},
			code:   1,
			stdout: []string{"/RetentionInDays: 14 -> 3\n", "(AWS::CloudWatch::Alarm) was deleted\n"},
			stderr: []string{"infra: 1 of 3 stacks differ from their templates\n"},
		},
		"no drift": {
			args:   []string{"drift", "-branch", branch, "-only", "network"},
			stdout: []string{"0 of 20 resources differ"},
		},
		"destroying it": {
			args: []string{"destroy", "-branch", branch},
			stdout: []string{
				"  - Cluster ", "every version of every object is deleted first",
				"  automation-8527fec8: 55 resources, 2500 versions in Bucket\n  automation-8527fec8-roles: 3 resources\n  automation-8527fec8-network: 20 resources\n",
			},
		},
		"destroying it in a shared network leaves that alone": {
			args:   []string{"destroy", "-branch", branch, "-network", "automation-ephemeral"},
			stdout: []string{"automation-8527fec8-roles: 3 resources\n"},
			not:    "automation-ephemeral-network",
		},
		"production is not destroyed": {
			args:   []string{"destroy", "-branch", "master"},
			code:   1,
			stderr: []string{"the stack is one of production", "-allow-production automation-master"},
			not:    "deleting",
		},
		"nor with the name of another": {
			args:   []string{"destroy", "-branch", "master", "-allow-production", "automation-8527fec8"},
			code:   2,
			stderr: []string{"-allow-production automation-8527fec8: the environment is automation-master"},
		},
		"nor while its load balancer is protected": {
			args:   []string{"destroy", "-branch", "master", "-allow-production", "automation-master"},
			code:   1,
			stderr: []string{"destroy automation-master: its load balancer is protected from deletion, so that nothing has been deleted; apply it with -unprotected first"},
			not:    "DELETE_",
		},
		"production by its name": {
			args: []string{"destroy", "-branch", "master", "-allow-production", "automation-master", "-unprotected"},
			stdout: []string{
				"  = Bucket ", "  automation-master: ", "    left behind: Bucket (AWS::S3::Bucket) automation-master-thanos", "    left behind: LogGroup ",
			},
		},
		"what cannot be deleted is named": {
			args:   []string{"destroy", "-branch", branch, "-fail", "Cluster", "-only", "environment"},
			code:   1,
			stderr: []string{"infra: delete stack automation-8527fec8: Cluster (AWS::ECS::Cluster): resource "},
		},
		"a rollback that is stuck": {
			args: []string{"recover", "-branch", branch},
			stdout: []string{
				"stack automation-8527fec8 (UPDATE_ROLLBACK_FAILED): continue the rollback of its last update\n  ! it failed at LogGroup (AWS::Logs::LogGroup): ",
				"\nrecovered:\n  automation-8527fec8: UPDATE_ROLLBACK_COMPLETE\nleft as they are:\n  plan to recover stack automation-8527fec8-network: ",
			},
			stderr: []string{"an update of the environment has failed in it, and so has the rollback\n"},
		},
		"a rollback that stays stuck": {
			args:   []string{"recover", "-branch", branch, "-fail", "LogGroup"},
			code:   1,
			stdout: []string{"\nrecovered:\n  automation-8527fec8: UPDATE_ROLLBACK_FAILED\n"},
			stderr: []string{"infra: recover stack automation-8527fec8: LogGroup (AWS::Logs::LogGroup): ", "not authorized to perform: logs:PutRetentionPolicy"},
		},
		"a rollback without what it is stuck at": {
			args:   []string{"recover", "-branch", branch, "-fail", "LogGroup", "-skip", "LogGroup"},
			stdout: []string{"  ! skip LogGroup: ", "  automation-8527fec8: UPDATE_ROLLBACK_COMPLETE, LogGroup left as it is\n"},
		},
		"nothing is recovered without what is not stuck": {
			args:   []string{"recover", "-branch", branch, "-skip", "Cluster", "-skip", "LogGroup"},
			code:   2,
			stderr: []string{"infra: -skip Cluster: no rollback has failed there; where it has: LogGroup\n"},
			not:    "recovered:",
		},
		"nothing to recover": {
			args:   []string{"recover", "-branch", branch, "-only", "roles"},
			code:   1,
			stderr: []string{"automation-8527fec8-roles: ", "it is CREATE_COMPLETE"},
		},
		"the templates": {
			args: []string{"render", "-branch", branch},
			stdout: []string{
				"--- # stack automation-8527fec8-network, ", "# parameter VpcCidr: 10.0.0.0/16\n", "# tag Branch: dev/feature/login\n",
				"Type: AWS::ElastiCache::ReplicationGroup\n", "# parameter Vpc: (known after apply)\n", "Endpoint: ****\n",
			},
			not: "team@example.com",
		},
		"a template of one's own": {
			args:   []string{"plan", "-branch", branch, "-only", "environment", "-template", file(t, bucketOnly)},
			stdout: []string{"stack automation-8527fec8: create\n  +  B  AWS::S3::Bucket\n"},
		},
		"a template of one's own lacks outputs": {
			args:   []string{"outputs", "-branch", branch, "-template", file(t, bucketOnly)},
			code:   1,
			stderr: []string{"infra: stack automation-8527fec8 has no outputs ", "Cluster, ", ", which others need: add them to "},
			stdout: []string{"  Bucket  automation-8527fec8-b-"},
		},
	}
	for name, tt := range tests {
		t.Run(name, tt.check)
	}
}

func TestJSON(t *testing.T) {
	type answer struct {
		Environment struct{ Name, Kind string }
		Plans       []struct {
			Stack, Action string
			Changes       []struct{ Action, LogicalID string }
		}
		Forecast []string
		Results  []struct{ Stack, Action, Status string }
		Outputs  map[string]map[string]string
		Stacks   []struct{ Name, Body string }
		Deleted  []struct {
			Stack   string
			Emptied map[string]int
		}
		Drift []struct {
			Resources []struct{ LogicalID, Status string }
		}
		Error string
	}
	ask := func(t *testing.T, wantCode int, args ...string) (a answer) {
		t.Helper()
		code, stdout, stderr := infraMain(t, append(args, "-json", "-branch", branch)...)
		if err := json.Unmarshal([]byte(stdout), &a); err != nil || code != wantCode {
			t.Fatalf("exit code %d, %v:\n%s\n%s", code, err, stdout, stderr)
		}
		if a.Environment.Name != "automation-8527fec8" || a.Environment.Kind != "ephemeral" {
			t.Errorf("environment %+v", a.Environment)
		}
		return a
	}
	t.Run("a plan says what it could only forecast", func(t *testing.T) {
		a := ask(t, 0, "plan")
		if len(a.Plans) != 3 || a.Plans[2].Action != "create" || len(a.Plans[2].Changes) != 55 || len(a.Forecast) != 1 || a.Forecast[0] != "automation-8527fec8" {
			t.Errorf("%d plans, forecast %v", len(a.Plans), a.Forecast)
		}
	})
	t.Run("a failure has its plan, its result and its error", func(t *testing.T) {
		a := ask(t, 1, "apply", "-fail", "CacheGroup")
		if len(a.Plans) != 3 || len(a.Results) != 3 || a.Results[2].Stack != "automation-8527fec8" || !strings.Contains(a.Error, "CacheGroup") {
			t.Errorf("%d plans, results %+v, error %q", len(a.Plans), a.Results, a.Error)
		}
		if _, has := a.Outputs["automation-8527fec8"]; has || a.Outputs["automation-8527fec8-network"]["Vpc"] == "" {
			t.Errorf("outputs %v", a.Outputs)
		}
	})
	t.Run("templates are whole", func(t *testing.T) {
		if a := ask(t, 0, "render"); len(a.Stacks) != 3 || !strings.Contains(a.Stacks[2].Body, "\nOutputs:\n") {
			t.Errorf("%d stacks", len(a.Stacks))
		}
	})
	t.Run("drift", func(t *testing.T) {
		a := ask(t, 1, "drift")
		if len(a.Drift) != 3 || len(a.Drift[2].Resources) != 2 {
			t.Errorf("drift %+v", a.Drift)
		}
	})
	t.Run("a deletion counts what it emptied", func(t *testing.T) {
		if a := ask(t, 0, "destroy"); len(a.Deleted) != 3 || a.Deleted[0].Emptied["Bucket"] != 2500 {
			t.Errorf("deleted %+v", a.Deleted)
		}
	})
}
