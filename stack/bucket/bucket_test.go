package bucket_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/mettel-automation/delivery/internal/depcheck"
	"github.com/mettel-automation/delivery/progress"
	"github.com/mettel-automation/delivery/stack"
	"github.com/mettel-automation/delivery/stack/bucket"
)

// What package stack asks for.
var (
	_ stack.Emptier  = (*bucket.Emptier)(nil)
	_ stack.Uploader = bucket.Templates{}
)

func TestImports(t *testing.T) {
	depcheck.Only(t, ".",
		"github.com/aws/aws-sdk-go-v2",
		"github.com/aws/aws-sdk-go-v2/aws/protocol/eventstream",
		"github.com/aws/aws-sdk-go-v2/internal/configsources",
		"github.com/aws/aws-sdk-go-v2/internal/endpoints/v2",
		"github.com/aws/aws-sdk-go-v2/internal/v4a",
		"github.com/aws/aws-sdk-go-v2/service/internal/accept-encoding",
		"github.com/aws/aws-sdk-go-v2/service/internal/checksum",
		"github.com/aws/aws-sdk-go-v2/service/internal/presigned-url",
		"github.com/aws/aws-sdk-go-v2/service/internal/s3shared",
		"github.com/aws/aws-sdk-go-v2/service/s3",
		"github.com/aws/smithy-go",
	)
}

func TestEmptyDeletesEverything(t *testing.T) {
	m := newMemory("logs").fill(2500)
	m.uploads = []string{"half", "gone"}
	var events progress.Recorder
	deleted, err := bucket.New(m.client(), bucket.Options{Progress: events.Record}).Empty(t.Context(), "logs", account)
	if deleted != 2500 || err != nil {
		t.Errorf("deleted %d, error %v", deleted, err)
	}
	if len(m.versions) > 0 || !cmp.Equal(m.uploads, []string{"gone"}) {
		t.Errorf("left are %d versions and the uploads %v", len(m.versions), m.uploads)
	}
	want := map[string]int{"ListObjectVersions": 4, "DeleteObjects": 3, "ListMultipartUploads": 1, "AbortMultipartUpload": 2}
	if d := cmp.Diff(want, m.calls); d != "" || m.largest != 1000 {
		t.Errorf("largest batch %d, calls (-want +got):\n%s", m.largest, d)
	}
	if d := cmp.Diff([]progress.Event{
		{Op: "stack.bucket", Subject: "logs", State: progress.Running},
		{Op: "stack.bucket", Subject: "logs", State: progress.Running, Message: "1000 versions deleted"},
		{Op: "stack.bucket", Subject: "logs", State: progress.Running, Message: "2000 versions deleted"},
		{Op: "stack.bucket", Subject: "logs", State: progress.Running, Message: "2500 versions deleted"},
		{Op: "stack.bucket", Subject: "logs", State: progress.Done, Message: "2500 versions deleted"},
	}, events.Events(), cmpopts.IgnoreFields(progress.Event{}, "Time")); d != "" {
		t.Errorf("events (-want +got):\n%s", d)
	}
}

func TestEmptyOfNothing(t *testing.T) {
	tests := map[string]struct {
		versions int
		bucket   string
		calls    map[string]int
		last     progress.Event
	}{
		"an empty bucket is listed, and that is all": {
			0, "logs",
			map[string]int{"ListObjectVersions": 1, "ListMultipartUploads": 1},
			progress.Event{State: progress.Unchanged, Message: "it was empty"},
		},
		"a bucket that does not exist is empty": {
			0, "nologs",
			map[string]int{"ListObjectVersions": 1},
			progress.Event{State: progress.Unchanged, Message: "the bucket does not exist"},
		},
		"one version is one": {
			1, "logs",
			map[string]int{"ListObjectVersions": 2, "DeleteObjects": 1, "ListMultipartUploads": 1},
			progress.Event{State: progress.Done, Message: "1 version deleted"},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			m := newMemory("logs").fill(tt.versions)
			var events progress.Recorder
			deleted, err := bucket.New(m.client(), bucket.Options{Progress: events.Record}).Empty(t.Context(), tt.bucket, "")
			if deleted != tt.versions || err != nil {
				t.Errorf("deleted %d, error %v", deleted, err)
			}
			if d := cmp.Diff(tt.calls, m.calls); d != "" {
				t.Errorf("calls (-want +got):\n%s", d)
			}
			all := events.Events()
			if last := all[len(all)-1]; last.State != tt.last.State || last.Message != tt.last.Message {
				t.Errorf("last event is %+v", last)
			}
		})
	}
}

