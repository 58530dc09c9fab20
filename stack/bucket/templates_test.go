package bucket_test

import (
	"crypto/sha256"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mettel-automation/delivery/stack/bucket"
)

func TestUpload(t *testing.T) {
	body := []byte("Resources: {A: {Type: AWS::S3::Bucket}}")
	key := fmt.Sprintf("%x.template", sha256.Sum256(body))
	tests := map[string]struct {
		templates bucket.Templates
		url, key  string
	}{
		"the bucket is in the host": {
			bucket.Templates{Bucket: "templates", Region: "eu-west-1"},
			"https://templates.s3.eu-west-1.amazonaws.com/templates/" + key, "templates/" + key,
		},
		"a prefix of one's own": {
			bucket.Templates{Bucket: "templates", Region: "us-east-1", Prefix: "/cfn/master/", Account: account},
			"https://templates.s3.us-east-1.amazonaws.com/cfn/master/" + key, "cfn/master/" + key,
		},
		"another partition": {
			bucket.Templates{Bucket: "templates", Region: "cn-north-1"},
			"https://templates.s3.cn-north-1.amazonaws.com.cn/templates/" + key, "templates/" + key,
		},
		"a bucket with dots has no certificate, so it is in the path": {
			bucket.Templates{Bucket: "my.templates", Region: "eu-west-1"},
			"https://s3.eu-west-1.amazonaws.com/my.templates/templates/" + key, "my.templates/templates/" + key,
		},
		"an S3 of one's own": {
			bucket.Templates{Bucket: "templates", Region: "eu-west-1", Endpoint: "http://127.0.0.1:5000"},
			"http://127.0.0.1:5000/templates/templates/" + key, "templates/" + key,
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			m := newMemory("templates")
			if strings.Contains(tt.templates.Bucket, ".") {
				m.bucket = "s3" // the host's first word, where the bucket is in the path
			}
			tt.templates.API = m.client()
			for range 2 {
				url, err := tt.templates.Upload(t.Context(), body)
				if err != nil || url != tt.url {
					t.Errorf("url is %s, error %v, want %s", url, err, tt.url)
				}
			}
			if d := cmp.Diff(map[string][]byte{tt.key: body}, m.objects); d != "" {
				t.Errorf("objects (-want +got):\n%s", d)
			}
			if d := cmp.Diff(map[string]int{"HeadObject": 2, "PutObject": 1}, m.calls); d != "" {
				t.Errorf("calls (-want +got):\n%s", d)
			}
		})
	}
}

func TestUploadReplacesWhatIsNotTheTemplate(t *testing.T) {
	body := []byte(`{"Resources": {}}`)
	m := newMemory("templates")
	key := fmt.Sprintf("templates/%x.template", sha256.Sum256(body))
	m.objects[key] = []byte("something else under this name")
	if _, err := (bucket.Templates{API: m.client(), Bucket: "templates", Region: "eu-west-1"}).Upload(t.Context(), body); err != nil {
		t.Fatal(err)
	}
	if got := string(m.objects[key]); got != string(body) {
		t.Errorf("stored is %q", got)
	}
}

func TestUploadWithoutThePermissionToList(t *testing.T) {
	m := newMemory("templates")
	m.before = func(op string) (int, string, string) {
		if op == "HeadObject" {
			return http.StatusForbidden, "Forbidden", ""
		}
		return 0, "", ""
	}
	_, err := bucket.Templates{API: m.client(), Bucket: "templates", Region: "eu-west-1"}.Upload(t.Context(), []byte("a"))
	if err != nil || len(m.objects) != 1 {
		t.Errorf("%d objects, error %v", len(m.objects), err)
	}
}

func TestUploadFails(t *testing.T) {
	fails := func(op string, status int, code string) func(string) (int, string, string) {
		return func(got string) (int, string, string) {
			if got == op {
				return status, code, "no"
			}
			return 0, "", ""
		}
	}
	good := bucket.Templates{Bucket: "templates", Region: "eu-west-1"}
	other := good
	other.Account = "999999999999"
	tests := map[string]struct {
		templates bucket.Templates
		body      string
		before    func(string) (int, string, string)
		want      string // how the error begins
		calls     int
	}{
		"no bucket":                 {templates: bucket.Templates{Region: "eu-west-1"}, body: "a", want: "upload template: Templates.Bucket is empty"},
		"no region":                 {templates: bucket.Templates{Bucket: "templates"}, body: "a", want: "upload template: Templates.Region is empty"},
		"no template":               {templates: good, want: "upload template: the template is empty"},
		"a template too large":      {templates: good, body: strings.Repeat("x", 1_000_001), want: "upload template: the template has 1000001 bytes, and CloudFormation reads at most 1000000: split the stack"},
		"a bucket that is not":      {templates: bucket.Templates{Bucket: "nobody", Region: "eu-west-1"}, body: "a", want: "upload template to bucket nobody: the bucket does not exist: ", calls: 2},
		"a bucket of others":        {templates: other, body: "a", want: "upload template to bucket templates: either the credentials may not, or the bucket belongs to another account than 999999999999: put templates/", calls: 2},
		"another region":            {templates: good, body: "a", before: fails("HeadObject", http.StatusMovedPermanently, "x"), want: "upload template to bucket templates: the bucket is in another region than the client: look for templates/", calls: 1},
		"a failing look":            {templates: good, body: "a", before: fails("HeadObject", http.StatusInternalServerError, "x"), want: "upload template to bucket templates: look for templates/", calls: 1},
		"a failing put":             {templates: good, body: "a", before: fails("PutObject", http.StatusInternalServerError, "InternalError"), want: "upload template to bucket templates: put templates/", calls: 2},
		"a region of strange signs": {templates: bucket.Templates{Bucket: "templates", Region: "eu west"}, body: "a", want: "upload template to bucket templates: address of the bucket in region eu west: "},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			m := newMemory("templates")
			m.before = tt.before
			tt.templates.API = m.client()
			url, err := tt.templates.Upload(t.Context(), []byte(tt.body))
			if err == nil || !strings.HasPrefix(err.Error(), tt.want) || url != "" {
				t.Errorf("url is %q, error\n%v\nwant\n%s", url, err, tt.want)
			}
			if got := m.calls["HeadObject"] + m.calls["PutObject"]; got != tt.calls {
				t.Errorf("%d calls, want %d", got, tt.calls)
			}
		})
	}
	if _, err := good.Upload(t.Context(), []byte("a")); err == nil || err.Error() != "upload template: Templates.API is nil" {
		t.Errorf("without a client: %v", err)
	}
}

func TestUploadTakesTheLargestTemplate(t *testing.T) {
	m := newMemory("templates")
	body := []byte(strings.Repeat("x", bucket.MaxTemplateBytes))
	if _, err := (bucket.Templates{API: m.client(), Bucket: "templates", Region: "eu-west-1"}).Upload(t.Context(), body); err != nil {
		t.Error(err)
	}
}
