package stack

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	"github.com/google/go-cmp/cmp"

	"github.com/mettel-automation/delivery/internal/ptr"
)

// pages answers DescribeChangeSet by what follows the last slash of the ARN, or by
// name, and by page; each change set is ready only at the second look.
type pages struct {
	API
	sets  map[string][]cloudformation.DescribeChangeSetOutput
	looks map[string]int
	asked []string
}

func (p *pages) DescribeChangeSet(_ context.Context, in *cloudformation.DescribeChangeSetInput, _ ...func(*cloudformation.Options)) (*cloudformation.DescribeChangeSetOutput, error) {
	name := (*in.ChangeSetName)[strings.LastIndex(*in.ChangeSetName, "/")+1:]
	p.asked = append(p.asked, name+ptr.Value(in.NextToken))
	if !ptr.Value(in.IncludePropertyValues) || strings.HasPrefix(*in.ChangeSetName, "arn:") == (in.StackName != nil) {
		return nil, fmt.Errorf("asked without values, or with a stack and an ARN: %+v", in)
	}
	all, ok := p.sets[name]
	if !ok {
		return nil, &types.ChangeSetNotFoundException{}
	}
	if p.looks[name]++; p.looks[name] == 1 {
		return &cloudformation.DescribeChangeSetOutput{Status: types.ChangeSetStatusCreateInProgress}, nil
	}
	i := 0
	if in.NextToken != nil {
		i = int((*in.NextToken)[0] - '0')
	}
	out := all[i]
	out.ChangeSetId = new("arn:aws:cloudformation:r:a:changeSet/" + name)
	if i+1 < len(all) {
		out.NextToken = new(fmt.Sprint(i + 1))
	}
	return &out, nil
}

func page(changes ...types.Change) cloudformation.DescribeChangeSetOutput {
	return cloudformation.DescribeChangeSetOutput{Status: types.ChangeSetStatusCreateComplete, StackId: new("arn:stack"), Changes: changes}
}

func changed(id, nested string) types.Change {
	c := &types.ResourceChange{LogicalResourceId: &id}
	if nested != "" {
		c.ChangeSetId = new("arn:aws:cloudformation:r:a:changeSet/" + nested)
	}
	return types.Change{ResourceChange: c}
}

func TestReadChangeSets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		none := page()
		none.Status, none.StatusReason = types.ChangeSetStatusFailed, new("The submitted information didn't contain changes.")
		api := &pages{looks: map[string]int{}, sets: map[string][]cloudformation.DescribeChangeSetOutput{
			"root":  {page(changed("A", ""), types.Change{}), page(changed("Net", "net"), changed("B", "")), page(changed("Same", "same"))},
			"net":   {page(changed("Vpc", "")), page(changed("Deep", "deep"))},
			"deep":  {page(changed("Rule", ""))},
			"same":  {none},
			"cycle": {page(changed("Again", "cycle"))},
		}}
		m := New(api, Options{})
		set, err := m.ready(t.Context(), "root", "demo", "")
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, l := range set.Changes {
			got = append(got, l.within+*l.LogicalResourceId)
		}
		want := []string{"A", "Net", "Net/Vpc", "Net/Deep", "Net/Deep/Rule", "B", "Same"}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("changes (-want +got):\n%s", d)
		}
		wantAsked := []string{"root", "root", "root1", "net", "net", "net1", "deep", "deep", "root2", "same", "same"}
		if d := cmp.Diff(wantAsked, api.asked); d != "" {
			t.Errorf("calls (-want +got):\n%s", d)
		}
		if set, err = m.ready(t.Context(), "cycle", "demo", ""); err != nil || len(set.Changes) > maxNesting+2 {
			t.Errorf("%d changes of a nesting without an end, error %v", len(set.Changes), err)
		}
		if _, err = m.ready(t.Context(), "gone", "demo", ""); !isA[*types.ChangeSetNotFoundException](err) {
			t.Errorf("a change set that there is not: %v", err)
		}
	})
}

