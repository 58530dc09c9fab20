package kresystem

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/aws/aws-sdk-go-v2/service/eks/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/mettel-automation/delivery/eks/kubetest"
	"github.com/mettel-automation/delivery/examples/internal/config"
	"github.com/mettel-automation/delivery/examples/internal/kresystem/chartrepo"
	"github.com/mettel-automation/delivery/examples/internal/kresystem/kresystest"
	"github.com/mettel-automation/delivery/kre/route53test"
	"github.com/mettel-automation/delivery/stack"
	"github.com/mettel-automation/delivery/stack/stacktest"
)

// world is a system in memory that tests can look into.
type world struct {
	*System
	m   *memory
	out strings.Builder
}

// inWorld calls then with the environment dev in a state, on virtual time.
func inWorld(t *testing.T, begin State, then func(*testing.T, *world)) {
	t.Helper()
	inWorldOf(t, config.KREDev, begin, then)
}

// inWorldOf does it with the environment of a kind, with some texts of the file in place
// of others.
func inWorldOf(t *testing.T, kind string, begin State, then func(*testing.T, *world), replace ...string) {
	t.Helper()
	e, err := sample(t, kind, replace...)
	if err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		w := &world{}
		w.System = &System{
			Environment: e, Secrets: &Secrets{LookupEnv: func(string) (string, bool) { return "", false }, MakeUp: true}, factor: 1, kubeFactor: 1,
			Console: &Console{Print: func(format string, args ...any) { fmt.Fprintf(&w.out, format, args...) }},
		}
		if w.m, err = newMemory(e, 1); err != nil {
			t.Fatal(err)
		}
		w.cloud, w.transport = w.m.cloud(), w.m
		if w.charts, err = chartrepo.New(); err != nil {
			t.Fatal(err)
		}
		if _, err := w.prepare(t.Context(), w.m, begin); err != nil {
			t.Fatal(err)
		}
		w.m.begun.Store(true)
		then(t, w)
	})
}

func TestASecondRunWritesNothing(t *testing.T) {
	inWorld(t, Running, func(t *testing.T, w *world) {
		w.m.kube.Forget()
		dns := w.m.dns.Writes()
		_, _, made := w.m.store.Counts()
		f, err := w.Foundation(t.Context(), true)
		if err != nil || f.Applied != nil || f.Delivered != nil || f.Granted != nil || f.Installed != nil {
			t.Errorf("%v, %+v", err, f)
		}
		r, err := w.Runtimes(t.Context(), "", true)
		if err != nil || r.Result != nil {
			t.Errorf("%v, %+v", err, r.Result)
		}
		_, _, now := w.m.store.Counts()
		if writes := w.m.kube.Writes(); len(writes) > 0 || w.m.dns.Writes() != dns || now != made {
			t.Errorf("written: %v, %d times DNS, %d objects and keys", writes, w.m.dns.Writes()-dns, now-made)
		}
		if got := strings.Count(w.out.String(), "  nothing to do\n"); got != 5 {
			t.Errorf("%d plans have nothing to do:\n%s", got, &w.out)
		}
	})
}

