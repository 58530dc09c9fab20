package kre

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/mettel-automation/delivery/internal/dag"
	"github.com/mettel-automation/delivery/kre/internal/helm"
	"github.com/mettel-automation/delivery/kre/internal/manifest"
	"github.com/mettel-automation/delivery/kre/internal/mask"
)

// maxStored is how much a Secret may hold. Source: MaxSecretSize of k8s.io/api/core/v1.
const maxStored = 1 << 20

var namespaces = schema.GroupVersionResource{Version: "v1", Resource: "namespaces"}

// Plan renders the charts of releases and compares them with what is deployed. It
// only reads. All faults come back at once, those of a release as a [*ReleaseError]; there
// is no plan then.
//
// A release is kept where its newest revision is deployed and was made by this package
// from the same files of the chart and the same values; nothing else is compared for
// that, so a chart that renders random passwords makes no new ones.
func (e *Engine) Plan(ctx context.Context, releases []Release) (Plan, error) {
	graph, err := order(releases)
	if err != nil {
		return Plan{}, err
	}
	wanted := map[string]*desired{}
	var errs []error
	for _, r := range releases {
		d, err := e.load(ctx, r)
		if err != nil {
			errs = append(errs, &ReleaseError{Release: r.Name, Namespace: r.Namespace, Verb: "plan", Err: err})
		}
		wanted[r.Name] = d
	}
	if len(errs) > 0 {
		return Plan{}, errors.Join(errs...)
	}
	s, err := e.survey(ctx, wanted)
	if err != nil {
		return Plan{}, err
	}
	var plan Plan
	for _, name := range graph.Order() {
		change, err := s.change(wanted[name])
		if err != nil {
			err = wanted[name].mask.Error(err) // an object may be named by a secret
			errs = append(errs, &ReleaseError{Release: name, Namespace: wanted[name].Namespace, Verb: "plan", Err: err})
			continue
		}
		plan.Changes = append(plan.Changes, change)
	}
	if len(errs) > 0 {
		return Plan{}, errors.Join(errs...)
	}
	return plan, nil
}

// order checks names and needs.
func order(releases []Release) (*dag.Graph, error) {
	nodes := make([]dag.Node, len(releases))
	for i, r := range releases {
		nodes[i] = dag.Node{Name: r.Name, Needs: r.Needs}
	}
	graph, err := dag.New(nodes)
	if err != nil {
		return nil, fmt.Errorf("order releases: %w", err)
	}
	return graph, nil
}

// survey is what was read of the cluster for one plan.
type survey struct {
	session  *session
	wanted   map[string]*desired
	history  map[string][]helm.Record // by release
	states   map[string]string        // of namespaces: "", "missing" or "terminating"
	caps     helm.Capabilities
	provides map[string][]schema.GroupVersionKind // by the CRDs of releases that were planned already
}

// The states of a namespace that matter.
const (
	missing     = "missing"
	terminating = "terminating"
)

func (e *Engine) survey(ctx context.Context, wanted map[string]*desired) (*survey, error) {
	main, err := e.open(ctx, "", mask.Mask{}, nil)
	if err != nil {
		return nil, fmt.Errorf("plan releases: %w", err)
	}
	s := &survey{
		session: main, wanted: wanted, history: map[string][]helm.Record{}, states: map[string]string{},
		provides: map[string][]schema.GroupVersionKind{},
	}
	if s.caps, err = main.access.Capabilities(); err != nil {
		return nil, fmt.Errorf("plan releases: ask what the cluster serves: %w", explain(err))
	}
	var group errgroup.Group
	group.SetLimit(e.opts.Parallel)
	var mu sync.Mutex
	errs := make([]error, 0, len(wanted))
	for name, d := range wanted {
		group.Go(func() error {
			state, err := main.namespace(ctx, d.Namespace)
			var history []helm.Record
			if err == nil {
				history, err = e.history(ctx, d)
			}
			mu.Lock()
			defer mu.Unlock()
			s.states[d.Namespace], s.history[name] = state, history
			if err != nil {
				errs = append(errs, &ReleaseError{Release: name, Namespace: d.Namespace, Verb: "plan", Err: err})
			}
			return nil
		})
	}
	_ = group.Wait() // failures are in errs
	slices.SortFunc(errs, func(a, b error) int { return strings.Compare(a.Error(), b.Error()) })
	return s, errors.Join(errs...)
}

// history reads the revisions of d with a client of its own, as helm's is for one
// goroutine.
func (e *Engine) history(ctx context.Context, d *desired) ([]helm.Record, error) {
	s, err := e.open(ctx, d.Namespace, d.mask, nil)
	if err != nil {
		return nil, err
	}
	history, err := s.client.History(d.Name)
	if err != nil {
		return nil, fmt.Errorf("read its revisions: %w", s.explain(err))
	}
	return history, nil
}