func TestWhy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		failed := func(reason string) []cloudformation.DescribeChangeSetOutput {
			return []cloudformation.DescribeChangeSetOutput{{StatusReason: &reason}}
		}
		nested := func(name string) string {
			return fmt.Sprintf("Nested change set arn:aws:cloudformation:r:a:changeSet/%s was not successfully created: Currently in FAILED.", name)
		}
		looks := map[string]int{"net": 1, "deep": 1, "silent": 1, "cycle": 1}
		m := New(&pages{looks: looks, sets: map[string][]cloudformation.DescribeChangeSetOutput{
			"net": failed(nested("deep")), "deep": failed("Template error"), "silent": failed(""), "cycle": failed(nested("cycle")),
		}}, Options{})
		tests := map[string]string{
			"Template format error": "Template format error",
			"":                      "CloudFormation gives no reason",
			nested("net"):           "Template error",
			nested("silent"):        nested("silent"),
			nested("cycle"):         nested("cycle"),
		}
		for reason, want := range tests {
			if _, got, err := m.why(t.Context(), changeSet{Reason: reason}); got != want || err != nil {
				t.Errorf("why %q: %q, error %v, want %q", reason, got, err, want)
			}
		}
	})
}

func TestChangeSetName(t *testing.T) {
	base := func() request {
		return request{
			Stack: Stack{
				Name: "demo", Body: []byte(sound), Parameters: map[string]string{"Environment": "demo", "Password": "first-one"},
				Previous: []string{"A", "B"}, Tags: map[string]string{"a": "b"},
			},
			template: parse(t, sound), found: &types.Stack{StackId: new("arn:1"), LastUpdatedTime: new(time.Unix(1, 0))},
		}
	}
	stable := func(r request) string { return strings.Join(strings.SplitN(r.changeSetName(), "-", 3)[:2], "-") }
	name := stable(base())
	if whole := base().changeSetName(); !regexp.MustCompile(`^delivery-[0-9a-f]{32}-[a-z0-9]{20,}$`).MatchString(whole) || len(whole) > 128 {
		t.Errorf("name %q of a request that is volatile", whole)
	}
	if first, second := base().changeSetName(), base().changeSetName(); first == second {
		t.Error("two volatile requests have one name")
	}
	steady := base()
	delete(steady.Parameters, "Password")
	if got := steady.changeSetName(); got != name {
		t.Errorf("name %q, want %q without more", got, name)
	}
	same := map[string]func(*request){
		"nothing":                        func(*request) {},
		"the order of what stays":        func(r *request) { slices.Reverse(r.Previous) },
		"a secret":                       func(r *request) { r.Parameters["Password"] = "second-one" },
		"consent, which AWS knows not":   func(r *request) { r.Consent = []string{"A"} },
		"the status, as others write it": func(r *request) { r.found.StackStatus = "UPDATE_COMPLETE" },
		"the zone of a time":             func(r *request) { r.found.LastUpdatedTime = new(time.Unix(1, 0).In(time.FixedZone("x", 60))) },
	}
	for what, change := range same {
		r := base()
		change(&r)
		if stable(r) != name {
			t.Errorf("%s makes another name", what)
		}
	}
	other := map[string]func(*request){
		"the body":           func(r *request) { r.Body = append(r.Body, '#') },
		"a parameter":        func(r *request) { r.Parameters["Environment"] = "other" },
		"what stays":         func(r *request) { r.Previous = nil },
		"a tag":              func(r *request) { r.Tags["a"] = "c" },
		"no wish for tags":   func(r *request) { r.Tags = nil },
		"the role":           func(r *request) { r.Role = "arn:role" },
		"the mode":           func(r *request) { r.Express = true },
		"an update since":    func(r *request) { r.found.LastUpdatedTime = new(time.Unix(2, 0)) },
		"another stack":      func(r *request) { r.found.StackId = new("arn:2") },
		"no stack":           func(r *request) { r.found = nil },
		"values and no tags": func(r *request) { r.Tags, r.Parameters = r.Parameters, r.Tags },
	}
	for what, change := range other {
		r := base()
		change(&r)
		if stable(r) == name {
			t.Errorf("%s makes no other name", what)
		}
	}
}

