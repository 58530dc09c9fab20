package access

import (
	"context"
	"fmt"
	"strings"

	"github.com/mettel-automation/delivery/eks/access/awsauth"
	"github.com/mettel-automation/delivery/internal/clean"
	"github.com/mettel-automation/delivery/progress"
)

// Restoration is what ApplyRestore would do: mapRoles of aws-auth as it was before our
// last edit.
type Restoration struct {
	ConfigMap string `json:"configMap"` // namespace/name
	// Returns are the entries that come back, and Leaves those that go.
	Returns []awsauth.Entry `json:"returns,omitempty"`
	Leaves  []awsauth.Entry `json:"leaves,omitempty"`
	// Broken is why the cluster cannot read the present text; "" where it can.
	Broken string `json:"broken,omitempty"`

	before, after string
}

// String shows the restoration as people read it.
func (r Restoration) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "restore ConfigMap %s\n", r.ConfigMap)
	if r.Broken != "" {
		fmt.Fprintf(&b, "  now unreadable: %s\n", clean.Text(r.Broken))
	}
	writeEntries(&b, "+", r.Returns)
	writeEntries(&b, "-", r.Leaves)
	return b.String()
}

func writeEntries(b *strings.Builder, sign string, list []awsauth.Entry) {
	for _, e := range list {
		fmt.Fprintf(b, "  %s %s\n", sign, clean.Text(fmt.Sprintf("%s as %s: %s", e.RoleARN, e.Username, strings.Join(e.Groups, " "))))
	}
}

// PlanRestore says what undoing the last edit of aws-auth by this package would change,
// whoever its owner was. It only reads.
//
// It fails with [ErrNoPrevious] where there was none; with [ErrChanged] where somebody else has
// edited since, unless they broke the text; with an [awsauth.ParseError] where the
// previous text is broken; and with [awsauth.ErrNodeEntry] where nodes would be gone.
func (m *Manager) PlanRestore(ctx context.Context) (Restoration, error) {
	r, _, err := m.planRestore(ctx)
	if err != nil {
		return Restoration{}, fmt.Errorf("restore ConfigMap %s: %w", m.configMap(), err)
	}
	return r, nil
}

func (m *Manager) planRestore(ctx context.Context) (Restoration, auth, error) {
	if err := m.checkClient(); err != nil {
		return Restoration{}, auth{}, err
	}
	now, err := m.awsAuth(ctx)
	switch {
	case err != nil:
		return Restoration{}, now, err
	case now.object == nil:
		return Restoration{}, now, ErrNoConfigMap
	}
	previous, kept := now.object.Annotations[AnnotationPrevious]
	if !kept {
		return Restoration{}, now, ErrNoPrevious
	}
	entries, err := awsauth.Parse(previous)
	if err != nil {
		return Restoration{}, now, fmt.Errorf("its previous state: %w", err)
	}
	r := Restoration{ConfigMap: m.configMap(), before: now.text(), after: previous}
	if now.err != nil {
		r.Broken = now.err.Error()
		r.Returns = entries
		return r, now, nil
	}
	if hash(now.text()) != now.object.Annotations[AnnotationWritten] {
		return Restoration{}, now, ErrChanged
	}
	r.Returns, r.Leaves = without(entries, now.entries), without(now.entries, entries)
	return r, now, awsauth.Guard(now.entries, entries)
}

// without are the entries of list that other has not.
func without(list, other []awsauth.Entry) []awsauth.Entry {
	has := make(map[string]bool, len(other))
	key := func(e awsauth.Entry) string {
		return fmt.Sprintf("%q %q %q", awsauth.Canonical(e.RoleARN), e.Username, sorted(e.Groups))
	}
	for _, e := range other {
		has[key(e)] = true
	}
	var rest []awsauth.Entry
	for _, e := range list {
		if !has[key(e)] {
			rest = append(rest, e)
		}
	}
	return rest
}

// ApplyRestore writes what r says, or fails with [ErrStale] where aws-auth has changed since it
// was planned. What it replaces is kept in its turn, so that restoring can be undone.
func (m *Manager) ApplyRestore(ctx context.Context, r Restoration) error {
	subject := string(KindConfigMap) + " " + m.configMap()
	m.emit(subject, progress.Running, "restore", nil)
	err := m.insist(ctx, func() error {
		again, now, err := m.planRestore(ctx)
		switch {
		case err != nil:
			return err
		case again.before != r.before || again.after != r.after || again.ConfigMap != r.ConfigMap:
			return ErrStale
		case r.before == r.after:
			return nil
		}
		if err := m.put(ctx, now.object, r.after); err != nil {
			return err
		}
		return m.verify(ctx, func(now auth) error {
			if now.text() != r.after {
				return errOverwritten
			}
			return nil
		})
	})
	if err != nil {
		err = fmt.Errorf("restore ConfigMap %s: %w", m.configMap(), err)
		m.emit(subject, progress.Failed, "", err)
		return err
	}
	m.emit(subject, progress.Done, "", nil)
	return nil
}
