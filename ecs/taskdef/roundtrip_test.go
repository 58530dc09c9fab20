package taskdef_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/credentials"
	awsecs "github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/mettel-automation/delivery/ecs/taskdef"
)

// filler gives every field of a type a value of its own.
type filler struct{ n int }

func (f *filler) fill(v reflect.Value) {
	f.n++
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		f.fill(v.Elem())
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				f.fill(v.Field(i))
			}
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		f.fill(v.Index(0))
		f.fill(v.Index(1))
	case reflect.Map:
		v.Set(reflect.ValueOf(map[string]string{"Some-Key.x": fmt.Sprint(f.n), "some-Key.x": "", "": "none"}))
	case reflect.String:
		if values := v.MethodByName("Values"); values.IsValid() {
			all := values.Call(nil)[0]
			v.Set(all.Index(f.n % all.Len()))
			return
		}
		v.SetString(fmt.Sprintf("text \"%d\" {{ü}}", f.n))
	case reflect.Interface: // the one union
		member := new(types.SharingStrategyMemberNvidiaMps)
		f.fill(reflect.ValueOf(member).Elem())
		v.Set(reflect.ValueOf(member))
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int32:
		v.SetInt(int64(f.n))
	default:
		panic("no value for " + v.Type().String())
	}
}

// onTheWire is what a real SDK client sends for td.
func onTheWire(t *testing.T, td *awsecs.RegisterTaskDefinitionInput) []byte {
	t.Helper()
	var body []byte
	client := awsecs.New(awsecs.Options{
		Region: "us-east-1", Credentials: credentials.NewStaticCredentialsProvider("test", "test", ""), RetryMaxAttempts: 1,
		HTTPClient: &http.Client{Transport: transport(func(r *http.Request) (*http.Response, error) {
			var err error
			body, err = io.ReadAll(r.Body)
			return nil, errors.Join(err, errors.New("seen enough"))
		})},
	})
	if _, err := client.RegisterTaskDefinition(t.Context(), td); body == nil {
		t.Fatal(err)
	}
	return body
}

type transport func(*http.Request) (*http.Response, error)

func (f transport) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// TestReadGivesBackWhatTheSDKSends holds the keys of every field of the type,
// however deep, to those that the SDK itself writes.
func TestReadGivesBackWhatTheSDKSends(t *testing.T) {
	want := new(awsecs.RegisterTaskDefinitionInput)
	f := new(filler)
	f.fill(reflect.ValueOf(want).Elem())
	if f.n < 300 {
		t.Errorf("only %d values were filled", f.n)
	}
	body := onTheWire(t, want)
	got, err := taskdef.Read("wire.json", bytes.NewReader(body), nil)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(want, got) {
		t.Errorf("Read (-want +got):\n%s", diff(want, got))
	}
	wrapped := fmt.Sprintf(`{"taskDefinition": %s}`, body)
	got, err = taskdef.Read("wire.json", strings.NewReader(wrapped), nil)
	if err != nil || !reflect.DeepEqual(want, got) {
		t.Errorf("wrapped: %v (-want +got):\n%s", err, diff(want, got))
	}
	if lines := taskdef.Diff(want, registeredFrom(want)); lines != nil {
		t.Errorf("it differs from itself: %v", lines)
	}
}

// TestReadRefusesEachValueOfAWrongType replaces one leaf at a time by an object
// with an unknown key, and misspells one key at a time.
func TestReadRefusesEachValueOfAWrongType(t *testing.T) {
	full := new(awsecs.RegisterTaskDefinitionInput)
	new(filler).fill(reflect.ValueOf(full).Elem())
	var tree any
	if err := json.Unmarshal(onTheWire(t, full), &tree); err != nil {
		t.Fatal(err)
	}
	places := 0
	walk(tree, "", func(path string, set func(any), old any) {
		places++
		set([]any{[]any{map[string]any{"x": 1}}})
		text, err := json.Marshal(tree)
		set(old)
		if err != nil {
			t.Fatal(err)
		}
		_, err = taskdef.Read("wire.json", bytes.NewReader(text), nil)
		if at, ok := errors.AsType[*taskdef.ReadError](err); !ok || !strings.HasPrefix("."+at.Key, path) {
			t.Errorf("%s: error %v", path, err)
		}
		if m, ok := old.(map[string]any); ok && !strings.HasSuffix(path, "ptions") && !strings.HasSuffix(path, "abels") && !strings.HasSuffix(path, "Opts") {
			m["unheardOf"] = 1
			text, err := json.Marshal(tree)
			delete(m, "unheardOf")
			if err != nil {
				t.Fatal(err)
			}
			if _, err = taskdef.Read("wire.json", bytes.NewReader(text), nil); err == nil || !strings.Contains(err.Error(), "unheardOf: unknown key") && !strings.Contains(err.Error(), "exactly one of") {
				t.Errorf("%s: unknown key: %v", path, err)
			}
		}
	})
	if places < 300 {
		t.Errorf("only %d places were tried", places)
	}
}

func FuzzRead(f *testing.F) {
	for _, path := range []string{"testdata/cli-input.json", "testdata/describe.json", "testdata/ecspresso.json"} {
		b, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(b), true)
		f.Add(string(b), false)
	}
	f.Add(`{"family": "x", "cpu": null}`, false)
	f.Add(`{"taskDefinition": {"tags": []}, "tags": [{"key": "a"}]}`, false)
	f.Add("\ufeff[1, {\"a\" : \"\\u00e9\"}]", false)
	f.Add("{{ must_env `A` }}{{ env `B` `C` | json_escape }}{{ .X }}", true)
	f.Fuzz(func(t *testing.T, text string, templates bool) {
		v := vars()
		if !templates || strings.Contains(text, "range") { // a template may loop for ever
			v = nil
		}
		td, err := taskdef.Read("f.json", strings.NewReader(text), v)
		if err != nil {
			if at, ok := errors.AsType[*taskdef.ReadError](err); ok && (at.Line < 1 || at.Column < 1) {
				t.Errorf("place %d:%d", at.Line, at.Column)
			}
			return
		}
		_ = taskdef.Check(td) // whatever it finds, it must not panic
		if lines := taskdef.Diff(td, registeredFrom(td)); lines != nil {
			t.Errorf("it differs from itself: %v", lines)
		}
		if _, _, err := taskdef.Pin(td, map[string]string{"a": "b"}); err != nil && !strings.Contains(err.Error(), "no digest") {
			t.Error(err)
		}
	})
}
