package main

import "testing"

// TestInput holds wrong use to an exit code and to one line that helps.
func TestInput(t *testing.T) {
	tests := map[string]invocation{
		"a template that is none": {
			args:   []string{"plan", "-branch", branch, "-only", "environment", "-template", file(t, "Resources:\n  B:\n    Type: AWS::S3::Bucket\n   Foo: 1\n")},
			code:   2,
			stderr: []string{"line 4, column 4"},
		},
		"a template without resources": {
			args:   []string{"plan", "-branch", branch, "-only", "environment", "-template", file(t, "Description: nothing\n")},
			code:   2,
			stderr: []string{"it has no resources"},
		},
		"an unknown parameter": {
			args:   []string{"apply", "-branch", branch, "-only", "environment", "-parameter", "LogDay=7", "-existing"},
			code:   2,
			stderr: []string{"LogDay"},
			not:    "updating",
		},
		"a parameter out of its range": {
			args:   []string{"plan", "-branch", branch, "-only", "environment", "-parameter", "LogDays=8"},
			code:   2,
			stderr: []string{`LogDays: "8" is not among the allowed values: 1, 3, 5, 7, 14`},
		},
		"a name beyond all budgets": {
			args:   []string{"plan", "-branch", branch, "-project", "the-automation-of-everything"},
			code:   2,
			stderr: []string{`name "the-automation-of-everything-8527fec8": want 1 to 32`},
		},
		"names beyond their budgets": {
			args:   []string{"plan", "-branch", branch, "-project", "the-automation-of-all"},
			code:   2,
			stderr: []string{"the-automation-of-all-8527fec8", "leave room for a digest in the 32 of a load balancer"},
		},
		"a file with another key": {
			args:   []string{"plan", "-branch", branch, "-file", file(t, "services: [{name: a, rout: {priority: 80}}]")},
			code:   2,
			stderr: []string{`file.yaml: unknown field "rout"`},
		},
		"a file that is no YAML": {
			args:   []string{"plan", "-branch", branch, "-file", file(t, "services: [")},
			code:   2,
			stderr: []string{"file.yaml: "},
		},
		"all that is wrong with the settings": {
			args:   []string{"plan", "-branch", branch, "-file", file(t, "services: [{name: a b}, {name: c, route: {priority: 0}}]\nlogDays: 8")},
			code:   2,
			stderr: []string{"a b", "priority", "8"},
		},
		"a file that is not there":       {args: []string{"plan", "-branch", branch, "-file", "/none.yaml"}, code: 2, stderr: []string{"/none.yaml"}},
		"a template that is not there":   {args: []string{"plan", "-branch", branch, "-template", "/none.yaml"}, code: 2, stderr: []string{"/none.yaml"}},
		"a branch without environment":   {args: []string{"plan", "-branch", "main"}, code: 2, stderr: []string{"main"}},
		"no branch":                      {args: []string{"plan"}, code: 2, stderr: []string{"-branch is required"}},
		"an unknown command":             {args: []string{"create", "-branch", branch}, code: 2, stderr: []string{`unknown command "create"`}},
		"an unknown stack":               {args: []string{"plan", "-branch", branch, "-only", "kre"}, code: 2, stderr: []string{"-only kre: want one of network, roles, environment"}},
		"a shared network is no one's":   {args: []string{"plan", "-branch", branch, "-only", "network", "-network", "x"}, code: 2, stderr: []string{"is left alone"}},
		"a parameter without a value":    {args: []string{"plan", "-branch", branch, "-parameter", "A"}, code: 2, stderr: []string{"want NAME=VALUE"}},
		"a speed of AWS":                 {args: []string{"plan", "-branch", branch, onAWS, "-speed", "5"}, code: 2, stderr: []string{"they need -local"}},
		"no speed":                       {args: []string{"plan", "-branch", branch, "-speed", "0"}, code: 2, stderr: []string{"-speed 0: want a number above 0"}},
		"an older one to destroy":        {args: []string{"destroy", "-branch", branch, "-existing"}, code: 2, stderr: []string{"-existing is for plan and apply, not for destroy"}},
		"protection when it is too late": {args: []string{"destroy", "-branch", "master", onAWS, "-unprotected"}, code: 2, stderr: []string{"-unprotected is for plan, apply and render"}},
		"production to apply":            {args: []string{"apply", "-branch", "master", "-allow-production", "x"}, code: 2, stderr: []string{"-allow-production is for destroy, not for apply"}},
		"help":                           {args: []string{"-h"}, stdout: []string{"infra plan -branch dev/feature/login", "-local"}},
		"express is not for production":  {args: []string{"plan", "-branch", "master", "-express"}, code: 2, stderr: []string{"xpress"}},
		"a speed that is no number":      {args: []string{"plan", "-branch", branch, "-speed", "NaN"}, code: 2, stderr: []string{"-speed NaN: want a number above 0"}},
		"a speed without end":            {args: []string{"plan", "-branch", branch, "-speed", "Inf"}, code: 2, stderr: []string{"-speed +Inf: want a number above 0"}},
		"a failure of nothing":           {args: []string{"apply", "-branch", branch, "-fail", "Nope"}, code: 2, stderr: []string{"infra: -fail Nope: no stack of this run has such a resource\n"}},
		"a failure outside of the run":   {args: []string{"apply", "-branch", branch, "-only", "roles", "-fail", "Cluster"}, code: 2, stderr: []string{"-fail Cluster: no stack of this run"}},
		"a failure that cannot come":     {args: []string{"plan", "-branch", branch, "-fail", "Cluster"}, code: 2, stderr: []string{"-fail is for apply, destroy and recover, not for plan"}},
		"a failure of what is not stuck": {args: []string{"recover", "-branch", branch, "-fail", "Cluster"}, code: 2, stderr: []string{"-fail Cluster: what is stuck in the cloud in memory is LogGroup"}},
		"skipping when nothing is stuck": {args: []string{"apply", "-branch", branch, "-skip", "LogGroup"}, code: 2, stderr: []string{"-skip is for recover, not for apply"}},
		"skipping nothing":               {args: []string{"recover", "-branch", branch, "-skip", ""}, code: 2, stderr: []string{"want a logical id"}},
		"consent to nothing":             {args: []string{"apply", "-branch", branch, "-existing", "-consent", "Nope"}, code: 2, stderr: []string{"infra: -consent Nope: no stack of this run has such a resource\n"}, not: "automation-8527fec8/"},
		"consent outside of the run":     {args: []string{"plan", "-branch", branch, "-only", "roles", "-consent", "CacheGroup"}, code: 2, stderr: []string{"-consent CacheGroup: no stack of this run"}, not: "not needed"},
		"consent to look":                {args: []string{"drift", "-branch", branch, "-consent", "CacheGroup"}, code: 2, stderr: []string{"-consent is for plan and apply, not for drift"}},
		"a parameter of another stack":   {args: []string{"plan", "-branch", branch, "-only", "roles", "-parameter", "LogDays=7"}, code: 2, stderr: []string{"they do not go with -only roles"}},
	}
	for name, tt := range tests {
		t.Run(name, tt.check)
	}
}
