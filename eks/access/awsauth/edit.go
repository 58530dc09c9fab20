package awsauth

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"
)

// Edit is what the entries of one owner are to be.
type Edit struct {
	// Prefix marks what is ours: the entries whose username begins with it. It is
	// needed, and may not begin with "system:".
	Prefix string
	// Entries are all that ours shall be; any other of ours is removed.
	Entries []Entry
	// Adopt replaces entries that are not ours where a role of Entries has one.
	// Without it that is a [ConflictError]. The entry of a node is never adopted.
	Adopt bool
}

// Ours reports whether e belongs to the owner. The entry of a node never does.
func (d Edit) Ours(e Entry) bool { return strings.HasPrefix(e.Username, d.Prefix) && !e.Node() }

// Apply returns text with the entries of d in it. An entry of ours that is right
// stays as it is written, one that differs is replaced where it stands, further ones
// are added at the end in the order of their ARNs. A comment inside of an entry that is
// replaced or removed goes with it. Where nothing differs the result is text itself.
//
// It fails with a [ParseError], a [ConflictError] for each entry in the way, [ErrNodeEntry],
// [ErrForm] or [ErrEntry].
func (d Edit) Apply(text string) (string, error) {
	if err := d.check(); err != nil {
		return "", err
	}
	before, err := parse(text)
	if err != nil {
		return "", err
	}
	ops, add, err := d.decide(before)
	if err != nil {
		return "", err
	}
	if len(add) == 0 && !slices.ContainsFunc(ops, func(o op) bool { return o.touch }) {
		return text, nil
	}
	after, err := rewrite(text, ops, add)
	if err != nil {
		return "", err
	}
	if err := d.verify(before, ops, after); err != nil {
		return "", err
	}
	return after, nil
}

func (d Edit) check() error {
	if d.Prefix == "" || strings.HasPrefix(d.Prefix, "system:") {
		return fmt.Errorf("%w: %q cannot mark what is ours", ErrEntry, d.Prefix)
	}
	var errs []error
	seen := map[string]bool{}
	for _, e := range d.Entries {
		fault := ""
		switch key := Canonical(e.RoleARN); {
		case e.RoleARN == "":
			fault = "it has no role ARN"
		case e.Node():
			fault = "it would be the entry of a node"
		case !d.Ours(e):
			fault = fmt.Sprintf("its username %q does not begin with %q", e.Username, d.Prefix)
		case seen[key]:
			fault = "its role has two entries"
		case !utf8.ValidString(e.RoleARN + e.Username + strings.Join(e.Groups, "")):
			fault = "it is no valid UTF-8"
		default:
			seen[key] = true
		}
		if fault != "" {
			errs = append(errs, fmt.Errorf("%w: %s: %s", ErrEntry, cmp.Or(e.RoleARN, e.Username), fault))
		}
	}
	return errors.Join(errs...)
}

// op is what happens to an entry of the text.
type op struct {
	touch bool
	with  *Entry // in its place; nil removes it
}

// decide says what happens to each entry, and which are to be added.
func (d Edit) decide(before []item) ([]op, []Entry, error) {
	want := byRole(d.Entries)
	open := maps.Clone(want)
	ops := make([]op, len(before))
	var errs []error
	for i := len(before) - 1; i >= 0; i-- { // the last one of a role is the one that counts
		e := before[i].Entry
		key := Canonical(e.RoleARN)
		w, wanted := want[key]
		switch {
		case e.Node() && wanted:
			errs = append(errs, fmt.Errorf("%w: %s", ErrNodeEntry, e.RoleARN))
		case !d.Ours(e) && wanted && !d.Adopt:
			errs = append(errs, &ConflictError{Entry: e})
		case d.Ours(e) || wanted:
			ops[i].touch = true
			if _, first := open[key]; first {
				ops[i] = op{touch: !e.same(w) || !strings.EqualFold(e.RoleARN, w.RoleARN), with: &w}
				delete(open, key)
			}
		}
	}
	add := slices.SortedFunc(maps.Values(open), func(a, b Entry) int { return strings.Compare(a.RoleARN, b.RoleARN) })
	return ops, add, errors.Join(errs...)
}

// verify reads after, and compares it with what was to become of before.
func (d Edit) verify(before []item, ops []op, after string) error {
	unsafe := func(why string) error { return fmt.Errorf("%w (%s)", ErrForm, why) }
	now, err := parse(after)
	if err != nil {
		return unsafe("after the edit the cluster would not " + err.Error())
	}
	var foreign []string
	for i, it := range before {
		if !ops[i].touch && ops[i].with == nil {
			foreign = append(foreign, it.raw)
		}
	}
	want := byRole(d.Entries)
	for _, it := range now {
		key := Canonical(it.RoleARN)
		if w, ours := want[key]; ours && it.same(w) {
			delete(want, key)
			continue
		}
		if len(foreign) == 0 || foreign[0] != it.raw {
			return unsafe("the edit would change an entry that is not ours: " + cmp.Or(it.RoleARN, it.raw))
		}
		foreign = foreign[1:]
	}
	if len(foreign)+len(want) > 0 {
		return unsafe("the edit would lose an entry")
	}
	return Guard(plain(before), plain(now))
}

func byRole(entries []Entry) map[string]Entry { return counting(entries, Canonical) }

func plain(items []item) []Entry {
	entries := make([]Entry, len(items))
	for i, it := range items {
		entries[i] = it.Entry
	}
	return entries
}