// namespaces are the names of all, with a space after each.
func namespaces(t *testing.T, kube *kubetest.Cluster) (names string) {
	t.Helper()
	client, err := kubernetes.NewForConfig(kube.Config())
	if err != nil {
		t.Fatal(err)
	}
	list, err := client.CoreV1().Namespaces().List(t.Context(), metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range list.Items {
		names += n.Name + " "
	}
	return names
}

// TestNothingIsLeft destroys an environment beside one that is called alike.
func TestNothingIsLeft(t *testing.T) {
	inWorld(t, Running, func(t *testing.T, w *world) {
		other := w.m.dns.AddZone("kre-tnba-dev2.mettel-automation.net")
		if err := w.m.kube.Add("apiVersion: v1\nkind: Namespace\nmetadata: {name: kre-tnba-2}\n"); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Destroy(t.Context(), Destroy{Apply: true, EmptyBucket: true}); err != nil {
			t.Fatal(err)
		}
		objects, keys, _ := w.m.store.Counts()
		if _, there := w.m.stacks.Stack(w.m.stack); there || objects > 0 || keys > 0 {
			t.Errorf("stack %t, keys %d, objects %d", there, keys, objects)
		}
		for _, zone := range []string{"kre-tnba-dev.mettel-automation.net", "kre-email-tagger-dev.mettel-automation.net"} {
			if ids := w.m.dns.Zones(zone); len(ids) > 0 {
				t.Errorf("zone %s is left", zone)
			}
		}
		if w.m.dns.Records(other) == nil || len(w.m.dns.Records(w.m.dns.Zones("mettel-automation.net")[0])) != 2 {
			t.Error("the neighbour's zone is gone, or a delegation is left")
		}
		spaces := namespaces(t, w.m.kube)
		if strings.Contains(spaces, "kre-tnba ") || !strings.Contains(spaces, "kre-tnba-2 ") {
			t.Errorf("namespaces %s", spaces)
		}
		w.out.Reset()
		if _, err := w.Destroy(t.Context(), Destroy{Apply: true, EmptyBucket: true}); err != nil || !strings.Contains(w.out.String(), "there is no such stack: nothing to destroy") {
			t.Errorf("again: %v\n%s", err, &w.out)
		}
	})
}

// TestDestroyingGoesOn fails at the stack once, after all else is gone.
func TestDestroyingGoesOn(t *testing.T) {
	inWorld(t, Running, func(t *testing.T, w *world) {
		w.m.stacks.Inject("NodeRole", stacktest.Fault{On: []stacktest.Phase{stacktest.Delete}, Reason: stacktest.DependencyViolation, Times: 1})
		destroy := Destroy{Apply: true, EmptyBucket: true}
		d, err := w.Destroy(t.Context(), destroy)
		if !errors.Is(err, stack.ErrFailed) || d.Destroyed == nil || d.Uninstalled == nil || len(d.KeysDeleted.Done) != 1 || d.NotBegun != nil {
			t.Fatalf("%v, %+v", err, d)
		}
		w.out.Reset()
		if _, err := w.Destroy(t.Context(), destroy); err != nil {
			t.Fatal(err)
		}
		if _, there := w.m.stacks.Stack(w.m.stack); there || !strings.Contains(w.out.String(), "the cluster is gone, and all that was in it with it\n") {
			t.Errorf("the stack is there: %t\n%s", there, &w.out)
		}
	})
}

// TestAClusterThatCannotBeAsked destroys what is left around one.
func TestAClusterThatCannotBeAsked(t *testing.T) {
	tests := map[types.ClusterStatus]string{ // and the error
		types.ClusterStatusDeleting: "",
		types.ClusterStatusFailed:   "",
		types.ClusterStatusCreating: "it is being created",
	}
	for status, want := range tests {
		t.Run(string(status), func(t *testing.T) {
			inWorld(t, Founded, func(t *testing.T, w *world) {
				if _, err := w.Connect(t.Context()); err != nil {
					t.Fatal(err)
				}
				w.m.eks.SetStatus(w.Environment.Name, status)
				_, err := w.Destroy(t.Context(), Destroy{Apply: true, EmptyBucket: true})
				if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
					t.Errorf("%v, want %q", err, want)
				}
				if _, there := w.m.stacks.Stack(w.m.stack); there != (want != "") {
					t.Errorf("the stack is there: %t", there)
				}
			})
		})
	}
}

func TestWhatWasNotBegunIsSaid(t *testing.T) {
	inWorld(t, Running, func(t *testing.T, w *world) {
		w.m.denied.Store("DeleteHostedZone")
		d, err := w.Destroy(t.Context(), Destroy{Apply: true, EmptyBucket: true})
		if err == nil || strings.Join(d.NotBegun, ", ") != "destroy charts, destroy access, destroy keys, destroy stack" ||
			!strings.Contains(w.out.String(), "not begun: destroy charts, destroy access, destroy keys, destroy stack\n") ||
			!strings.Contains(w.out.String(), "  kre-tnba: failed at its zone; gone: release, ingresses\n") {
			t.Errorf("%v, %v\n%s", err, d.NotBegun, &w.out)
		}
		_, keys, _ := w.m.store.Counts()
		if _, there := w.m.stacks.Stack(w.m.stack); !there || keys != 1 {
			t.Error("more is gone")
		}
	})
}

