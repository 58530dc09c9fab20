package kre

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/mettel-automation/delivery/kre/internal/helm"
	"github.com/mettel-automation/delivery/kre/internal/manifest"
	"github.com/mettel-automation/delivery/kre/internal/mask"
)

var crdResource = schema.GroupVersionResource{Group: "apiextensions.k8s.io", Version: "v1", Resource: "customresourcedefinitions"}

func isGone(err error) bool { return apierrors.IsNotFound(err) }

// PlanUninstall lists what removing releases deletes, in an order in which a release
// goes before those that it needs. It only reads. Of a release its name, namespace,
// needs, timeout and secrets count; its chart is not looked at. What is not installed
// is kept as it is.
//
// A release with CustomResourceDefinitions in its manifest is not removed, since all
// objects of their kinds would go with them: [ErrDeletesCRDs], unless Options.DeleteCRDs
// is set.
func (e *Engine) PlanUninstall(ctx context.Context, releases []Release) (Plan, error) {
	graph, err := order(releases)
	if err != nil {
		return Plan{}, err
	}
	s, err := e.open(ctx, "", mask.Mask{}, nil)
	if err != nil {
		return Plan{}, fmt.Errorf("plan to uninstall releases: %w", err)
	}
	byName := make(map[string]Release, len(releases))
	for _, r := range releases {
		byName[r.Name] = r
	}
	names := graph.Order()
	slices.Reverse(names)
	var plan Plan
	var errs []error
	for _, name := range names {
		c, err := e.removal(ctx, s, byName[name])
		if err != nil {
			errs = append(errs, &ReleaseError{Release: name, Namespace: byName[name].Namespace, Verb: "plan to uninstall", Err: err})
			continue
		}
		c.Needs = graph.Dependents(name)
		slices.Sort(c.Needs)
		plan.Changes = append(plan.Changes, c)
	}
	if len(errs) > 0 {
		return Plan{}, errors.Join(errs...)
	}
	return plan, nil
}

func (e *Engine) removal(ctx context.Context, s *session, r Release) (Change, error) {
	d := &desired{Release: r}
	c := Change{Release: r.Name, Namespace: r.Namespace, Action: Keep, timeout: cmp.Or(r.Timeout, 5*time.Minute)}
	if err := d.merge(); err != nil {
		return c, err
	}
	history, err := e.history(ctx, d)
	if err != nil || len(history) == 0 {
		return c, err
	}
	last := history[len(history)-1]
	c.Action, c.Revision, c.Status, c.Was = Uninstall, last.Revision, last.Status, last.Chart+" "+last.ChartVersion
	objects, err := manifest.Parse(last.Manifest)
	if err != nil {
		return c, fmt.Errorf("read the manifest of revision %d: %w", last.Revision, err)
	}
	for i, o := range objects {
		if err := s.scope(&objects[i], r.Namespace); err != nil && !meta.IsNoMatchError(err) {
			return c, fmt.Errorf("look up kind %s: %w", o.GetKind(), explain(err))
		}
		if manifest.IsCRD(o) && o.GetAnnotations()[keepPolicy] != "keep" {
			c.crds = append(c.crds, o.GetName())
		}
	}
	if last.Status != helm.Uninstalled {
		c.Objects = difference(objects, nil, d.hide(last), nil)
	}
	if len(c.crds) > 0 && !e.opts.DeleteCRDs && last.Status != helm.Uninstalled {
		return c, fmt.Errorf("%w: %s", ErrDeletesCRDs, strings.Join(c.crds, ", "))
	}
	return c, c.withFolder(last, e.opts.DeleteCRDs)
}

// withFolder adds the definitions of the chart's crds folder.
func (c *Change) withFolder(last helm.Record, deleted bool) error {
	crds, err := parseCRDs(last.CRDs)
	if err != nil || len(crds) == 0 {
		return err
	}
	var names []string
	for _, o := range crds {
		if manifest.IsCRD(o) {
			names = append(names, o.GetName())
		}
	}
	what := "custom resource definitions stay in the cluster: "
	if deleted {
		what = "custom resource definitions are deleted, and all objects of their kinds with them: "
		c.crds = append(c.crds, names...)
	}
	c.Notes = append(c.Notes, what+strings.Join(names, ", "))
	return nil
}

// ApplyUninstall removes the releases of a plan that PlanUninstall made, each after those
// that need it, and waits until their objects are gone. Their revisions are forgotten;
// the namespace of the release, the volumes of StatefulSets and what a resource policy keeps
// stay; claims and namespaces that the chart itself has go, and the plan says so. A
// removal that was interrupted is finished by the next one.
func (e *Engine) ApplyUninstall(ctx context.Context, plan Plan) (Result, error) {
	for _, c := range plan.Changes {
		if c.Action != Keep && c.Action != Uninstall {
			return Result{}, fmt.Errorf("uninstall release %s: %w: the plan is to %s it", c.Release, ErrInvalid, c.Action)
		}
	}
	return e.work(ctx, plan.Changes, func(ctx context.Context, c Change) Outcome {
		o := c.outcome()
		if err := e.remove(ctx, c, &o); err != nil {
			o.fail(c, err)
		}
		return o
	})
}

func (e *Engine) remove(ctx context.Context, c Change, o *Outcome) error {
	d := &desired{}
	reader, err := e.open(ctx, c.Namespace, d.mask, nil)
	if err != nil {
		return err
	}
	history, err := e.acquire(ctx, reader, c)
	if err != nil {
		return err
	}
	if len(history) == 0 {
		o.After, o.Revision = "", 0
		return nil
	}
	last := history[len(history)-1]
	if last.Revision != c.Revision {
		return fmt.Errorf("%w: it was planned for revision %d, and there is revision %d (%s)", ErrStale, c.Revision, last.Revision, last.Status)
	}
	lock := e.lockLabels(c.timeout, time.Now())
	within, cancel := budget(ctx, c.timeout)
	defer cancel()
	s, err := e.open(within, c.Namespace, d.hide(last), lock)
	if err != nil {
		return err
	}
	o.Changed = true
	if len(c.crds) > 0 { // the record is kept until they are gone, since they are known from it
		if last.Status != helm.Uninstalled {
			err = s.client.Uninstall(c.Release, true)
		}
		if err == nil {
			err = s.removeCRDs(within, c.crds)
		}
	}
	if err == nil {
		err = s.client.Uninstall(c.Release, false)
	}
	err = s.settle(within, c, lock[labelWork], err, o)
	o.Warnings = s.all()
	return err
}
