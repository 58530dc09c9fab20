package query_test

import (
	"net/http"
	"net/url"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	"github.com/aws/smithy-go/middleware"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/mettel-automation/delivery/stack/stacktest/internal/query"
)

// filled is a value of type t in which every field is set, down to some depth.
func filled(t reflect.Type, depth int) reflect.Value {
	v := reflect.New(t).Elem()
	if t == reflect.TypeFor[time.Time]() {
		v.Set(reflect.ValueOf(time.Date(2026, 11, 22, 17, 41, 3, 250e6, time.UTC)))
		return v
	}
	switch t.Kind() {
	case reflect.Pointer:
		if depth > 0 {
			v.Set(reflect.New(t.Elem()))
			v.Elem().Set(filled(t.Elem(), depth))
		}
	case reflect.Struct:
		for i := range t.NumField() {
			if f := t.Field(i); f.IsExported() && f.Name != "ResultMetadata" {
				v.Field(i).Set(filled(f.Type, depth-1))
			}
		}
	case reflect.Slice:
		if depth > 0 {
			v.Set(reflect.MakeSlice(t, 2, 2))
			v.Index(0).Set(filled(t.Elem(), depth))
			v.Index(1).Set(filled(t.Elem(), depth))
		}
	case reflect.String:
		v.SetString("a < b & \"c\"\n" + t.Name())
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int32, reflect.Int64:
		v.SetInt(42)
	case reflect.Map: // only imports have one, and are refused
		v.Set(reflect.MakeMap(t))
	default:
		panic("no value for a " + t.String())
	}
	return v
}

// roundTrip sends a full input through a real client, which gets a full output.
func roundTrip[In, Out any](call func(*cloudformation.Client) func(in *In) (*Out, error)) func(t *testing.T) {
	return func(t *testing.T) {
		in := filled(reflect.TypeFor[In](), 6).Addr().Interface().(*In)
		want := filled(reflect.TypeFor[Out](), 6).Addr().Interface().(*Out)
		received := new(In)
		op := strings.TrimSuffix(reflect.TypeFor[In]().Name(), "Input")
		client := cloudformation.New(cloudformation.Options{
			Region: "us-east-1", Credentials: credentials.NewStaticCredentialsProvider("test", "test", ""),
			HTTPClient: doer(func(r *http.Request) (*http.Response, error) {
				if err := r.ParseForm(); err != nil {
					return nil, err
				}
				if got := r.PostForm.Get("Action"); got != op {
					t.Errorf("the action is %s, want %s", got, op)
				}
				if err := query.Decode(r.PostForm, received); err != nil {
					return nil, err
				}
				return answer(http.StatusOK, query.Encode(op, want, "id")), nil
			}),
		})
		got, err := call(client)(in)
		if err != nil {
			t.Fatal(err)
		}
		same := []cmp.Option{cmpopts.EquateEmpty(), cmpopts.IgnoreTypes(middleware.Metadata{}), cmp.Exporter(func(reflect.Type) bool { return true })}
		if d := cmp.Diff(in, received, same...); d != "" {
			t.Errorf("input (-sent +received):\n%s", d)
		}
		if d := cmp.Diff(want, got, same...); d != "" {
			t.Errorf("output (-sent +received):\n%s", d)
		}
	}
}

func TestEveryFieldOfEveryOperationIsCarried(t *testing.T) {
	ctx := t.Context()
	for name, test := range map[string]func(*testing.T){
		"CreateChangeSet": roundTrip(func(c *cloudformation.Client) func(*cloudformation.CreateChangeSetInput) (*cloudformation.CreateChangeSetOutput, error) {
			return func(in *cloudformation.CreateChangeSetInput) (*cloudformation.CreateChangeSetOutput, error) {
				return c.CreateChangeSet(ctx, in)
			}
		}),
		"DescribeChangeSet": roundTrip(func(c *cloudformation.Client) func(*cloudformation.DescribeChangeSetInput) (*cloudformation.DescribeChangeSetOutput, error) {
			return func(in *cloudformation.DescribeChangeSetInput) (*cloudformation.DescribeChangeSetOutput, error) {
				return c.DescribeChangeSet(ctx, in)
			}
		}),
		"DescribeStacks": roundTrip(func(c *cloudformation.Client) func(*cloudformation.DescribeStacksInput) (*cloudformation.DescribeStacksOutput, error) {
			return func(in *cloudformation.DescribeStacksInput) (*cloudformation.DescribeStacksOutput, error) {
				return c.DescribeStacks(ctx, in)
			}
		}),
		"DescribeStackEvents": roundTrip(func(c *cloudformation.Client) func(*cloudformation.DescribeStackEventsInput) (*cloudformation.DescribeStackEventsOutput, error) {
			return func(in *cloudformation.DescribeStackEventsInput) (*cloudformation.DescribeStackEventsOutput, error) {
				return c.DescribeStackEvents(ctx, in)
			}
		}),
		"DeleteStack": roundTrip(func(c *cloudformation.Client) func(*cloudformation.DeleteStackInput) (*cloudformation.DeleteStackOutput, error) {
			return func(in *cloudformation.DeleteStackInput) (*cloudformation.DeleteStackOutput, error) {
				return c.DeleteStack(ctx, in)
			}
		}),
		"DescribeStackResourceDrifts": roundTrip(func(c *cloudformation.Client) func(*cloudformation.DescribeStackResourceDriftsInput) (*cloudformation.DescribeStackResourceDriftsOutput, error) {
			return func(in *cloudformation.DescribeStackResourceDriftsInput) (*cloudformation.DescribeStackResourceDriftsOutput, error) {
				return c.DescribeStackResourceDrifts(ctx, in)
			}
		}),
		"CreateStack": roundTrip(func(c *cloudformation.Client) func(*cloudformation.CreateStackInput) (*cloudformation.CreateStackOutput, error) {
			return func(in *cloudformation.CreateStackInput) (*cloudformation.CreateStackOutput, error) {
				return c.CreateStack(ctx, in)
			}
		}),
		"ListStackResources": roundTrip(func(c *cloudformation.Client) func(*cloudformation.ListStackResourcesInput) (*cloudformation.ListStackResourcesOutput, error) {
			return func(in *cloudformation.ListStackResourcesInput) (*cloudformation.ListStackResourcesOutput, error) {
				return c.ListStackResources(ctx, in)
			}
		}),
	} {
		t.Run(name, test)
	}
}

