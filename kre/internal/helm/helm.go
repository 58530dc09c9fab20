// Package helm is the one place that knows Helm's Go SDK: no other file of this
// module imports it, so that its next major version is a change of this file.
//
// It loads and renders charts and keeps releases. It differs from the helm command in
// what it leaves out: it reads no environment and no kubeconfig, writes no file, prints
// nothing of its own, and leaves waiting to whoever calls it.
package helm

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"path"
	"strings"
	"time"

	"helm.sh/helm/v3/pkg/action"
	"helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/chart/loader"
	"helm.sh/helm/v3/pkg/chartutil"
	"helm.sh/helm/v3/pkg/downloader"
	"helm.sh/helm/v3/pkg/engine"
	"helm.sh/helm/v3/pkg/kube"
	"helm.sh/helm/v3/pkg/release"
	"helm.sh/helm/v3/pkg/releaseutil"
	"helm.sh/helm/v3/pkg/storage"
	"helm.sh/helm/v3/pkg/storage/driver"
	"k8s.io/cli-runtime/pkg/resource"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"github.com/mettel-automation/delivery/kre/internal/values"
)

// Load reads the chart in a directory or a .tgz archive. A chart that declares
// dependencies which are not in its charts folder is an error, as helm would
// install it without them.
func Load(path string) (*Chart, error) {
	c, err := loader.Load(path)
	if err != nil {
		return nil, err
	}
	if c.Metadata.Type == "library" {
		return nil, errors.New("it is a library, which only other charts can use")
	}
	if err := missing(c); err != nil {
		return nil, err
	}
	out := &Chart{Name: c.Name(), Version: c.Metadata.Version, Deprecated: c.Metadata.Deprecated}
	for _, f := range c.Raw {
		out.files = append(out.files, File{f.Name, f.Data})
	}
	out.CRDs, out.Values = crdsOf(c), defaults(c)
	return out, nil
}

func crdsOf(c *chart.Chart) []File {
	var out []File
	for _, crd := range c.CRDObjects() {
		out = append(out, File{crd.Filename, crd.File.Data})
	}
	return out
}

// missing is the error of dependencies that are declared and not there.
func missing(c *chart.Chart) error {
	if err := action.CheckDependencies(c, c.Metadata.Dependencies); err != nil {
		return fmt.Errorf("%s/Chart.yaml: dependencies %w: vendor them with \"helm dependency build\"", c.ChartFullPath(), err)
	}
	for _, sub := range c.Dependencies() {
		if err := missing(sub); err != nil {
			return err
		}
	}
	return nil
}

func defaults(c *chart.Chart) *values.Chart {
	d := &values.Chart{File: path.Join(c.ChartFullPath(), "values.yaml"), Schema: c.Schema, Subcharts: map[string]*values.Chart{}}
	for _, f := range c.Raw {
		if f.Name == "values.yaml" {
			d.Text = f.Data
		}
	}
	for _, sub := range c.Dependencies() {
		d.Subcharts[sub.Name()] = defaults(sub)
	}
	for _, dep := range c.Metadata.Dependencies {
		if sub := d.Subcharts[dep.Name]; dep.Alias != "" && sub != nil {
			d.Subcharts[dep.Alias] = sub
		}
		for condition := range strings.SplitSeq(dep.Condition, ",") {
			if condition = strings.TrimSpace(condition); condition != "" {
				d.Conditions = append(d.Conditions, condition)
			}
		}
		d.Tags = append(d.Tags, dep.Tags...)
	}
	return d
}

// fresh loads c anew for given values, since helm changes the chart that it renders.
func (c *Chart) fresh(given map[string]any) (*chart.Chart, error) {
	files := make([]*loader.BufferedFile, len(c.files))
	for i, f := range c.files {
		files[i] = &loader.BufferedFile{Name: f.Name, Data: f.Data}
	}
	loaded, err := loader.LoadFiles(files)
	if err == nil {
		prune(loaded, given)
	}
	return loaded, err
}

func prune(c *chart.Chart, given map[string]any) {
	values.Prune(c.Values, given)
	for _, sub := range c.Dependencies() {
		keys := []string{} // by which c knows it; by several it has defaults for all of them
		for _, dep := range c.Metadata.Dependencies {
			if dep.Name == sub.Name() {
				keys = append(keys, cmp.Or(dep.Alias, dep.Name))
			}
		}
		if below, isMap := given[append(keys, sub.Name())[0]].(map[string]any); isMap && len(keys) < 2 {
			prune(sub, below)
		}
	}
}