func TestEmptyNamesWhatItCouldNotDelete(t *testing.T) {
	m := newMemory("logs").fill(2500)
	m.refuse = func(v version) (string, string) {
		switch {
		case v.Key == "k000001":
			return "AccessDenied", "Access Denied because object protected by object lock."
		case v.Key >= "k000800":
			return "AccessDenied", "Access Denied."
		}
		return "", ""
	}
	var events progress.Recorder
	deleted, err := bucket.New(m.client(), bucket.Options{Progress: events.Record}).Empty(t.Context(), "logs", "")
	const want = `empty bucket logs: delete "k000001" (version v000003): object lock protects it; delete it when its retention has ended or its legal hold is taken off
delete "k000001" (version v000004): object lock protects it; delete it when its retention has ended or its legal hold is taken off
delete "k000001" (version v000005): object lock protects it; delete it when its retention has ended or its legal hold is taken off
delete "k000800" (version v002400): AccessDenied: Access Denied
delete "k000800" (version v002401): AccessDenied: Access Denied
and 98 more`
	if fmt.Sprint(err) != want {
		t.Errorf("error:\n%v\nwant:\n%s", err, want)
	}
	if deleted != 2397 || len(m.versions) != 103 || m.calls["DeleteObjects"] != 3 {
		t.Errorf("deleted %d, left %d, %d calls", deleted, len(m.versions), m.calls["DeleteObjects"])
	}
	one, ok := errors.AsType[*bucket.ObjectError](err)
	if d := cmp.Diff(&bucket.ObjectError{
		Key: "k000001", VersionID: "v000003", Code: "AccessDenied", Locked: true,
		Message: "Access Denied because object protected by object lock.",
	}, one); !ok || d != "" {
		t.Errorf("first error (-want +got):\n%s", d)
	}
	all := events.Events()
	if last := all[len(all)-1]; last.State != progress.Failed || !errors.Is(last.Err, err) {
		t.Errorf("last event is %+v", last)
	}
}

func TestEmptyWaitsForWhatPasses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory("logs").fill(10)
		tries := 0
		m.refuse = func(v version) (string, string) {
			if v.VersionID != "v000004" {
				return "", ""
			}
			if tries++; tries < 4 {
				return "InternalError", "We encountered an internal error. Please try again."
			}
			return "", ""
		}
		start := time.Now()
		deleted, err := bucket.New(m.client(), bucket.Options{}).Empty(t.Context(), "logs", "")
		if deleted != 10 || err != nil {
			t.Errorf("deleted %d, error %v", deleted, err)
		}
		if took := time.Since(start); took != 7*time.Second {
			t.Errorf("waited %v, want 1 s + 2 s + 4 s", took)
		}
	})
}

func TestEmptyGivesUpOnWhatDoesNotPass(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory("logs").fill(10)
		m.refuse = func(v version) (string, string) {
			if v.VersionID == "v000004" {
				return "SlowDown", "Please reduce your request rate."
			}
			return "", ""
		}
		deleted, err := bucket.New(m.client(), bucket.Options{Passes: 3, Pause: time.Minute}).Empty(t.Context(), "logs", "")
		const want = `empty bucket logs: delete "k000001" (version v000004): SlowDown: Please reduce your request rate`
		if deleted != 9 || fmt.Sprint(err) != want || m.calls["ListObjectVersions"] != 3 {
			t.Errorf("deleted %d, %d listings, error %v", deleted, m.calls["ListObjectVersions"], err)
		}
	})
}

