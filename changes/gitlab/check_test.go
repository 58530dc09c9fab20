package gitlab

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"unicode/utf8"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v4"
)

// schema is GitLab's own of .gitlab-ci.yml; see testdata/README.md.
var schema = sync.OnceValues(func() (*jsonschema.Schema, error) {
	content, err := os.ReadFile("testdata/schema.json")
	if err != nil {
		return nil, err
	}
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(content))
	if err != nil {
		return nil, err
	}
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource("ci.json", document); err != nil {
		return nil, err
	}
	return compiler.Compile("ci.json")
})

// ciJob is what is looked at in a job.
type ciJob struct {
	name  string
	stage string
	needs []string
}

// checked holds a pipeline to the schema and to what GitLab checks besides, and
// returns its jobs by their names.
func checked(t testing.TB, pipeline []byte) map[string]ciJob {
	t.Helper()
	s, err := schema()
	if err != nil {
		t.Fatal(err)
	}
	var document map[string]any
	if err := yaml.Load(pipeline, &document); err != nil {
		t.Fatalf("%v in\n%s", err, pipeline)
	}
	asJSON, err := json.Marshal(document)
	if err != nil {
		t.Fatal(err)
	}
	plain, err := jsonschema.UnmarshalJSON(bytes.NewReader(asJSON))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Validate(plain); err != nil {
		t.Fatalf("the schema of GitLab refuses it: %v\n%s", err, pipeline)
	}
	jobs := map[string]ciJob{}
	for name, body := range document {
		if !slices.Contains(globalKeys, name) && !strings.HasPrefix(name, ".") {
			jobs[name] = readJob(name, body.(map[string]any))
		}
	}
	if err := sound(jobs, stagesOf(document)); err != nil {
		t.Fatalf("%v in\n%s", err, pipeline)
	}
	return jobs
}

func readJob(name string, body map[string]any) ciJob {
	j := ciJob{name: name, stage: "test"}
	if stage, ok := body["stage"].(string); ok {
		j.stage = stage
	}
	needs, _ := body["needs"].([]any)
	for _, n := range needs {
		switch n := n.(type) {
		case string:
			j.needs = append(j.needs, n)
		case map[string]any:
			j.needs = append(j.needs, n["job"].(string))
		}
	}
	return j
}

func stagesOf(document map[string]any) []string {
	stages := []string{".pre"}
	listed, ok := document["stages"].([]any)
	if !ok {
		listed = []any{"build", "test", "deploy"}
	}
	for _, s := range listed {
		stages = append(stages, s.(string))
	}
	return append(stages, ".post")
}

// sound is what GitLab checks when it creates a pipeline: there is a job, names
// are not too long, and what is needed exists, in no later stage, without cycles,
// once each and not too many.
func sound(jobs map[string]ciJob, stages []string) error {
	if len(jobs) == 0 {
		return fmt.Errorf("there is no job")
	}
	var visit func(name string, path []string) error
	done := map[string]bool{}
	visit = func(name string, path []string) error {
		if slices.Contains(path, name) {
			return fmt.Errorf("needs go in a circle: %q", append(path, name))
		}
		if done[name] {
			return nil
		}
		for _, n := range jobs[name].needs {
			if err := visit(n, append(slices.Clip(path), name)); err != nil {
				return err
			}
		}
		done[name] = true
		return nil
	}
	for name, j := range jobs {
		at := slices.Index(stages, j.stage)
		switch {
		case utf8.RuneCountInString(name) > 255 || name == "":
			return fmt.Errorf("job %q has a bad name", name)
		case at < 0:
			return fmt.Errorf("job %q is in the unknown stage %q", name, j.stage)
		case len(j.needs) > 50:
			return fmt.Errorf("job %q needs %d jobs", name, len(j.needs))
		case len(slices.Compact(slices.Sorted(slices.Values(j.needs)))) != len(j.needs):
			return fmt.Errorf("job %q needs one twice: %q", name, j.needs)
		}
		for _, n := range j.needs {
			if other, ok := jobs[n]; !ok || slices.Index(stages, other.stage) > at {
				return fmt.Errorf("job %q needs %q, which is missing or in a later stage", name, n)
			}
		}
		if err := visit(name, nil); err != nil {
			return err
		}
	}
	return nil
}

func TestSchemaRefusesWhatGitLabDoes(t *testing.T) {
	s, err := schema()
	if err != nil {
		t.Fatal(err)
	}
	for _, bad := range []string{`{"a": {"stage": 1}}`, `{"a": {"script": ["x"], "needs": [{"pipeline": 1}]}}`, `{"stages": "x"}`, `{"a": {"script": ["x"], "for": {}}}`} {
		v, err := jsonschema.UnmarshalJSON(strings.NewReader(bad))
		if err != nil {
			t.Fatal(err)
		}
		if s.Validate(v) == nil {
			t.Errorf("%s passes the schema", bad)
		}
	}
}