// Render fills in the values of c, as helm would before it installs or upgrades. The
// template function "lookup" asks the cluster of lookup, or finds nothing where that is nil.
func Render(c *Chart, in Rendering, lookup *rest.Config) (Rendered, error) {
	loaded, err := c.fresh(in.Values)
	if err != nil {
		return Rendered{}, err
	}
	caps := capabilities(in.Capabilities)
	if want, have := loaded.Metadata.KubeVersion, caps.KubeVersion.String(); want != "" && !chartutil.IsCompatibleRange(want, have) {
		return Rendered{}, fmt.Errorf("it is for Kubernetes %s, and the cluster has %s", want, have)
	}
	if err := chartutil.ProcessDependenciesWithMerge(loaded, in.Values); err != nil {
		return Rendered{}, err
	}
	filled, err := chartutil.ToRenderValues(loaded, in.Values, chartutil.ReleaseOptions{
		Name: in.Name, Namespace: in.Namespace, Revision: max(in.Revision, 1), IsUpgrade: in.Upgrade, IsInstall: !in.Upgrade,
	}, caps)
	if err != nil {
		return Rendered{}, err
	}
	var e engine.Engine
	if lookup != nil {
		e = engine.New(lookup)
	}
	files, err := e.Render(loaded, filled)
	if err != nil {
		return Rendered{}, err
	}
	maps.DeleteFunc(files, func(name, _ string) bool { return path.Base(name) == "NOTES.txt" })
	hooks, manifests, err := releaseutil.SortManifests(files, nil, releaseutil.InstallOrder)
	if err != nil {
		return Rendered{}, err
	}
	var text strings.Builder
	for _, m := range manifests {
		fmt.Fprintf(&text, "---\n# Source: %s\n%s\n", m.Name, m.Content)
	}
	stored, err := storedSize(&release.Release{
		Name: in.Name, Namespace: in.Namespace, Chart: loaded, Config: in.Values,
		Info: &release.Info{}, Manifest: text.String(), Hooks: hooks,
	})
	return Rendered{Manifest: text.String(), Hooks: hooksOf(hooks), Stored: stored}, err
}

func capabilities(c Capabilities) *chartutil.Capabilities {
	caps := chartutil.DefaultCapabilities.Copy()
	if v, err := chartutil.ParseKubeVersion(c.KubeVersion); err == nil {
		v.Version = c.KubeVersion // with a suffix such as -eks-1234567, as helm has it
		caps.KubeVersion = *v
	}
	if c.APIVersions != nil {
		caps.APIVersions = c.APIVersions
	}
	return caps
}

// Client keeps the releases of one namespace for the length of one operation. It is
// not safe for concurrent use, as helm's own configuration is not.
type Client struct {
	config  *action.Configuration
	objects *objectClient
}

// NewClient returns a client whose requests all end with ctx, but for those that record
// what has become of a release. Access must be made of a configuration that [Bind] bound
// to the same context; records is the one that is not bound. The labels of lock are put
// on each record that says that something is under way.
func NewClient(ctx context.Context, access *Access, records *rest.Config, lock map[string]string, waits Waits) (*Client, error) {
	clients, err := kubernetes.NewForConfig(bindRecords(ctx, records))
	if err != nil {
		return nil, err
	}
	objects := kube.New(access)
	objects.Namespace = access.namespace
	secrets := driver.NewSecrets(clients.CoreV1().Secrets(access.namespace))
	secrets.Log = func(string, ...any) {}
	c := &Client{objects: &objectClient{objects, waits, guard{access: access, keep: waits.Keep}}}
	objects.Log = c.objects.hears
	c.config = &action.Configuration{
		RESTClientGetter: access,
		Releases:         storage.Init(&locking{secrets, lock}),
		KubeClient:       c.objects,
		HookOutputFunc:   func(_, _, _ string) io.Writer { return io.Discard },
		Log:              c.objects.hearsOfRelease,
	}
	return c, nil
}

// locking stamps labels on each record as its operation begins.
type locking struct {
	driver.Driver
	labels map[string]string
}

func (l *locking) Create(key string, r *release.Release) error {
	r.Labels = merged(r.Labels, l.labels)
	return l.Driver.Create(key, r)
}

func (l *locking) Update(key string, r *release.Release) error {
	if r.Info.Status == release.StatusUninstalling {
		r.Labels = merged(r.Labels, l.labels)
	}
	return l.Driver.Update(key, r)
}

// objectClient is helm's client of objects with the waits of somebody else, and
// without the validation that the server does better.
type objectClient struct {
	*kube.Client
	waits Waits
	guard
}

// Build is asked to validate what is new, and not what is stored.
func (o *objectClient) Build(r io.Reader, isNew bool) (kube.ResourceList, error) {
	list, err := o.Client.Build(r, false)
	return o.known(list, err, isNew)
}

// Update deletes of the original what the target has no more.
func (o *objectClient) Update(original, target kube.ResourceList, force bool) (*kube.Result, error) {
	original = original.Filter(func(info *resource.Info) bool { return target.Contains(info) || !o.keeps(info) })
	o.undone = nil
	result, err := o.Client.Update(original, target, force)
	return result, errors.Join(append(o.undone, err)...)
}

func (o *objectClient) Wait(l kube.ResourceList, _ time.Duration) error { return o.waits.Ready(l) }

func (o *objectClient) WatchUntilReady(l kube.ResourceList, _ time.Duration) error {
	return o.waits.Hooks(l)
}

func (o *objectClient) WaitForDelete(l kube.ResourceList, _ time.Duration) error {
	return o.waits.Gone(l)
}

