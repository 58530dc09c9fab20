package access_test

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/eks/types"
	"github.com/google/go-cmp/cmp"

	"github.com/mettel-automation/delivery/eks/access"
	"github.com/mettel-automation/delivery/eks/access/awsauth"
)

func TestRestore(t *testing.T) {
	w := newWorld(t, types.AuthenticationModeConfigMap)
	w.addAuth(nodeMapping)
	m := w.manager(access.Options{})
	if _, err := m.PlanRestore(t.Context()); !errors.Is(err, access.ErrNoPrevious) {
		t.Errorf("before any edit: %v", err)
	}
	w.apply(access.Options{}, people()[1:])
	r, err := m.PlanRestore(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want := "restore ConfigMap kube-system/aws-auth\n  - arn:aws:iam::123456789012:role/eve as delivery:123456789012:eve:{{SessionName}}: devops\n"
	if d := cmp.Diff(want, r.String()); d != "" {
		t.Errorf("restoration (-want +got):\n%s", d)
	}
	if err := m.ApplyRestore(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(nodeMapping, w.mapRoles()); d != "" {
		t.Errorf("restored (-want +got):\n%s", d)
	}
	if err := m.ApplyRestore(t.Context(), r); !errors.Is(err, access.ErrStale) {
		t.Errorf("a restoration that was applied: %v", err)
	}
	if r, err = m.PlanRestore(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := m.ApplyRestore(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(nodeMapping+eveMapping, w.mapRoles()); d != "" {
		t.Errorf("restored what was restored (-want +got):\n%s", d)
	}

	w.edit(func(text string) string { return text + "# by hand\n" })
	if _, err := m.PlanRestore(t.Context()); !errors.Is(err, access.ErrChanged) {
		t.Errorf("after an edit of somebody else: %v", err)
	}
	w.edit(func(text string) string { return text + "broken\n" })
	if r, err = m.PlanRestore(t.Context()); err != nil || r.Broken == "" {
		t.Fatalf("a text that somebody broke: %+v %v", r, err)
	}
	if err := m.ApplyRestore(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(nodeMapping, w.mapRoles()); d != "" {
		t.Errorf("restored from a broken one (-want +got):\n%s", d)
	}
}

func TestRestoreKeepsNodes(t *testing.T) {
	w := newWorld(t, types.AuthenticationModeConfigMap)
	sum := sha256.Sum256([]byte(nodeMapping))
	w.add(fmt.Sprintf(`
apiVersion: v1
kind: ConfigMap
metadata:
  name: aws-auth
  namespace: kube-system
  annotations: {%s: "", %s: %x}
data: {mapRoles: %q}`, access.AnnotationPrevious, access.AnnotationWritten, sum, nodeMapping))
	_, err := w.manager(access.Options{}).PlanRestore(t.Context())
	if !errors.Is(err, awsauth.ErrNodeEntry) {
		t.Errorf("got %v", err)
	}
}
