package access

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/mettel-automation/delivery/eks/access/awsauth"
	"github.com/mettel-automation/delivery/internal/wait"
)

const (
	// conflicts is how often a write is tried that others are ahead of.
	conflicts = 20
	// firstPause is how long to wait after the first conflict; it doubles up to mostPause.
	firstPause = 20 * time.Millisecond
	mostPause  = time.Second
	// mostPrevious is how long a text can be kept in an annotation, in bytes. All annotations
	// of an object may have 256 KiB. Source: Kubernetes documentation, "Annotations".
	mostPrevious = 200 << 10
)

// writeMappings is a step that makes ours in aws-auth what edit says, as long as it is
// still what was seen.
func writeMappings(action Action, name string, edit awsauth.Edit, seen auth, takes bool) Step {
	return Step{Action: action, Kind: KindConfigMap, Name: name, takes: takes, write: func(ctx context.Context, m *Manager) error {
		expected := concerned(edit, seen.entries)
		return m.insist(ctx, func() error {
			now, err := m.awsAuth(ctx)
			switch {
			case err != nil:
				return err
			case now.err != nil:
				return now.err
			case now.object == nil && action != Create:
				return fmt.Errorf("%w: it is gone", ErrStale)
			case !slices.EqualFunc(expected, concerned(edit, now.entries), sameEntry):
				return fmt.Errorf("%w: the entries of our principals in it have changed", ErrStale)
			}
			text, err := edit.Apply(now.text())
			if err != nil {
				return err
			}
			if err := m.put(ctx, now.object, text); err != nil {
				return err
			}
			return m.verify(ctx, func(now auth) error {
				if text, err := edit.Apply(now.text()); err != nil || text != now.text() {
					return errOverwritten
				}
				return nil
			})
		})
	}}
}

// concerned are the entries of the principals that edit is about, whoever wrote them.
func concerned(edit awsauth.Edit, entries []awsauth.Entry) []awsauth.Entry {
	about := map[string]bool{}
	for _, e := range edit.Entries {
		about[awsauth.Canonical(e.RoleARN)] = true
	}
	for _, e := range entries {
		if edit.Ours(e) {
			about[awsauth.Canonical(e.RoleARN)] = true
		}
	}
	var list []awsauth.Entry
	for _, e := range entries {
		if about[awsauth.Canonical(e.RoleARN)] {
			list = append(list, e)
		}
	}
	return list
}

func sameEntry(a, b awsauth.Entry) bool {
	return awsauth.Canonical(a.RoleARN) == awsauth.Canonical(b.RoleARN) && a.Username == b.Username && slices.Equal(sorted(a.Groups), sorted(b.Groups))
}

// insist repeats write while others are ahead of it.
func (m *Manager) insist(ctx context.Context, write func() error) error {
	pause := firstPause
	for try := 1; ; try++ {
		err := write()
		if !apierrors.IsConflict(err) && !apierrors.IsAlreadyExists(err) {
			return err
		}
		if try == conflicts {
			return fmt.Errorf("others were ahead %d times: %w", try, err)
		}
		if err := wait.For(ctx, pause/2+rand.N(pause)); err != nil {
			return err
		}
		pause = min(2*pause, mostPause)
	}
}

// put writes text as mapRoles, and keeps what was there. Object is the ConfigMap as it was
// read, nil where there is none.
func (m *Manager) put(ctx context.Context, object *corev1.ConfigMap, text string) error {
	client := m.cluster.Kubernetes.CoreV1().ConfigMaps(m.opts.Namespace)
	if object == nil {
		_, err := client.Create(ctx, m.remember(&corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: m.opts.ConfigMap}}, text), metav1.CreateOptions{})
		return explain(err)
	}
	if previous := object.Data[mapRoles]; len(previous) > mostPrevious {
		return fmt.Errorf("mapRoles has %d KiB, of which an annotation could keep %d: it could not be restored", len(previous)>>10, mostPrevious>>10)
	}
	_, err := client.Update(ctx, m.remember(object.DeepCopy(), text), metav1.UpdateOptions{})
	if apierrors.IsNotFound(err) {
		return fmt.Errorf("%w: %w", ErrStale, err)
	}
	return explain(err)
}

// remember sets mapRoles of object, and the annotations from which it can be restored.
func (m *Manager) remember(object *corev1.ConfigMap, text string) *corev1.ConfigMap {
	if object.Annotations == nil {
		object.Annotations = map[string]string{}
	}
	if object.Data == nil {
		object.Data = map[string]string{}
	}
	object.Annotations[AnnotationPrevious] = object.Data[mapRoles]
	object.Annotations[AnnotationWritten] = hash(text)
	object.Data[mapRoles] = text
	return object
}

func hash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

var errOverwritten = fmt.Errorf("%w: it was written, and then overwritten by somebody else", ErrStale)

// verify reads again what was written, and has check look at it.
func (m *Manager) verify(ctx context.Context, check func(auth) error) error {
	now, err := m.awsAuth(ctx)
	switch {
	case err != nil:
		return fmt.Errorf("written, but reading it again failed: %w", err)
	case now.err != nil:
		return fmt.Errorf("written, and then broken by somebody else: %w", now.err)
	}
	return check(now)
}