func TestVolatile(t *testing.T) {
	tests := map[string]struct {
		body string
		want bool
	}{
		"plain text": {sound, false},
		"a secret that is given": {
			strings.ReplaceAll(sound, "Environment: {Type: String,", "Environment: {Type: String, NoEcho: true,"), true,
		},
		"a transform":           {"Transform: AWS::LanguageExtensions\nResources:\n  A: {Type: AWS::SNS::Topic}\n", true},
		"a nested stack":        {"Resources:\n  A: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: x}}\n", true},
		"a dynamic reference":   {"Resources:\n  A: {Type: AWS::SNS::Topic, Properties: {DisplayName: \"{{resolve:ssm:name}}\"}}\n", true},
		"a parameter elsewhere": {"Parameters:\n  P: {Type: \"AWS::SSM::Parameter::Value<String>\", Default: /p}\nResources:\n  A: {Type: AWS::SNS::Topic}\n", true},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			r := request{Stack: Stack{Body: []byte(tt.body), Parameters: map[string]string{"Environment": "x"}}, template: parse(t, tt.body)}
			if got := r.volatile(); got != tt.want {
				t.Errorf("volatile %t", got)
			}
		})
	}
}

// keeper keeps a template, or fails.
type keeper struct {
	body []byte
	err  error
}

func (k *keeper) Upload(_ context.Context, body []byte) (string, error) {
	k.body = body
	return "https://bucket/template", k.err
}

func TestInput(t *testing.T) {
	r := request{
		Stack: Stack{
			Name: "demo", Parameters: map[string]string{"B": "2", "A": "1"}, Previous: []string{"D", "C"}, Tags: map[string]string{"y": "2", "x": "1"},
			Role: "arn:role", Express: true,
			Body: []byte("Resources:\n  R: {Type: AWS::IAM::Role, Properties: {RoleName: x}}\n  N: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: x}}\n"),
		},
	}
	r.template = parse(t, string(r.Body))
	store := &keeper{}
	m := New(nil, Options{Templates: store})
	in, err := m.input(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	var given []string
	for _, p := range in.Parameters {
		given = append(given, fmt.Sprint(*p.ParameterKey, ptr.Value(p.ParameterValue), ptr.Value(p.UsePreviousValue)))
	}
	for _, tag := range in.Tags {
		given = append(given, *tag.Key+*tag.Value)
	}
	if d := cmp.Diff([]string{"A1false", "B2false", "Ctrue", "Dtrue", "x1", "y2"}, given); d != "" {
		t.Errorf("parameters and tags (-want +got):\n%s", d)
	}
	if in.ChangeSetType != types.ChangeSetTypeCreate || *in.RoleARN != "arn:role" || !*in.IncludeNestedStacks || in.DeploymentConfig.Mode != types.DeploymentConfigModeExpress || ptr.Value(in.DeploymentConfig.DisableRollback) || in.DeploymentConfig.DisableRollback == nil {
		t.Errorf("input %+v", in)
	}
	if !slices.Contains(in.Capabilities, types.CapabilityCapabilityNamedIam) || *in.TemplateBody != string(r.Body) || in.TemplateURL != nil || store.body != nil {
		t.Errorf("capabilities %v, uploaded %d bytes", in.Capabilities, len(store.body))
	}
	r.Body, r.Tags, r.Express, r.Role = []byte(many(1, maxBody+1)), map[string]string{}, false, ""
	r.template, r.found = parse(t, string(r.Body)), &types.Stack{}
	if in, err = m.input(t.Context(), r); err != nil || in.TemplateBody != nil || *in.TemplateURL != "https://bucket/template" || len(store.body) != maxBody+1 {
		t.Errorf("a large template: error %v, %d bytes", err, len(store.body))
	}
	if in.Tags == nil || len(in.Tags) > 0 || in.ChangeSetType != types.ChangeSetTypeUpdate || in.Capabilities != nil || in.RoleARN != nil || in.IncludeNestedStacks != nil || in.DeploymentConfig != nil {
		t.Errorf("input %+v", in)
	}
	r.Tags, store.err = nil, errors.New("no bucket")
	if in, err = m.input(t.Context(), r); in.Tags != nil || err == nil || err.Error() != "upload template: no bucket" {
		t.Errorf("tags %v, error %v", in.Tags, err)
	}
}