// namespace tells the state of a namespace. Who may not see it takes it to be there.
func (s *session) namespace(ctx context.Context, name string) (string, error) {
	o, err := s.objects.Resource(namespaces).Get(ctx, name, metav1.GetOptions{})
	switch {
	case apierrors.IsNotFound(err):
		return missing, nil
	case apierrors.IsForbidden(err):
		return "", nil
	case err != nil:
		return "", fmt.Errorf("read namespace %s: %w", name, explain(err))
	}
	if phase, _, _ := unstructured.NestedString(o.Object, "status", "phase"); phase == "Terminating" || o.GetDeletionTimestamp() != nil {
		return terminating, nil
	}
	return "", nil
}

// change plans one release, after those that it needs.
func (s *survey) change(d *desired) (Change, error) {
	if s.states[d.Namespace] == terminating {
		return Change{}, fmt.Errorf("%w: wait until it is gone", ErrTerminating)
	}
	decided := decide(s.history[d.Name], d.labels())
	c := Change{
		Release: d.Name, Namespace: d.Namespace, Action: decided.action, Chart: d.chart.Name + " " + d.chart.Version,
		Revision: decided.last.Revision, Status: decided.last.Status, Needs: slices.Sorted(slices.Values(d.Needs)),
		Notes: decided.notes, desired: d, timeout: d.Timeout,
	}
	if decided.last.Chart != "" {
		c.Was = decided.last.Chart + " " + decided.last.ChartVersion
	}
	crds, err := parseCRDs(d.chart.CRDs)
	if err != nil {
		return c, err
	}
	s.provides[d.Name] = manifest.CRDs(crds)
	if c.Action == Keep {
		have, err := manifest.Parse(decided.base.Manifest) // what it brings for others is there
		s.provides[d.Name] = append(s.provides[d.Name], manifest.CRDs(have)...)
		return c, err
	}
	rendered, err := d.render(helm.Rendering{
		Revision: decided.last.Revision + 1, Upgrade: c.Action == Upgrade, Capabilities: s.capabilities(d),
	}, s.session.config)
	if err != nil {
		return c, err
	}
	if rendered.Stored > maxStored {
		return c, fmt.Errorf("%w: its record has %d KiB of the %d KiB that a Secret holds: keep files that no template uses out of the chart, by its .helmignore",
			ErrTooLarge, rendered.Stored>>10, maxStored>>10)
	}
	c.note(s, d, crds)
	err = s.compare(&c, d, decided, rendered)
	c.noteDefinitions(s.session.deleteCRDs, crds)
	return c, err
}

// noteDefinitions says of definitions that the chart has no more that they stay.
func (c *Change) noteDefinitions(deleted bool, folder []manifest.Object) {
	for i, o := range c.Objects {
		if o.Action != Delete || o.Kind != "CustomResourceDefinition" || o.Hook != "" {
			continue
		}
		inFolder := slices.ContainsFunc(folder, func(f manifest.Object) bool { return f.GetName() == o.Name })
		switch {
		case inFolder:
			c.Objects[i].Note = "stays in the cluster, by the crds folder"
		case !deleted:
			c.Objects[i].Note = "stays in the cluster, with all objects of its kind"
		}
	}
}

// note adds what there is to know beside the objects.
func (c *Change) note(s *survey, d *desired, crds []manifest.Object) {
	if s.states[d.Namespace] == missing {
		c.Notes = append(c.Notes, "namespace "+d.Namespace+" is made first")
	}
	if len(crds) > 0 {
		names := make([]string, len(crds))
		for i, o := range crds {
			names[i] = o.GetName()
		}
		c.Notes = append(c.Notes, "custom resource definitions are applied first: "+strings.Join(names, ", "))
	}
	if pending(c.Status) {
		c.Notes = append(c.Notes, fmt.Sprintf("revision %d is %s: Apply waits for who works on it, or takes it up where nobody does any more", c.Revision, c.Status))
	}
	if d.chart.Deprecated {
		c.Notes = append(c.Notes, "the chart is deprecated by its makers")
	}
}

// capabilities are those of the cluster and what the needs of d bring.
func (s *survey) capabilities(d *desired) helm.Capabilities {
	caps := helm.Capabilities{KubeVersion: s.caps.KubeVersion, APIVersions: slices.Clone(s.caps.APIVersions)}
	add := func(kinds []schema.GroupVersionKind) {
		for _, k := range kinds {
			version := k.GroupVersion().String()
			caps.APIVersions = append(caps.APIVersions, version, version+"/"+k.Kind)
		}
	}
	add(s.provides[d.Name])
	for _, need := range s.needs(d) {
		add(s.provides[need])
	}
	return caps
}

