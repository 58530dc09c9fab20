package kre

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/cli-runtime/pkg/resource"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"

	"github.com/mettel-automation/delivery/internal/wait"
	"github.com/mettel-automation/delivery/kre/internal/helm"
	"github.com/mettel-automation/delivery/kre/internal/mask"
	"github.com/mettel-automation/delivery/kre/readiness"
)

// session is the way into the cluster for one operation on one release: nothing of
// it is shared, and all its requests end with its context.
type session struct {
	access   *helm.Access
	config   *rest.Config
	client   *helm.Client
	objects  dynamic.Interface
	waiter   Waiter
	warnings *warnings
	mask     mask.Mask
	waited   error               // of the last wait: helm makes a text of it
	unready  []readiness.Unready // as that has it

	deleteCRDs bool     // Options.DeleteCRDs
	folder     []string // the definitions of the chart's crds folder
}

// open makes a session for a namespace. Lock are the labels of records that say that
// something is under way.
func (e *Engine) open(ctx context.Context, namespace string, hidden mask.Mask, lock map[string]string) (*session, error) {
	if e.config == nil {
		return nil, ErrNoCluster
	}
	s := &session{warnings: &warnings{}, mask: hidden, deleteCRDs: e.opts.DeleteCRDs}
	config := rest.CopyConfig(e.config)
	config.WarningHandler, config.WarningHandlerWithContext = s.warnings, nil
	s.config = helm.Bind(ctx, config)
	var err error
	if s.access, err = helm.NewAccess(s.config, namespace); err != nil {
		return nil, err
	}
	if s.objects, err = dynamic.NewForConfig(s.config); err != nil {
		return nil, err
	}
	mapper, err := s.access.ToRESTMapper()
	if err != nil {
		return nil, err
	}
	s.waiter = e.opts.Waiter(Cluster{Client: s.objects, Mapper: mapper, Namespace: namespace, Progress: e.opts.Progress}, hidden.Text)
	s.client, err = helm.NewClient(ctx, s.access, config, lock, helm.Waits{
		Ready: func(infos []*resource.Info) error { return s.ready(ctx, contents(infos)) },
		Hooks: func(infos []*resource.Info) error { return s.finished(ctx, infos) },
		Gone:  func(infos []*resource.Info) error { return gone(ctx, infos) },
		Keep:  s.keeps,
	})
	return s, err
}

// ready waits until objects are.
func (s *session) ready(ctx context.Context, objects []*unstructured.Unstructured) error {
	err := s.waiter.Wait(ctx, objects)
	s.waited, s.unready = err, unready(err)
	return err
}

// keeps reports whether a definition stays, though a manifest has it no more.
func (s *session) keeps(definition string) bool {
	return !s.deleteCRDs || slices.Contains(s.folder, definition)
}

// contents are the objects of infos, each with its namespace.
func contents(infos []*resource.Info) []*unstructured.Unstructured {
	var out []*unstructured.Unstructured
	for _, info := range infos {
		o, isMap := info.Object.(*unstructured.Unstructured)
		if !isMap { // helm builds no others
			continue
		}
		if info.Namespaced() && o.GetNamespace() == "" {
			o = o.DeepCopy()
			o.SetNamespace(info.Namespace)
		}
		out = append(out, o)
	}
	return out
}

// finished waits until hooks have done what they are for: Jobs complete and Pods
// succeed. Anything else has when it is there.
func (s *session) finished(ctx context.Context, infos []*resource.Info) error {
	var jobs, pods []*resource.Info
	for _, info := range infos {
		switch info.Mapping.GroupVersionKind.Kind {
		case "Job":
			jobs = append(jobs, info)
		case "Pod":
			pods = append(pods, info)
		}
	}
	if len(jobs) > 0 {
		if err := s.ready(ctx, contents(jobs)); err != nil {
			return err
		}
	}
	return poll(ctx, pods, succeeded)
}

// succeeded says why a Pod has not; "" where it has.
func succeeded(info *resource.Info) (string, error) {
	err := info.Get()
	if apierrors.IsNotFound(err) {
		return "", nil // it cleaned up behind itself
	}
	if err != nil {
		return "", err
	}
	o := contents([]*resource.Info{info})[0]
	phase, _, _ := unstructured.NestedString(o.Object, "status", "phase")
	switch phase {
	case "Succeeded":
		return "", nil
	case "Failed":
		message, _, _ := unstructured.NestedString(o.Object, "status", "message")
		return "", fmt.Errorf("pod %s/%s failed: %s", info.Namespace, info.Name, message)
	}
	return fmt.Sprintf("Pod %s/%s is %s", info.Namespace, info.Name, phase), nil
}

