package bucket_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/mettel-automation/delivery/progress"
	"github.com/mettel-automation/delivery/stack/bucket"
)

// ours are the tags of a bucket that Home has made.
var ours = map[string]string{"Environment": "automation-ephemeral", "Project": "automation"}

func home(m *memory) bucket.Home {
	return bucket.Home{API: m.client(), Bucket: "templates", Region: m.region, Account: account, Tags: ours}
}

func tags(of map[string]string) (all []struct{ Key, Value string }) {
	for key, value := range of {
		all = append(all, struct{ Key, Value string }{key, value})
	}
	return all
}

const (
	closed = `<PublicAccessBlockConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><BlockPublicAcls>true</BlockPublicAcls><BlockPublicPolicy>true</BlockPublicPolicy>` +
		`<IgnorePublicAcls>true</IgnorePublicAcls><RestrictPublicBuckets>true</RestrictPublicBuckets></PublicAccessBlockConfiguration>`
	expires = `<LifecycleConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Rule><Expiration><Days>30</Days></Expiration>` +
		`<Filter><Prefix>templates/</Prefix></Filter><ID>templates</ID><Status>Enabled</Status></Rule></LifecycleConfiguration>`
)

func TestHome(t *testing.T) {
	block, lifecycle := map[string]int{"PUT publicAccessBlock": 1}, map[string]int{"PUT lifecycle": 1}
	all := map[string]int{"CreateBucket": 1, "PUT publicAccessBlock": 1, "PUT lifecycle": 1}
	tests := map[string]struct {
		region   string
		absent   bool
		tags     map[string]string
		settings map[string]string
		plan     string
		writes   map[string]int
	}{
		"none is made": {
			region: "eu-west-1", absent: true, writes: all,
			plan: "create bucket templates\n  in eu-west-1, its objects owned by the account\n  public access blocked\n  what is below templates/ expires after 30 days\n",
		},
		"in us-east-1, which has no constraint": {
			region: "us-east-1", absent: true, writes: all,
			plan: "create bucket templates\n  in us-east-1, its objects owned by the account\n  public access blocked\n  what is below templates/ expires after 30 days\n",
		},
		"one that somebody else has made stays as it is": {plan: "bucket templates: as it should be\n"},
		"so does one with some of the tags":              {tags: map[string]string{"Project": "automation", "Environment": "automation-master"}, plan: "bucket templates: as it should be\n"},
		"one of its own that is complete":                {tags: ours, settings: map[string]string{"publicAccessBlock": closed, "lifecycle": expires}, plan: "bucket templates: as it should be\n"},
		"more tags are no others":                        {tags: map[string]string{"Project": "automation", "Environment": "automation-ephemeral", "x": "y"}, settings: map[string]string{"publicAccessBlock": closed}, plan: "update bucket templates\n  what is below templates/ expires after 30 days\n", writes: lifecycle},
		"what a killed run has left out": {
			tags: ours, plan: "update bucket templates\n  public access blocked\n  what is below templates/ expires after 30 days\n",
			writes: map[string]int{"PUT publicAccessBlock": 1, "PUT lifecycle": 1},
		},
		"one that is half open": {
			tags: ours, settings: map[string]string{"publicAccessBlock": strings.Replace(closed, "true", "false", 1), "lifecycle": expires},
			plan: "update bucket templates\n  public access blocked\n", writes: block,
		},
		"another lifecycle is that of people": {
			tags: ours, settings: map[string]string{"publicAccessBlock": closed, "lifecycle": strings.ReplaceAll(expires, "30", "7")}, plan: "bucket templates: as it should be\n",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			m := newMemory("templates")
			if tt.region != "" {
				m.region = tt.region
			}
			m.absent = tt.absent
			m.tag(tags(tt.tags)...)
			for query, text := range tt.settings {
				m.settings[query] = []byte(text)
			}
			h := home(m)
			plan, err := h.Plan(t.Context())
			if err != nil || plan.String() != tt.plan || plan.Empty() != (tt.writes == nil) {
				t.Errorf("%v, empty %v, plan:\n%s", err, plan.Empty(), plan)
			}
			if n := writes(m); len(n) > 0 {
				t.Errorf("planning writes %v", n)
			}
			if err := h.Apply(t.Context(), plan); err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(tt.writes, writes(m), cmpopts.EquateEmpty()); d != "" {
				t.Errorf("writes (-want +got):\n%s", d)
			}
			for query, want := range map[string]string{"publicAccessBlock": closed, "lifecycle": expires} {
				if tt.writes["PUT "+query] > 0 && string(m.settings[query]) != want {
					t.Errorf("%s: %s", query, m.settings[query])
				}
			}
			if again, err := h.Plan(t.Context()); err != nil || !again.Empty() || again.Action != bucket.Keep {
				t.Errorf("a second plan: %v\n%s", err, again)
			}
		})
	}
}