// History returns the revisions of a release that are stored, oldest first; none
// where there is no such release.
func (c *Client) History(name string) (records []Record, err error) {
	found, err := c.config.Releases.History(name)
	if errors.Is(err, driver.ErrReleaseNotFound) {
		return nil, nil
	}
	releaseutil.SortByRevision(found)
	for _, r := range found {
		records = append(records, recordOf(r))
	}
	return records, err
}

// Install installs a release that is not there.
func (c *Client) Install(d Desired) error {
	loaded, err := d.load()
	if err != nil {
		return err
	}
	install := action.NewInstall(c.config)
	install.ReleaseName, install.Namespace, install.Description = d.Name, d.Namespace, d.Description
	install.Labels, install.Replace = d.Labels, d.Replace
	install.SkipCRDs, install.DisableOpenAPIValidation, install.Wait = true, true, true
	_, err = install.Run(loaded, d.Values)
	return busy(err)
}

// Upgrade makes the next revision of a release.
func (c *Client) Upgrade(d Desired) error {
	loaded, err := d.load()
	if err != nil {
		return err
	}
	upgrade := action.NewUpgrade(c.config)
	upgrade.Namespace, upgrade.Description, upgrade.Labels = d.Namespace, d.Description, d.Labels
	upgrade.MaxHistory, upgrade.ResetValues = d.MaxHistory, true
	upgrade.SkipCRDs, upgrade.Wait = true, true
	c.objects.old = true
	_, err = upgrade.Run(d.Name, loaded, d.Values)
	return busy(err)
}

func (d Desired) load() (*chart.Chart, error) {
	loaded, err := d.Chart.fresh(d.Values)
	if err == nil && len(d.Annotations) > 0 {
		loaded.Metadata.Annotations = merged(loaded.Metadata.Annotations, d.Annotations)
	}
	return loaded, err
}

// Rollback makes a new revision that is as revision was.
func (c *Client) Rollback(name string, revision, maxHistory int) error {
	rollback := action.NewRollback(c.config)
	rollback.Version, rollback.MaxHistory, rollback.Wait = revision, maxHistory, true
	return busy(rollback.Run(name))
}

// Uninstall deletes the objects of a release, waits until they are gone and
// forgets its revisions, unless they are kept. It goes on where an earlier one was stopped.
func (c *Client) Uninstall(name string, keepHistory bool) error {
	uninstall := action.NewUninstall(c.config)
	uninstall.Wait, uninstall.KeepHistory = true, keepHistory
	c.objects.old, c.objects.removing = true, true
	defer func() { c.objects.old, c.objects.removing = false, false }()
	_, err := uninstall.Run(name)
	if err != nil && c.objects.failed != "" {
		return fmt.Errorf("%w: %s", err, c.objects.failed)
	}
	return err
}

// SetStatus records that a revision has another status, and why.
func (c *Client) SetStatus(name string, revision int, status, description string) error {
	r, err := c.config.Releases.Get(name, revision)
	if err != nil {
		return err
	}
	r.SetStatus(release.Status(status), description)
	return c.config.Releases.Update(r)
}

// busy marks the errors of a release that somebody else has begun to change.
// Their texts are those of helm.sh/helm/v3/pkg/action.
func busy(err error) error {
	if err == nil {
		return nil
	}
	text := err.Error()
	if errors.Is(err, driver.ErrReleaseExists) || strings.Contains(text, "another operation (install/upgrade/rollback) is in progress") ||
		strings.Contains(text, "cannot re-use a name that is still in use") {
		return fmt.Errorf("%w: %w", ErrBusy, err)
	}
	return err
}

func recordOf(r *release.Release) Record {
	out := Record{
		Name: r.Name, Namespace: r.Namespace, Revision: r.Version, Manifest: r.Manifest, Hooks: hooksOf(r.Hooks), Values: r.Config, Labels: r.Labels,
	}
	if r.Info != nil {
		out.Status, out.Description, out.Updated = string(r.Info.Status), r.Info.Description, r.Info.LastDeployed.Time
		if r.Info.Status == release.StatusUninstalling && !r.Info.Deleted.IsZero() {
			out.Updated = r.Info.Deleted.Time
		}
	}
	if r.Chart != nil && r.Chart.Metadata != nil {
		out.Chart, out.ChartVersion, out.Annotations = r.Chart.Metadata.Name, r.Chart.Metadata.Version, r.Chart.Metadata.Annotations
		out.CRDs = crdsOf(r.Chart)
	}
	return out
}

func hooksOf(hooks []*release.Hook) []Hook {
	var out []Hook
	for _, h := range hooks {
		hook := Hook{Name: h.Name, Kind: h.Kind, Path: h.Path, Manifest: h.Manifest}
		for _, e := range h.Events {
			hook.Events = append(hook.Events, string(e))
		}
		out = append(out, hook)
	}
	return out
}

// Verify checks the archive at path against the provenance beside it and the keys of keyring.
func Verify(path, keyring string) error {
	_, err := downloader.VerifyChart(path, keyring)
	return err
}