func TestErrorsReachTheClient(t *testing.T) {
	body := string(query.EncodeError(400, "ValidationError", "a < b", "id"))
	for _, want := range []string{"<Type>Sender</Type>", "<Code>ValidationError</Code>", "<Message>a &lt; b</Message>", "<RequestId>id</RequestId>"} {
		if !strings.Contains(body, want) {
			t.Errorf("no %s in %s", want, body)
		}
	}
	if body := string(query.EncodeError(503, "ServiceUnavailable", "", "id")); !strings.Contains(body, "<Type>Receiver</Type>") {
		t.Error(body)
	}
}

func TestBadValuesAreNamed(t *testing.T) {
	tests := map[string]struct {
		form url.Values
		want string
	}{
		"a boolean that is none":           {url.Values{"EnableTerminationProtection": {"maybe"}}, `decode EnableTerminationProtection: "maybe" is no boolean`},
		"a number that is none":            {url.Values{"TimeoutInMinutes": {"soon"}}, `decode TimeoutInMinutes: "soon" is no integer`},
		"a boolean deep inside":            {url.Values{"Parameters.member.1.UsePreviousValue": {"x"}}, `decode Parameters.member.1.UsePreviousValue: "x" is no boolean`},
		"a list that skips its first":      {form: url.Values{"Tags.member.2.Key": {"x"}}},
		"parameters that nobody asked for": {form: url.Values{"Nothing": {"x"}, "Tags.member.x": {"y"}}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var in cloudformation.CreateStackInput
			got := ""
			if err := query.Decode(tt.form, &in); err != nil {
				got = err.Error()
			}
			if got != tt.want {
				t.Errorf("%q, want %q", got, tt.want)
			}
			if tt.want == "" && !reflect.DeepEqual(in, cloudformation.CreateStackInput{}) {
				t.Errorf("something was read: %+v", in)
			}
		})
	}
}

func TestAnEmptyListIsNotAMissingOne(t *testing.T) {
	var in cloudformation.UpdateStackInput
	if err := query.Decode(url.Values{"Tags": {""}}, &in); err != nil || in.Tags == nil || in.Capabilities != nil {
		t.Errorf("%#v, %#v, %v", in.Tags, in.Capabilities, err)
	}
}

func FuzzDecode(f *testing.F) {
	f.Add("Action=CreateStack&Tags.member.1.Key=a&Tags.member.1.Value=b")
	f.Add("Parameters.member.1.UsePreviousValue=true&RollbackConfiguration.RollbackTriggers.member.1.Arn=x")
	f.Add("Tags=&TimeoutInMinutes=-1&DisableRollback=1")
	f.Fuzz(func(t *testing.T, text string) {
		form, err := url.ParseQuery(text)
		if err != nil {
			return
		}
		var in cloudformation.CreateStackInput
		if query.Decode(form, &in) != nil {
			return
		}
		for i, tag := range in.Tags {
			if tag.Key == nil && tag.Value == nil {
				t.Errorf("tag %d of %q is empty", i, text)
			}
		}
		_ = query.Encode("CreateStack", &in, "id")
	})
}

func FuzzEncode(f *testing.F) {
	f.Add("plain")
	f.Add("\x00 <&> \xff")
	f.Fuzz(func(t *testing.T, reason string) {
		body := query.Encode("DescribeStacks", &cloudformation.DescribeStacksOutput{Stacks: []types.Stack{{StackStatusReason: &reason}}}, "id")
		client := cloudformation.New(cloudformation.Options{
			Region: "us-east-1", Credentials: credentials.NewStaticCredentialsProvider("test", "test", ""),
			HTTPClient: doer(func(*http.Request) (*http.Response, error) { return answer(http.StatusOK, body), nil }),
		})
		out, err := client.DescribeStacks(t.Context(), &cloudformation.DescribeStacksInput{})
		if err != nil || len(out.Stacks) != 1 {
			t.Errorf("%+v, %v", out, err)
		}
	})
}