// needs are all that d needs, also by way of others.
func (s *survey) needs(d *desired) []string {
	var all []string
	queue := slices.Clone(d.Needs)
	for len(queue) > 0 {
		next := queue[0]
		queue = queue[1:]
		if !slices.Contains(all, next) {
			all = append(all, next)
			queue = append(queue, s.wanted[next].Needs...)
		}
	}
	return all
}

// compare fills in the objects that differ.
func (s *survey) compare(c *Change, d *desired, decided decision, rendered helm.Rendered) error {
	after, err := objects(rendered.Manifest, rendered.Hooks)
	if err != nil {
		return d.mask.Error(renderError(d.chart.Name, err))
	}
	before, err := objects(decided.base.Manifest, decided.base.Hooks)
	if err != nil {
		return d.mask.Error(fmt.Errorf("read the manifest of revision %d: %w", decided.base.Revision, err))
	}
	brings := manifest.CRDs(after)
	var errs []error
	notes := map[manifest.Key]string{}
	for i := range after {
		note, err := s.place(d, &after[i], brings)
		if err != nil {
			errs = append(errs, err)
		}
		notes[after[i].Key()] = note
	}
	for i := range before {
		_, _ = s.place(d, &before[i], nil) // its kind may not be served any more
	}
	s.provides[d.Name] = append(s.provides[d.Name], brings...)
	c.Objects = difference(before, after, d.hide(decided.base), notes)
	return errors.Join(errs...)
}

// objects are those of a manifest and of the hooks beside it. Hooks that only run
// when a release is tested or removed count too: they are stored with it.
func objects(text string, hooks []helm.Hook) ([]manifest.Object, error) {
	out, err := manifest.Parse(text)
	if err != nil {
		return nil, err
	}
	for _, h := range hooks {
		more, err := manifest.Parse("# Source: " + h.Path + "\n" + h.Manifest)
		if err != nil {
			return nil, err
		}
		for _, o := range more {
			o.Hook = strings.Join(h.Events, ",")
			out = append(out, o)
		}
	}
	return out, nil
}

// place gives o its namespace, and says where its kind comes from when the cluster
// does not serve it yet.
func (s *survey) place(d *desired, o *manifest.Object, brings []schema.GroupVersionKind) (string, error) {
	gvk := o.GroupVersionKind()
	err := s.session.scope(o, d.Namespace)
	switch {
	case err == nil:
		return "", nil
	case !meta.IsNoMatchError(err):
		return "", fmt.Errorf("look up kind %s: %w", gvk.Kind, explain(err))
	case slices.Contains(s.provides[d.Name], gvk):
		return "new kind, known after the chart's definitions", nil
	}
	for _, need := range s.needs(d) {
		if slices.Contains(s.provides[need], gvk) {
			return "new kind, known after " + need, nil
		}
	}
	return "", s.unknownKind(o, gvk, slices.Contains(brings, gvk))
}

// scope gives o the namespace of its release where it is namespaced and names none.
func (s *session) scope(o *manifest.Object, namespace string) error {
	mapper, err := s.access.ToRESTMapper()
	if err != nil {
		return err
	}
	gvk := o.GroupVersionKind()
	mapping, err := mapper.RESTMapping(gvk.GroupKind(), gvk.Version)
	if err == nil && mapping.Scope.Name() == meta.RESTScopeNameNamespace && o.GetNamespace() == "" {
		o.SetNamespace(namespace)
	}
	return err
}

func (s *survey) unknownKind(o *manifest.Object, gvk schema.GroupVersionKind, own bool) error {
	if own {
		return fmt.Errorf("%s (%s): %w %s of %s: the same chart defines it as a template, which comes too late: put the definition into its crds folder or into a release that this one needs",
			o.ID(), o.Source, ErrUnknownKind, gvk.Kind, gvk.GroupVersion())
	}
	remedy := "install what brings it, and name that in Needs"
	mapper, err := s.session.access.ToRESTMapper()
	if err == nil {
		if known, err := mapper.RESTMappings(gvk.GroupKind()); err == nil && len(known) > 0 {
			remedy = "the cluster serves it as " + known[0].GroupVersionKind.GroupVersion().String()
		}
	}
	return fmt.Errorf("%s (%s): %w %s of %s: %s", o.ID(), o.Source, ErrUnknownKind, gvk.Kind, gvk.GroupVersion(), remedy)
}