// writes are the calls that change something.
func writes(m *memory) map[string]int {
	n := map[string]int{}
	for op, count := range m.calls {
		if op == "CreateBucket" || strings.HasPrefix(op, "PUT ") {
			n[op] = count
		}
	}
	return n
}

func TestHomeFails(t *testing.T) {
	refuse := func(op string, status int, code string) func(string) (int, string, string) {
		return func(got string) (int, string, string) {
			if got == op {
				return status, code, "No, thank you"
			}
			return 0, "", ""
		}
	}
	tests := map[string]struct {
		change  func(*bucket.Home)
		before  func(string) (int, string, string)
		present bool
		want    string
		foreign bool
		calls   int
	}{
		"no client":        {change: func(h *bucket.Home) { h.API = nil }, want: "plan bucket: Home.API is nil"},
		"no name":          {change: func(h *bucket.Home) { h.Bucket = "" }, want: "plan bucket: Home.Bucket is empty"},
		"no region":        {change: func(h *bucket.Home) { h.Region = "" }, want: "plan bucket: Home.Region is empty"},
		"days that are no": {change: func(h *bucket.Home) { h.Days = -1 }, want: "plan bucket: Home.Days is -1: want at least 1, or 0 for 30"},
		"it is somebody else's": {
			change: func(h *bucket.Home) { h.Account = "999999999999" }, present: true, foreign: true, calls: 1,
			want: "plan bucket templates: the bucket belongs to another account, or the credentials may not ask for it (all accounts share the names of buckets: where this one is taken, choose another): look for it: ",
		},
		"it is in another region": {
			before: refuse("HeadBucket", http.StatusMovedPermanently, ""), calls: 1,
			want: "plan bucket templates: the bucket is in another region than the client: look for it: ",
		},
		"its tags may not be read": {
			before: refuse("GET tagging", http.StatusForbidden, "AccessDenied"), present: true, calls: 2, want: "plan bucket templates: read its tags: ",
		},
		"its access may not be read": {
			before: refuse("GET publicAccessBlock", http.StatusForbidden, "AccessDenied"), present: true, calls: 3, want: "plan bucket templates: read whether it is public: ",
		},
		"its lifecycle may not be read": {
			before: refuse("GET lifecycle", http.StatusForbidden, "AccessDenied"), present: true, calls: 4, want: "plan bucket templates: read its lifecycle: ",
		},
		"somebody else was faster": {
			before: refuse("CreateBucket", http.StatusConflict, "BucketAlreadyExists"), foreign: true, calls: 2,
			want: "create bucket templates: create it: the bucket belongs to another account, ",
		},
		"it may not be made": {
			before: refuse("CreateBucket", http.StatusForbidden, "AccessDenied"), calls: 2, want: "create bucket templates: create it: operation error S3: CreateBucket, ",
		},
		"its access may not be blocked": {
			before: refuse("PUT publicAccessBlock", http.StatusForbidden, "AccessDenied"), calls: 3, want: "create bucket templates: block public access: ",
		},
		"its lifecycle may not be set": {
			before: refuse("PUT lifecycle", http.StatusForbidden, "AccessDenied"), calls: 4, want: "create bucket templates: let its templates expire: ",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			m := newMemory("templates")
			m.before, m.absent = tt.before, !tt.present
			if tt.present {
				m.tag(tags(ours)...)
			}
			var last progress.Event
			h := home(m)
			h.Progress = func(e progress.Event) { last = e }
			if tt.change != nil {
				tt.change(&h)
			}
			plan, err := h.Plan(t.Context())
			if err == nil {
				err = h.Apply(t.Context(), plan)
				if last.State != progress.Failed || last.Err == nil {
					t.Errorf("last event %+v", last)
				}
			}
			if err == nil || !strings.HasPrefix(err.Error(), tt.want) || errors.Is(err, bucket.ErrForeign) != tt.foreign {
				t.Errorf("foreign %v: %v\nwant %s", errors.Is(err, bucket.ErrForeign), err, tt.want)
			}
			n := 0
			for _, count := range m.calls {
				n += count
			}
			if n != tt.calls {
				t.Errorf("calls %v", m.calls)
			}
		})
	}
}

func TestAHomeThatAnotherJobHasMadeMeanwhileIsCompleted(t *testing.T) {
	m := newMemory("templates")
	m.absent = true
	h := home(m)
	plan, err := h.Plan(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	m.absent = false
	if err := h.Apply(t.Context(), plan); err != nil || string(m.settings["lifecycle"]) != expires {
		t.Errorf("%v, %s", err, m.settings["lifecycle"])
	}
}

func TestAPlanIsOfOneBucket(t *testing.T) {
	m := newMemory("templates")
	m.absent = true
	h := home(m)
	plan, err := h.Plan(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	h.Bucket = "another"
	if err := h.Apply(t.Context(), plan); err == nil || err.Error() != "apply plan of bucket templates: this is bucket another" {
		t.Error(err)
	}
	if n := writes(m); len(n) > 0 {
		t.Errorf("writes %v", n)
	}
}
