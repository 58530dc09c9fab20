package kre_test

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mettel-automation/delivery/eks/kubetest"
	"github.com/mettel-automation/delivery/kre"
	"github.com/mettel-automation/delivery/kre/internal/helm"
)

// left records that revision 1 of the shop has another status, as a helm command
// would that was killed, or that kept the history of what it removed.
func left(t *testing.T, c *kubetest.Cluster, status string) {
	t.Helper()
	unlabel(t, c)
	access, err := helm.NewAccess(helm.Bind(t.Context(), c.Config()), "market")
	if err != nil {
		t.Fatal(err)
	}
	client, err := helm.NewClient(t.Context(), access, c.Config(), nil, helm.Waits{})
	if err != nil {
		t.Fatal(err)
	}
	if err := client.SetStatus("shop", 1, status, "left by a test"); err != nil {
		t.Fatal(err)
	}
}

func TestWhatTheHelmCommandLeftIsTakenUp(t *testing.T) {
	tests := map[string]struct {
		status string
		action kre.Action
		waits  bool // until it counts as abandoned
		want   []string
	}{
		"removed with its history kept": {"uninstalled", kre.Install, false, []string{"sh.helm.release.v1.shop.v1 superseded", "sh.helm.release.v1.shop.v2 deployed"}},
		"killed while it installed":     {"pending-install", kre.Upgrade, true, []string{"sh.helm.release.v1.shop.v1 superseded", "sh.helm.release.v1.shop.v2 deployed"}},
		"killed while it upgraded":      {"pending-upgrade", kre.Upgrade, true, []string{"sh.helm.release.v1.shop.v1 superseded", "sh.helm.release.v1.shop.v2 deployed"}},
		"killed while it rolled back":   {"pending-rollback", kre.Upgrade, true, []string{"sh.helm.release.v1.shop.v1 superseded", "sh.helm.release.v1.shop.v2 deployed"}},
		"killed while it removed":       {"uninstalling", kre.Install, true, []string{"sh.helm.release.v1.shop.v1 deployed"}},
		"of a status nobody knows":      {"unknown", kre.Upgrade, false, nil},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := kubetest.New(kubetest.Options{})
				e := engine(t, c, kre.Options{Run: "1", LockAge: 4 * time.Minute, MaxHistory: 10})
				r := shop().release(t, "shop", "market")
				if _, err := apply(t, e, r); err != nil {
					t.Fatal(err)
				}
				left(t, c, tt.status)
				p := plan(t, e, r)
				if p.Changes[0].Action != tt.action || p.Changes[0].Status != tt.status {
					t.Errorf("plan:\n%s", p)
				}
				started := time.Now()
				result, err := e.Apply(t.Context(), p)
				if tt.want == nil {
					if err == nil || !strings.Contains(err.Error(), "has no deployed releases") {
						t.Errorf("%v, %v", result, err)
					}
					return
				}
				if err != nil || result.Releases[0].After != "deployed" {
					t.Fatalf("%v, %v", result, err)
				}
				if waited := time.Since(started) > 3*time.Minute; waited != tt.waits {
					t.Errorf("it took %v", time.Since(started))
				}
				if d := cmp.Diff(tt.want, stored(t, c, "market")); d != "" {
					t.Errorf("records (-want +got):\n%s", d)
				}
				if p := plan(t, e, r); !p.Empty() {
					t.Errorf("the run after that has changes:\n%s", p)
				}
			})
		})
	}
}

func TestRollbackSkipsWhatFailed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := kubetest.New(kubetest.Options{})
		if err := c.Add("{apiVersion: v1, kind: Namespace, metadata: {name: market}}"); err != nil {
			t.Fatal(err)
		}
		c.Inject("market", "shop", kubetest.Fault{Kind: kubetest.NeverReady})
		e := engine(t, c, kre.Options{})
		r := shop().release(t, "shop", "market")
		r.Timeout = time.Minute
		if _, err := apply(t, e, r); err == nil {
			t.Fatal("it became ready")
		}
		c.Inject("market", "shop", kubetest.Fault{})
		if _, err := apply(t, e, r); err != nil {
			t.Fatal(err)
		}
		// Helm calls the first revision superseded now.
		if _, err := e.Rollback(t.Context(), r, 0); !errors.Is(err, kre.ErrNoRevision) {
			t.Errorf("rolled back to what failed: %v", err)
		}
	})
}
