package taskdef_test

import (
	"errors"
	"fmt"
	"os"
	"reflect"
	"strings"
	"testing"

	awsecs "github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/google/go-cmp/cmp"

	"github.com/mettel-automation/delivery/ecs/taskdef"
)

const image = "123456789012.dkr.ecr.us-east-1.amazonaws.com/notifier:42"

func vars() taskdef.Vars {
	return taskdef.Map(map[string]string{"IMAGE": image, "ENVIRONMENT_NAME": "production", "LOG_GROUP": "automation-master"})
}

func mustLoad(t *testing.T, path string, v taskdef.Vars) *awsecs.RegisterTaskDefinitionInput {
	t.Helper()
	td, err := taskdef.Load(path, v)
	if err != nil {
		t.Fatal(err)
	}
	return td
}

// The same task definition in the three forms that people have.
func TestLoadReadsEveryForm(t *testing.T) {
	plain := mustLoad(t, "testdata/cli-input.json", nil)
	check := &types.HealthCheck{Command: []string{"CMD-SHELL", "curl -f http://localhost:5000/_health || exit 1"}, StartPeriod: new(int32(10))}
	want := &awsecs.RegisterTaskDefinitionInput{
		Family: new("notifier"), NetworkMode: types.NetworkModeAwsvpc, Cpu: new("256"), Memory: new("512"),
		RequiresCompatibilities: []types.Compatibility{types.CompatibilityFargate},
		ExecutionRoleArn:        new("arn:aws:iam::123456789012:role/ecs-task-execution"),
		Tags:                    []types.Tag{{Key: new("Environment"), Value: new("automation-master")}},
		ContainerDefinitions: []types.ContainerDefinition{{
			Name: new("notifier"), Image: new(image), Essential: new(true), HealthCheck: check,
			PortMappings: []types.PortMapping{{ContainerPort: new(int32(5000)), Protocol: types.TransportProtocolTcp}},
			Environment:  []types.KeyValuePair{{Name: new("ENVIRONMENT_NAME"), Value: new("production")}},
			Secrets: []types.Secret{{
				Name: new("SLACK_URL"), ValueFrom: new("arn:aws:ssm:us-east-1:123456789012:parameter/automation-master/slack-url"),
			}},
			DockerLabels: map[string]string{"com.example.Team": "automation", "com.example.team": "lower"},
			LogConfiguration: &types.LogConfiguration{LogDriver: types.LogDriverAwslogs, Options: map[string]string{
				"awslogs-group": "automation-master", "awslogs-region": "us-east-1", "awslogs-stream-prefix": "notifier",
			}},
		}},
	}
	if !reflect.DeepEqual(want, plain) {
		t.Errorf("Load (-want +got):\n%s", diff(want, plain))
	}
	if templated := mustLoad(t, "testdata/ecspresso.json", vars()); !reflect.DeepEqual(plain, templated) {
		t.Errorf("ecspresso (-want +got):\n%s", diff(plain, templated))
	}
	described := mustLoad(t, "testdata/describe.json", nil)
	if d := cmp.Diff(*want.Tags[0].Key, *described.Tags[0].Key); d != "" {
		t.Errorf("tags beside a described definition (-want +got):\n%s", d)
	}
	if got := taskdef.Diff(plain, registeredFrom(described)); got != nil {
		t.Errorf("what is described differs from what was registered: %v", got)
	}
	for name, td := range map[string]*awsecs.RegisterTaskDefinitionInput{"plain": plain, "described": described} {
		if err := taskdef.Check(td); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := taskdef.Load("testdata/absent.json", nil); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("absent file: %v", err)
	}
}

func diff(want, got any) string {
	return cmp.Diff(want, got, cmp.Exporter(func(reflect.Type) bool { return true }))
}

// registeredFrom is what ECS would describe of td.
func registeredFrom(td *awsecs.RegisterTaskDefinitionInput) *types.TaskDefinition {
	out := new(types.TaskDefinition)
	from, to := reflect.ValueOf(td).Elem(), reflect.ValueOf(out).Elem()
	for i := range from.NumField() {
		if f := to.FieldByName(from.Type().Field(i).Name); f.IsValid() && f.CanSet() {
			f.Set(from.Field(i))
		}
	}
	return out
}