func TestEmptyDeletesWhatComesMeanwhile(t *testing.T) {
	m := newMemory("logs").fill(3)
	late := 4
	m.after = func(op string) {
		if op == "DeleteObjects" && late > 0 {
			late--
			m.versions = append(m.versions, version{Key: "late", VersionID: fmt.Sprint(late)})
		}
	}
	deleted, err := bucket.New(m.client(), bucket.Options{}).Empty(t.Context(), "logs", "")
	if deleted != 7 || err != nil || len(m.versions) > 0 {
		t.Errorf("deleted %d, left %d, error %v", deleted, len(m.versions), err)
	}
}

func TestEmptyEndsWhereOthersWriteOn(t *testing.T) {
	m := newMemory("logs").fill(1)
	m.after = func(op string) {
		if op == "DeleteObjects" {
			m.versions = append(m.versions, version{Key: "late", VersionID: "v"})
		}
	}
	deleted, err := bucket.New(m.client(), bucket.Options{Passes: 4}).Empty(t.Context(), "logs", "")
	const want = "empty bucket logs: the bucket is still written to: each of 4 listings found new versions: stop what writes to it, and try again"
	if deleted != 4 || !errors.Is(err, bucket.ErrBusy) || err.Error() != want {
		t.Errorf("deleted %d, error %v", deleted, err)
	}
}

func TestEmptyFails(t *testing.T) {
	answer := func(op string, status int, code, message string) func(string) (int, string, string) {
		return func(got string) (int, string, string) {
			if got == op {
				return status, code, message
			}
			return 0, "", ""
		}
	}
	tests := map[string]struct {
		before  func(string) (int, string, string)
		uploads []string
		account string
		bucket  string
		want    string // in the error
		writes  int    // DeleteObjects
	}{
		"a bucket without a name": {bucket: "", want: "empty bucket: its name is empty"},
		"a bucket of somebody else": {
			bucket: "logs", account: "999999999999",
			want: "empty bucket logs: either the credentials may not, or the bucket belongs to another account than 999999999999: list its versions: ",
		},
		"a bucket of another region": {
			bucket: "logs", before: answer("ListObjectVersions", http.StatusMovedPermanently, "PermanentRedirect", "Use the other endpoint."),
			want: "empty bucket logs: the bucket is in another region than the client: list its versions: ",
		},
		"a refused deletion": {
			bucket: "logs", before: answer("DeleteObjects", http.StatusForbidden, "AccessDenied", "No, thank you"), writes: 1,
			want: "empty bucket logs: delete 10 versions: ",
		},
		"a refused listing of uploads": {
			bucket: "logs", before: answer("ListMultipartUploads", http.StatusForbidden, "AccessDenied", "No, thank you"), writes: 1,
			want: "empty bucket logs: list its multipart uploads: ",
		},
		"an upload that cannot be aborted": {
			bucket: "logs", uploads: []string{"a", "denied/b", "c"}, writes: 1,
			want: `empty bucket logs: abort the upload of "denied/b": `,
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			m := newMemory("logs").fill(10)
			m.before, m.uploads = tt.before, tt.uploads
			deleted, err := bucket.New(m.client(), bucket.Options{}).Empty(t.Context(), tt.bucket, tt.account)
			if err == nil || !strings.HasPrefix(err.Error(), tt.want) {
				t.Errorf("error is %v, want %s", err, tt.want)
			}
			if m.calls["DeleteObjects"] != tt.writes || deleted != 10-len(m.versions) {
				t.Errorf("%d deletions, deleted %d, left %d", m.calls["DeleteObjects"], deleted, len(m.versions))
			}
			if tt.uploads != nil && len(m.uploads) != 1 {
				t.Errorf("uploads left: %v", m.uploads)
			}
		})
	}
}

func TestEmptyStopsWhenCancelled(t *testing.T) {
	m := newMemory("logs").fill(2500)
	ctx, cancel := context.WithCancel(t.Context())
	m.after = func(op string) {
		if op == "DeleteObjects" {
			cancel()
		}
	}
	deleted, err := bucket.New(m.client(), bucket.Options{}).Empty(ctx, "logs", "")
	if !errors.Is(err, context.Canceled) || len(m.versions) != 1500 || deleted > 1000 {
		t.Errorf("deleted %d, left %d, error %v", deleted, len(m.versions), err)
	}
}
