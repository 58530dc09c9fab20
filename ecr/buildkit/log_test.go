package buildkit

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	control "github.com/moby/buildkit/api/services/control"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/mettel-automation/delivery/ecr"
	"github.com/mettel-automation/delivery/ecr/internal/stream"
)

func message(trace []byte) stream.Message {
	aux, _ := json.Marshal(trace) // bytes are always JSON
	return stream.Message{ID: traceID, Aux: aux}
}

func told(t *testing.T, s *control.StatusResponse) stream.Message {
	t.Helper()
	raw, err := s.MarshalVT()
	if err != nil {
		t.Fatal(err)
	}
	return message(raw)
}

func TestASecretInPieces(t *testing.T) {
	const long = "0123456789abcdef"
	secret := strings.Repeat(long, 100) // longer than a line that is shown
	v, err := openVault([]ecr.Secret{{ID: "a", Value: func(context.Context) ([]byte, error) { return []byte(secret), nil }}})
	if err != nil {
		t.Fatal(err)
	}
	l := newLog(ecr.Build{})
	l.hide = v.hide
	if _, err := v.GetSecret(t.Context(), "a"); err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	send := func(s *control.StatusResponse) {
		if err := l.message(told(t, s)); err != nil {
			t.Fatal(err)
		}
	}
	send(&control.StatusResponse{Vertexes: []*control.Vertex{{Digest: "d", Name: "[1/1] RUN x", Started: timestamppb.New(now)}}})
	for _, piece := range []string{"it is " + secret[:10], secret[10:700], secret[700:] + " indeed\n", "begun: " + secret[:50]} {
		send(&control.StatusResponse{Logs: []*control.VertexLog{{Vertex: "d", Msg: []byte(piece)}}})
	}
	failed := l.failure(errors.New("x"))
	if d := cmp.Diff([]string{"it is *** indeed", "begun: ***"}, failed.Lines); d != "" {
		t.Errorf("lines (-want +got):\n%s", d)
	}
}

func TestTheStepUnderWayIsNamed(t *testing.T) {
	now := timestamppb.Now()
	l := newLog(ecr.Build{})
	for _, v := range []*control.Vertex{
		{Digest: "a", Name: "[1/3] FROM a", Started: now},
		{Digest: "b", Name: "[2/3] RUN sleep 1", Started: now},
		{Digest: "c", Name: "[x 1/2] COPY a", Started: now},
		{Digest: "c", Name: "[x 1/2] COPY a", Started: now, Completed: now},
		{Digest: "d", Name: "[3/3] RUN never"},
		{Digest: "b", Name: "[2/3] RUN sleep 1", Started: now, Completed: now, Error: "context canceled"},
	} {
		if err := l.message(told(t, &control.StatusResponse{Vertexes: []*control.Vertex{v}})); err != nil {
			t.Fatal(err)
		}
	}
	e := l.failure(context.Canceled)
	if e.Step != 2 || e.Steps != 3 || e.Command != "RUN sleep 1" || !errors.Is(e, context.Canceled) {
		t.Errorf("the failure is %+v: %v", e, e)
	}
}

func FuzzTrace(f *testing.F) {
	f.Add([]byte{})
	f.Add([]byte("\n\x0a\x08digest01\x1a\x05[2/5]"))
	f.Fuzz(func(_ *testing.T, trace []byte) {
		l := newLog(ecr.Build{})
		_ = l.message(message(trace)) // an error or none, and no panic
		_ = l.failure(errors.New("x")).Error()
	})
}