func TestReadNamesEveryFault(t *testing.T) {
	tests := map[string]struct {
		text string
		want []string
	}{
		"an unknown key, with what may be meant": {
			"{\n  \"family\": \"x\",\n  \"containerDefinitons\": []\n}",
			[]string{`web.json:3:3: containerDefinitons: unknown key; did you mean "containerDefinitions"?`},
		},
		"a key of CloudFormation":         {`{"Family": "x"}`, []string{`web.json:1:2: Family: unknown key; did you mean "family"?`}},
		"a key that is like nothing":      {`{"sidecars": []}`, []string{`web.json:1:2: sidecars: unknown key`}},
		"a number where a string belongs": {`{"cpu": 256}`, []string{`web.json:1:9: cpu: want a string, not a number; write it in quotes`}},
		"a string where a number belongs": {
			`{"containerDefinitions": [{"memory": "512"}]}`,
			[]string{`web.json:1:38: containerDefinitions[0].memory: want a number, not a string; write it without quotes`},
		},
		"a boolean in quotes": {
			`{"containerDefinitions": [{"essential": "true"}]}`,
			[]string{`web.json:1:41: containerDefinitions[0].essential: want true or false, not a string; write it without quotes`},
		},
		"an object where a list belongs": {`{"volumes": {}}`, []string{`web.json:1:13: volumes: want a list, not an object`}},
		"a list where an object belongs": {`[]`, []string{`web.json:1:1: want an object, not a list`}},
		"half a CPU unit": {
			`{"containerDefinitions": [{"cpu": 0.5}]}`,
			[]string{`web.json:1:35: containerDefinitions[0].cpu: 0.5 is not a whole number of 32 bits`},
		},
		"a number too large": {
			`{"containerDefinitions": [{"cpu": 9999999999}]}`,
			[]string{`web.json:1:35: containerDefinitions[0].cpu: 9999999999 is not a whole number of 32 bits`},
		},
		"a value that an enumeration lacks": {
			`{"networkMode": "vpc"}`,
			[]string{`web.json:1:17: networkMode: "vpc" is none of bridge, host, awsvpc, none`},
		},
		"an option that is no string": {
			`{"containerDefinitions": [{"logConfiguration": {"options": {"awslogs-create-group": true}}}]}`,
			[]string{`web.json:1:85: containerDefinitions[0].logConfiguration.options.awslogs-create-group: want a string, not true or false; write it in quotes`},
		},
		"a key given twice":      {`{"cpu": "1", "cpu": "2"}`, []string{`web.json:1:14: cpu: given twice`}},
		"an option given twice":  {`{"containerDefinitions": [{"dockerLabels": {"a": "1", "a": "2"}}]}`, []string{`web.json:1:55: containerDefinitions[0].dockerLabels.a: given twice`}},
		"null in a list":         {`{"containerDefinitions": [null]}`, []string{`web.json:1:27: containerDefinitions[0]: null in a list`}},
		"a comment":              {"{\n  // the family\n  \"family\": \"x\"}", []string{`web.json:2:3: not JSON: invalid character '/'`}},
		"a trailing comma":       {`{"family": "x",}`, []string{`web.json:1:16: not JSON: invalid character '}'`}},
		"text that ends":         {`{"family": "x"`, []string{`web.json:1:15: not JSON: the text ends too early`}},
		"an empty file":          {"", []string{`web.json:1:1: not JSON: the text ends too early`}},
		"two values":             {`{} {}`, []string{`web.json:1:4: not JSON: invalid character '{' after top-level value`}},
		"bytes that are no text": {"{\"family\": \"\xff\"}", []string{`web.json:1:1: not JSON: the text is not UTF-8`}},
		"brackets without end":   {strings.Repeat("[", 60) + strings.Repeat("]", 60), []string{`web.json:1:51: not JSON: more than 50 objects and lists within one another`}},
		"a stranger beside a described definition": {
			`{"taskDefinition": {}, "failures": []}`,
			[]string{`web.json:1:24: failures: unknown key beside taskDefinition`},
		},
		"tags in two places": {
			`{"taskDefinition": {"tags": []}, "tags": []}`,
			[]string{`web.json:1:21: taskDefinition.tags: given twice`},
		},
		"all of them": {
			`{"cpu": 1, "volumes": [{"name": 2, "nam": "x"}]}`,
			[]string{"web.json:1:9: cpu", "web.json:1:33: volumes[0].name", "web.json:1:36: volumes[0].nam: unknown key"},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			td, err := taskdef.Read("web.json", strings.NewReader(tt.text), nil)
			if err == nil || td != nil {
				t.Fatalf("read %v, %v", td, err)
			}
			if _, ok := errors.AsType[*taskdef.ReadError](err); !ok {
				t.Errorf("%T is no *ReadError", err)
			}
			for _, want := range tt.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("error\n%v\ndoes not say\n%s", err, want)
				}
			}
			if got := strings.Count(err.Error(), "\n") + 1; got != len(tt.want) {
				t.Errorf("%d lines, want %d:\n%v", got, len(tt.want), err)
			}
		})
	}
}

