package kresystem

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/kubernetes"

	"github.com/mettel-automation/delivery/eks/kubetest"
	"github.com/mettel-automation/delivery/examples/internal/config"
	"github.com/mettel-automation/delivery/kre/route53test"
	"github.com/mettel-automation/delivery/stack/stacktest"
)

// failures are what can be made to fail in memory, beside stack:LOGICALID.
var failures = map[string]func(context.Context, *memory) error{
	"image":     func(_ context.Context, m *memory) error { return m.harm(kubetest.ImageMissing) },
	"crash":     func(_ context.Context, m *memory) error { return m.harm(kubetest.Crash) },
	"forbidden": forbid,
	"credentials": func(_ context.Context, m *memory) error {
		m.kube.Fail(kubetest.Match{}, kubetest.Unauthorized())
		return nil
	},
	"unreachable": func(_ context.Context, m *memory) error {
		m.kube.Fail(kubetest.Match{}, kubetest.Refused())
		return nil
	},
	"keys":        func(_ context.Context, m *memory) error { m.store.Deny("iam:CreateAccessKey"); return nil },
	"zone":        func(_ context.Context, m *memory) error { m.denied.Store("CreateHostedZone"); return nil },
	"record":      foreignRecord,
	"terminating": terminate,
}

// fail makes what fails in memory.
func (m *memory) fail(ctx context.Context, what []string, begin State) error {
	for _, name := range what {
		if id, ok := strings.CutPrefix(name, "stack:"); ok {
			if err := m.failStack(id, begin); err != nil {
				return err
			}
			continue
		}
		do := failures[name]
		if do == nil {
			return &InputError{fmt.Errorf("-fail %s: want stack:LOGICALID, %s", name, strings.Join(slices.Sorted(maps.Keys(failures)), ", "))}
		}
		if err := do(ctx, m); err != nil {
			return fmt.Errorf("-fail %s: %w", name, err)
		}
	}
	return nil
}

func (m *memory) failStack(id string, begin State) error {
	want, err := m.e.Stack()
	if err != nil {
		return err
	}
	var t struct {
		Resources map[string]any `yaml:"Resources"`
	}
	if err := yaml.Load(want.Body, &t); err != nil {
		return err
	}
	if t.Resources[id] == nil {
		return &InputError{fmt.Errorf("-fail stack:%s: the stack has no such resource, it has %s", id, strings.Join(slices.Sorted(maps.Keys(t.Resources)), ", "))}
	}
	f := stacktest.Fault{Reason: stacktest.NotStabilized}
	if begin == Running { // and is to be destroyed
		f = stacktest.Fault{Reason: stacktest.DependencyViolation, On: []stacktest.Phase{stacktest.Delete}, Times: 1}
	}
	m.stacks.Inject(id, f)
	return nil
}

// harm gives a fault to the ingress controller and to the runtimes' API.
func (m *memory) harm(kind kubetest.FaultKind) error {
	if n := m.e.Charts.Ingress.Nginx; n != nil {
		namespace, release := m.place(n.Release, "kube-system", "ingress-nginx")
		m.kube.Inject(namespace, release+"-controller", kubetest.Fault{Kind: kind})
	}
	for _, r := range m.e.Runtimes {
		m.kube.Inject(r.Name, r.Name+"-admin-api", kubetest.Fault{Kind: kind})
	}
	return nil
}

func (m *memory) place(c config.Release, namespace, name string) (string, string) {
	if c.Namespace != "" {
		namespace = c.Namespace
	}
	if c.Name != "" {
		name = c.Name
	}
	return namespace, name
}

func forbid(_ context.Context, m *memory) error {
	deployments := schema.GroupResource{Group: "apps", Resource: "deployments"}
	why := errors.New(`User "deploy" cannot create resource "deployments" in API group "apps"`) //nolint:staticcheck // in the words of Kubernetes
	m.kube.Fail(kubetest.Match{Verb: "write", Resource: deployments.Resource + "." + deployments.Group}, apierrors.NewForbidden(deployments, "", why))
	return nil
}

// zoneOf is the id of the zone of a runtime.
func (m *memory) zoneOf(r config.Runtime) (string, bool) {
	ids := m.dns.Zones(m.e.runtime(r).Zone())
	if len(ids) == 0 {
		return "", false
	}
	return ids[0], true
}

// foreignRecord puts a record of somebody else into each zone.
func foreignRecord(_ context.Context, m *memory) error {
	for _, r := range m.e.Runtimes {
		if id, ok := m.zoneOf(r); ok {
			if err := m.dns.Put(id, route53test.Record("vpn."+m.e.runtime(r).Zone(), "A", "192.0.2.1")); err != nil {
				return err
			}
		}
	}
	return nil
}

// terminate begins to delete the namespaces of the runtimes, and something in them stays.
func terminate(ctx context.Context, m *memory) error {
	client, err := kubernetes.NewForConfig(m.kube.Config())
	if err != nil {
		return err
	}
	for _, r := range m.e.Runtimes {
		held := fmt.Sprintf("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: held, namespace: %s, finalizers: [example.com/held]}\n", r.Name)
		if err := m.kube.Add(held); err != nil {
			return err
		}
		if err := client.CoreV1().Namespaces().Delete(ctx, r.Name, metav1.DeleteOptions{}); err != nil {
			return err
		}
	}
	return nil
}