// TestProductionByAnotherFile destroys production by a file that calls it dev.
func TestProductionByAnotherFile(t *testing.T) {
	inWorldOf(t, config.KREProduction, Running, func(t *testing.T, w *world) {
		lying := *w.Environment
		lying.Kind = "dev"
		w.Environment = &lying
		_, err := w.Destroy(t.Context(), Destroy{Apply: true, EmptyBucket: true})
		if err == nil || strings.Contains(w.out.String(), "outcome:") {
			t.Errorf("%v\n%s", err, &w.out)
		}
	}, append(kresystest.Production(), "ssh: true", "ssh: true\n      unprotected: true")...)
}

func TestNoCluster(t *testing.T) {
	inWorld(t, Empty, func(t *testing.T, w *world) {
		_, err := w.Runtimes(t.Context(), "", true)
		missing, ok := errors.AsType[*NoClusterError](err)
		if !ok || missing.Name != "mettel-automation-kre-dev" || !errors.Is(err, stack.ErrNotFound) || !strings.Contains(err.Error(), "make it with basic-infra-kre apply") {
			t.Errorf("%v", err)
		}
		if w.m.dns.Writes() > 0 {
			t.Error("something was written")
		}
	})
}

func TestCancelling(t *testing.T) {
	inWorld(t, Empty, func(t *testing.T, w *world) {
		ctx, cancel := context.WithCancel(t.Context())
		go func() {
			synctest.Wait()
			cancel()
		}()
		f, err := w.Foundation(ctx, true)
		if !errors.Is(err, context.Canceled) || len(f.NotBegun) != 3 || strings.Contains(w.out.String(), "outcome: keys") {
			t.Errorf("%v, %v\n%s", err, f.NotBegun, &w.out)
		}
	})
}

// TestTokens asks the cluster in memory with and without the token that EKS lets in.
func TestTokens(t *testing.T) {
	inWorld(t, Founded, func(t *testing.T, w *world) {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, kubetest.Host+"/api", http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		response, err := w.m.RoundTrip(request)
		if err != nil || response.StatusCode != http.StatusUnauthorized {
			t.Errorf("without a token: %v, %v", response, err)
		}
		response.Body.Close()
		c, err := w.Connect(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.client.Discovery().ServerVersion(); err != nil {
			t.Errorf("with its token: %v", err)
		}
	})
}

func TestRecordsOfOthersStopADestruction(t *testing.T) {
	inWorld(t, Running, func(t *testing.T, w *world) {
		id := w.m.dns.Zones("kre-tnba-dev.mettel-automation.net")[0]
		if err := w.m.dns.Put(id, route53test.Record("vpn.kre-tnba-dev.mettel-automation.net", "A", "192.0.2.1")); err != nil {
			t.Fatal(err)
		}
		w.m.kube.Forget()
		_, err := w.Destroy(t.Context(), Destroy{Apply: true, RuntimesOnly: true})
		if err == nil || !strings.Contains(err.Error(), "vpn.kre-tnba-dev.mettel-automation.net") || len(w.m.kube.Writes()) > 0 {
			t.Errorf("%v, written %v", err, w.m.kube.Writes())
		}
	})
}

// TestKeysOfOthersStopADestruction has an access key that somebody has made by hand.
func TestKeysOfOthersStopADestruction(t *testing.T) {
	inWorld(t, Founded, func(t *testing.T, w *world) {
		made, err := w.m.store.CreateAccessKey(t.Context(), &iam.CreateAccessKeyInput{UserName: new(w.Environment.Name + "-smtp")})
		if err != nil {
			t.Fatal(err)
		}
		id := *made.AccessKey.AccessKeyId
		destroy := Destroy{Apply: true, EmptyBucket: true}
		_, err = w.Destroy(t.Context(), destroy)
		if err == nil || !strings.Contains(err.Error(), id+" of the user that sends mail was made by others; it goes where -delete-foreign says so; nothing is destroyed") || strings.Contains(w.out.String(), "outcome:") {
			t.Errorf("%v\n%s", err, &w.out)
		}
		destroy.DeleteForeign = true
		if _, err := w.Destroy(t.Context(), destroy); err != nil || !strings.Contains(w.out.String(), "outcome: destroy keys\n  delete access key ") {
			t.Errorf("%v\n%s", err, &w.out)
		}
		if _, keys, _ := w.m.store.Counts(); keys > 0 {
			t.Errorf("%d keys are left", keys)
		}
	})
}