// gone waits until objects are deleted.
func gone(ctx context.Context, infos []*resource.Info) error {
	return poll(ctx, infos, func(info *resource.Info) (string, error) {
		err := info.Get()
		if apierrors.IsNotFound(err) || meta.IsNoMatchError(err) {
			return "", nil
		}
		if err != nil {
			return "", err
		}
		what := info.Mapping.GroupVersionKind.Kind + " " + info.Name
		if o, err := meta.Accessor(info.Object); err == nil && len(o.GetFinalizers()) > 0 {
			return fmt.Sprintf("%s is held by %s", what, strings.Join(o.GetFinalizers(), ", ")), nil
		}
		return what + " is still there", nil
	})
}

// How long to wait between two looks: little at first, since most is quick.
const (
	firstPause = 100 * time.Millisecond
	lastPause  = 3 * time.Second
)

// poll asks for each of infos until there is nothing more to say of it. An error of
// the cluster that may pass is asked again.
func poll(ctx context.Context, infos []*resource.Info, look func(*resource.Info) (string, error)) error {
	for pause := firstPause; ; pause = min(pause*3/2, lastPause) {
		var open []string
		infos = slices.DeleteFunc(slices.Clone(infos), func(info *resource.Info) bool { return info == nil })
		for i, info := range infos {
			news, err := look(info)
			switch {
			case ctx.Err() != nil:
				return fmt.Errorf("%w: %s", context.Cause(ctx), strings.Join(append(open, info.Name), "; "))
			case err != nil && !passing(err):
				return err
			case err != nil:
				open = append(open, info.Name+": "+err.Error())
			case news == "":
				infos[i] = nil
			default:
				open = append(open, news)
			}
		}
		if len(open) == 0 {
			return nil
		}
		if err := wait.For(ctx, pause); err != nil {
			return fmt.Errorf("%w: %s", err, strings.Join(open, "; "))
		}
	}
}

// passing reports whether an error of the cluster may be another one soon.
func passing(err error) bool {
	return apierrors.IsTooManyRequests(err) || apierrors.IsServerTimeout(err) || apierrors.IsTimeout(err) ||
		apierrors.IsServiceUnavailable(err) || apierrors.IsInternalError(err) || unreachable(err, "")
}

// explain gives an error of the cluster its sentence, without secrets. The text of a
// wait does not count for that: it quotes pods, who have troubles of their own.
func (s *session) explain(err error) error {
	wait, isWait := errors.AsType[*readiness.NotReadyError](s.waited)
	if err == nil || !isWait || !strings.Contains(err.Error(), wait.Error()) {
		return s.mask.Error(explain(err))
	}
	why := errors.Join(explain(wait.Err), explain(wait.LastLook))
	for _, known := range []error{ErrCredentials, ErrForbidden, ErrTerminating, ErrUnreachable} {
		if errors.Is(why, known) && !errors.Is(err, known) {
			err = fmt.Errorf("%w: %w", known, err)
		}
	}
	return s.mask.Error(err)
}

// warnings keeps what the API server warns of, such as unknown fields and versions that
// will be removed. It is safe for concurrent use.
type warnings struct {
	mu    sync.Mutex
	texts []string
}

// maxWarnings bounds what is kept of them.
const maxWarnings = 20

// HandleWarningHeader takes one warning.
func (w *warnings) HandleWarningHeader(code int, _, text string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if code == 299 && text != "" && len(w.texts) < maxWarnings && !slices.Contains(w.texts, text) {
		w.texts = append(w.texts, text)
	}
}

// all returns the warnings without secrets.
func (s *session) all() []string {
	s.warnings.mu.Lock()
	defer s.warnings.mu.Unlock()
	var out []string
	for _, text := range s.warnings.texts {
		out = append(out, s.mask.Text(text))
	}
	return out
}

// budget is a context that ends when the work on a release has taken too long.
func budget(ctx context.Context, d time.Duration) (context.Context, context.CancelFunc) {
	return context.WithTimeoutCause(ctx, d, overdue(d))
}

// overdue is the error of work that has taken too long. It matches
// context.DeadlineExceeded.
type overdue time.Duration

func (o overdue) Error() string { return fmt.Sprintf("not done within %v", time.Duration(o)) }

// Is reports whether target is what a context would say.
func (o overdue) Is(target error) bool { return target == context.DeadlineExceeded }