func TestReadNeverShowsAValue(t *testing.T) {
	for _, text := range []string{
		`{"containerDefinitions": [{"environment": [{"name": "PIN", "value": 734912}]}]}`,
		`{"containerDefinitions": [{"environment": [{"name": "PIN", "value": "734912", "valu": "734912"}]}]}`,
		`{"containerDefinitions": [{"environment": ["734912"]}]}`,
		`{"containerDefinitions": [{"command": {"734912": "734912"}, "image": ["734912"]}]}`,
		`{"containerDefinitions": [{"environment": [{"name": "{{ must_env "PIN" }}", "value": "734912}]}]}`,
	} {
		_, err := taskdef.Read("web.json", strings.NewReader(text), taskdef.Map(map[string]string{"PIN": "734912"}))
		if err == nil || strings.Contains(err.Error(), "734912") {
			t.Errorf("%s: error %v", text, err)
		}
	}
}

func TestReadTakesNullByteOrderMarksAndReadOnlyFields(t *testing.T) {
	td, err := taskdef.Read("web.json", strings.NewReader("\ufeff"+`{"family": "x", "cpu": null, "volumes": null, "revision": 7, "status": "ACTIVE"}`), nil)
	if err != nil || *td.Family != "x" || td.Cpu != nil || td.Volumes != nil {
		t.Errorf("read %v, %v", td, err)
	}
	if _, err := taskdef.Read("web.json", strings.NewReader(strings.Repeat(" ", 1<<20+1)), nil); err == nil || !strings.Contains(err.Error(), "larger than") {
		t.Errorf("a file of more than a mebibyte: %v", err)
	}
	broken := errors.New("disk broken")
	if _, err := taskdef.Read("web.json", failing{broken}, nil); !errors.Is(err, broken) {
		t.Errorf("error %v", err)
	}
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

func TestTemplates(t *testing.T) {
	given := taskdef.Map(map[string]string{"TAG": "42", "EMPTY": "", "QUOTED": "a \"b\"\n<c>", "PLAIN": `a "b"`})
	tests := map[string]struct {
		text string
		want string // family, or
		errs []string
	}{
		"a variable":                        {text: `{"family": "{{ must_env "TAG" }}"}`, want: "42"},
		"a default":                         {text: `{"family": "{{ env "NONE" "web" }}"}`, want: "web"},
		"a default that is not needed":      {text: `{"family": "{{ env "TAG" "web" }}"}`, want: "42"},
		"an empty variable has its default": {text: `{"family": "{{ env "EMPTY" "web" }}"}`, want: "web"},
		"an empty variable is given":        {text: `{"family": "{{ must_env "EMPTY" }}{{ env "EMPTY" }}"}`, want: ""},
		"the first of several variables":    {text: `{"family": "{{ env "NONE" "TAG" "web" }}"}`, want: "42"},
		"a value that needs escaping":       {text: `{"family": "{{ must_env "QUOTED" | json_escape }}"}`, want: "a \"b\"\n<c>"},
		"text that looks like a template":   {text: "{\"family\": \"{{ `{{.Name}}` }}\"}", want: "{{.Name}}"},
		"a condition":                       {text: `{"family": "{{ if eq (env "TAG" "") "42" }}yes{{ end }}"}`, want: "yes"},
		"a missing variable": {
			text: "{\n\"family\": \"{{ must_env \"IMAGE\" }}\"}", errs: []string{`web.json:2:15: must_env "IMAGE": no such variable`},
		},
		"all missing variables": {
			text: "{{ must_env `A` }}\n{{ must_env `B` }}\n{{ env `C` }}",
			errs: []string{`web.json:1:4: must_env "A": no`, `web.json:2:4: must_env "B": no`, `web.json:3:4: env "C", which has no default: no`},
		},
		"an unknown function":          {text: "\n{{ tfstate `x` }}", errs: []string{`web.json:2:1: function "tfstate" not defined; there are env, must_env and json_escape`}},
		"a field":                      {text: `{"family": "{{ .Name }}"}`, errs: []string{"web.json:1:16: <.Name>: templates know no fields; text for ECS that looks like one is written {{ `{{.Name}}` }}"}},
		"an action without end":        {text: "{\n\n{{", errs: []string{"web.json:3:1: unclosed action"}},
		"env without a name":           {text: "{{ env }}", errs: []string{"env needs the name of a variable and a default"}},
		"a value that breaks the JSON": {text: `{"family": "{{ must_env "PLAIN" }}"}`, errs: []string{"web.json:1:16: not JSON"}},
		"a template without end":       {text: "{{ range 10000000 }}xxxxxxxxxxxxxxxxxxxxxxxxxxxx{{ end }}", errs: []string{"web.json:1:1: its templates expand to more than 1048576 bytes"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			td, err := taskdef.Read("web.json", strings.NewReader(tt.text), given)
			if tt.errs == nil {
				if err != nil || *td.Family != tt.want {
					t.Fatalf("read %v, %v", td, err)
				}
				return
			}
			if err == nil {
				t.Fatal("read")
			}
			lines := strings.Split(err.Error(), "\n")
			if len(lines) != len(tt.errs) {
				t.Errorf("%d lines, want %d:\n%v", len(lines), len(tt.errs), err)
			}
			for i, want := range tt.errs {
				if !strings.Contains(lines[min(i, len(lines)-1)], want) {
					t.Errorf("line %d of\n%v\ndoes not say\n%s", i+1, err, want)
				}
			}
		})
	}
	_, err := taskdef.Read("web.json", strings.NewReader(`{{ must_env "IMAGE" }}`), given)
	if !errors.Is(err, taskdef.ErrNoVariable) {
		t.Errorf("%v is no ErrNoVariable", err)
	}
	td, err := taskdef.Read("web.json", strings.NewReader(`{"family": "{{.Name}}"}`), nil)
	if err != nil || *td.Family != "{{.Name}}" {
		t.Errorf("without variables: %v, %v", td, err)
	}
}

func TestReadSeesNoEnvironment(t *testing.T) {
	t.Setenv("IMAGE", "from the environment")
	text := `{"family": "{{ env "IMAGE" "default" }}"}`
	td, err := taskdef.Read("web.json", strings.NewReader(text), taskdef.Map(nil))
	if err != nil || *td.Family != "default" {
		t.Errorf("read %v, %v", td, err)
	}
	td, err = taskdef.Read("web.json", strings.NewReader(text), os.LookupEnv)
	if err != nil || *td.Family != "from the environment" {
		t.Errorf("read %v, %v", td, err)
	}
}

func ExampleRead() {
	const file = `{
  "family": "notifier",
  "containerDefinitions": [
    {"name": "notifier", "image": "{{ must_env "IMAGE" }}", "memory": 256}
  ]
}`
	td, err := taskdef.Read("notifier.json", strings.NewReader(file), taskdef.Map(map[string]string{"IMAGE": "notifier:42"}))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(*td.ContainerDefinitions[0].Image, taskdef.Check(td))

	_, err = taskdef.Read("notifier.json", strings.NewReader(file), taskdef.Map(nil))
	fmt.Println(err)
	// Output:
	// notifier:42 <nil>
	// notifier.json:4:39: must_env "IMAGE": no such variable
}
