package keys

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/mettel-automation/delivery/internal/clean"
)

// Action says what applying does to an object or an access key.
type Action string

// The actions of a plan.
const (
	Create     Action = "create"
	Update     Action = "update"
	Keep       Action = "keep"
	Deactivate Action = "deactivate" // an access key that was replaced
	Delete     Action = "delete"     // an access key
	Orphan     Action = "orphan"     // an access key that no object knows, and that stays
)

// Change is what happens to an object or an access key. It never shows a secret.
type Change struct {
	Subject string `json:"subject"` // "nodes.pem", or "access key AKIA..."
	Action  Action `json:"action"`
	Detail  string `json:"detail,omitempty"`

	key string // id, of an access key
}

// Plan is what Apply would do, in its order.
type Plan struct {
	Bucket  string   `json:"bucket"`
	Changes []Change `json:"changes"`

	spec     Spec
	observed observed
	facts    Secret // the object as it is to be
}

// Empty reports whether applying would write nothing.
func (p Plan) Empty() bool {
	return !slices.ContainsFunc(p.Changes, func(c Change) bool { return c.Action != Keep && c.Action != Orphan })
}

// String shows the plan as people read it, a line for all but what is kept.
func (p Plan) String() string {
	var b strings.Builder
	for _, c := range p.Changes {
		if c.Action == Keep {
			continue
		}
		fmt.Fprintf(&b, "%s %s", c.Action, c.Subject)
		if c.Detail != "" {
			fmt.Fprintf(&b, ": %s", c.Detail)
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// Plan compares the bucket with what is to be in it. It only reads. Faults of the Spec are
// joined into one error before any call.
func (d *Deliverer) Plan(ctx context.Context, s Spec) (Plan, error) {
	fail := func(err error) (Plan, error) {
		return Plan{}, fmt.Errorf("plan keys in bucket %s: %w", s.Bucket, err)
	}
	if err := d.check(s); err != nil {
		return fail(err)
	}
	facts, err := s.facts()
	if err != nil {
		return fail(err)
	}
	o, err := d.observe(ctx, s)
	if err != nil {
		return fail(err)
	}
	p, err := diff(s, o, facts, time.Now())
	if err != nil {
		return fail(err)
	}
	return p, nil
}

// diff is the whole decision.
func diff(s Spec, o observed, facts []byte, now time.Time) (Plan, error) {
	p := Plan{Bucket: s.Bucket, spec: s, observed: o, facts: Hide(string(facts))}
	if s.KeyPairID != "" {
		p.add(SSHKeyObject, compare(o.ssh, o.ssh.body.Equal(o.key)), "the private key of "+s.KeyPairID)
	}
	if s.SMTPUser != "" {
		if err := p.addSMTP(now); err != nil {
			return Plan{}, err
		}
	}
	if s.Facts != nil {
		p.add(FactsObject, compare(o.facts, sameJSON([]byte(o.facts.body.Reveal()), facts)), "")
	}
	return p, nil
}

func (p *Plan) add(subject string, action Action, detail string) {
	if action == Keep {
		detail = ""
	}
	p.Changes = append(p.Changes, Change{Subject: subject, Action: action, Detail: detail})
}

func (p *Plan) addKey(k accessKey, action Action, detail string) {
	p.Changes = append(p.Changes, Change{Subject: "access key " + k.id, Action: action, Detail: detail, key: k.id})
}

func compare(o object, same bool) Action {
	switch {
	case !o.present:
		return Create
	case same:
		return Keep
	}
	return Update
}

// sameJSON reports whether two texts hold the same, however they are written.
func sameJSON(a, b []byte) bool {
	read := func(text []byte) (v any, ok bool) {
		dec := json.NewDecoder(bytes.NewReader(text))
		dec.UseNumber() // so that long numbers are compared to the last digit
		return v, dec.Decode(&v) == nil && !dec.More()
	}
	x, okX := read(a)
	y, okY := read(b)
	return okX && okY && reflect.DeepEqual(x, y)
}

// lag is how long IAM may not list a key that it has made.
const lag = time.Minute

// addSMTP decides about the credentials: whether there must be new ones, which keys make
// room for that, and what becomes of the old ones.
func (p *Plan) addSMTP(now time.Time) error {
	s, o := p.spec, p.observed
	why := o.stale(s, now)
	gone := map[string]bool{}
	if why != "" && len(o.keys) >= maxKeys {
		victim, detail := o.room(s, now)
		if victim == nil {
			return fmt.Errorf("access keys %s of user %s: %w", list(o.ids()), s.SMTPUser, ErrNoRoom)
		}
		gone[victim.id] = true
		p.addKey(*victim, Delete, detail+"; makes room, since an IAM user has at most two")
	}
	action := Keep
	if why != "" {
		action = compare(o.smtp, false)
	}
	p.add(SMTPObject, action, "a new access key of user "+s.SMTPUser+", since "+why)
	for _, k := range o.keys {
		if !gone[k.id] {
			p.retire(k, why != "", now)
		}
	}
	return nil
}

// retire decides what becomes of an access key, once those in the bucket are right.
func (p *Plan) retire(k accessKey, renewed bool, now time.Time) {
	s, o := p.spec, p.observed
	switch superseded := o.replaced(k.id) || k.id == o.file.Username && renewed; {
	case superseded && s.DeleteReplaced:
		p.addKey(k, Delete, "replaced")
	case superseded && k.active:
		p.addKey(k, Deactivate, "replaced")
	case superseded:
		p.addKey(k, Keep, "replaced, and inactive")
	case !o.orphan(k.id): // it is in smtp.json
	case s.RemoveOrphans && k.settled(now):
		p.addKey(k, Delete, k.describe())
	case s.RemoveOrphans:
		p.addKey(k, Orphan, k.describe()+"; it stays while another run may be about to deliver it, for "+grace.String())
	default:
		p.addKey(k, Orphan, k.describe()+"; RemoveOrphans deletes it")
	}
}

// maxKeys is how many access keys a user may have.
// Source: IAM user guide, "IAM and AWS STS quotas".
const maxKeys = 2

// stale says why there must be new credentials; "" where there need not.
func (o observed) stale(s Spec, now time.Time) string {
	if !o.smtp.present {
		return "there is none"
	}
	at := slices.IndexFunc(o.keys, func(k accessKey) bool { return k.id == o.file.Username })
	switch {
	case o.file.User != s.SMTPUser:
		return "that in the bucket is of user " + clean.Text(o.file.User)
	case !o.file.serves(s):
		return "that in the bucket is for region " + clean.Text(o.file.Region)
	case at < 0 && now.Sub(o.smtp.modified) >= lag:
		return "access key " + clean.Text(o.file.Username) + " does not exist any more"
	case at >= 0 && !o.keys[at].active:
		return "access key " + o.file.Username + " is inactive"
	case s.Rotate:
		return "a rotation is asked for"
	}
	return ""
}

// room returns the key that may go so that another can be made, and what it is: one that
// was replaced, the present one if it is inactive, or an orphan if those may go at all. Of
// several it is the inactive, or else the oldest.
func (o observed) room(s Spec, now time.Time) (*accessKey, string) {
	may := []struct {
		is   func(accessKey) bool
		what func(accessKey) string
	}{
		{func(k accessKey) bool { return o.replaced(k.id) }, func(accessKey) string { return "replaced before" }},
		{func(k accessKey) bool { return k.id == o.file.Username && !k.active }, func(accessKey) string { return "inactive" }},
		{func(k accessKey) bool { return s.RemoveOrphans && o.orphan(k.id) && k.settled(now) }, accessKey.describe},
	}
	oldest := slices.Clone(o.keys)
	slices.SortStableFunc(oldest, func(a, b accessKey) int {
		switch {
		case a.active == b.active:
			return a.made.Compare(b.made)
		case b.active:
			return -1
		}
		return 1
	})
	for _, kind := range may {
		if i := slices.IndexFunc(oldest, kind.is); i >= 0 {
			return &oldest[i], kind.what(oldest[i])
		}
	}
	return nil, ""
}

// replaced reports whether the access key was in the bucket before.
func (o observed) replaced(id string) bool { return slices.Contains(o.file.replaced, id) }

func (o observed) ids() []string {
	ids := make([]string, len(o.keys))
	for i, k := range o.keys {
		ids[i] = k.id
	}
	return ids
}

// grace is how long an access key that no object knows is left alone: a run that is under
// way makes it first, and then puts it into the bucket.
const grace = 5 * time.Minute

func (k accessKey) settled(now time.Time) bool { return now.Sub(k.made) >= grace }

func (k accessKey) describe() string {
	state := "inactive"
	if k.active {
		state = "active"
	}
	return fmt.Sprintf("in no object, %s, made %s, %s", state, day(k.made), k.used)
}
