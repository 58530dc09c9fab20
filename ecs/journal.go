package ecs

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/mettel-automation/delivery/internal/dag"
)

// Journal keeps how far a rollout has come, so that a run that was killed can be
// continued or rolled back by the next one. It is one small document, which is
// replaced as a whole: a file ([FileJournal]), an object in S3, a row.
type Journal interface {
	// Load returns what was saved last, and nil if there is nothing.
	Load(ctx context.Context) ([]byte, error)
	// Save replaces what was saved before, all of it or nothing.
	Save(ctx context.Context, document []byte) error
}

// The errors of a journal.
var (
	// ErrUnfinished: the journal holds an unfinished rollout of other services,
	// which must be finished or rolled back first.
	ErrUnfinished = errors.New("another rollout is unfinished")
	// ErrTakenOver: another run goes on with the rollout of this journal. This
	// one has stopped, and left everything to it.
	ErrTakenOver = errors.New("another run has taken the rollout over")
	// ErrNoJournal: the document is something else than a journal, or a newer one.
	ErrNoJournal = errors.New("this is no journal")
	// ErrOtherCluster: the journal is of a rollout to another cluster.
	ErrOtherCluster = errors.New("the journal is of another cluster")
	// ErrNothingToRollBack: the journal holds no rollout.
	ErrNothingToRollBack = errors.New("the journal holds no rollout")
)

// FileJournal is a Journal in the file of this name. The directory must exist.
type FileJournal string

// Load reads the file.
func (f FileJournal) Load(context.Context) ([]byte, error) {
	b, err := os.ReadFile(string(f))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return b, err
}

// Save writes a new file and puts it in the place of the old one.
func (f FileJournal) Save(_ context.Context, document []byte) (err error) {
	path := string(f)
	if target, err := filepath.EvalSymlinks(path); err == nil {
		path = target
	}
	file, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(file.Name()))
		}
	}()
	_, err = file.Write(document)
	if err = errors.Join(err, file.Sync(), file.Close()); err != nil {
		return err
	}
	return os.Rename(file.Name(), path)
}

// stage is how far a service has come in a journal.
type stage string

const (
	untouched stage = ""         // nothing has been written
	intended  stage = "intended" // about to be written, or written
	deployed  stage = "deployed" // its deployment has begun
	reached   stage = "healthy"
	reverted  stage = "rolled back"
	// superseded is what somebody else has deployed meanwhile, and is left alone.
	superseded stage = "superseded"
)

// entry is what a journal holds of a service.
type entry struct {
	Service    string    `json:"service"`
	Needs      []string  `json:"needs,omitempty"`
	Action     Action    `json:"action"`
	Baseline   *Baseline `json:"baseline,omitempty"`
	Stage      stage     `json:"stage,omitempty"`
	Deployment string    `json:"deployment,omitempty"`
	Definition string    `json:"taskDefinition,omitempty"`
}

// overtakenBy reports whether somebody else has deployed a service which an
// earlier run was about to write, and did not: c sees what runs now.
func (e entry) overtakenBy(c Change) bool {
	if e.Stage != intended || c.now == nil || c.now.TaskDefinition == e.Definition {
		return false
	}
	return e.Baseline == nil || c.now.Deployment != e.Baseline.Deployment
}

// restart begins the entry of a service anew, as c sees it.
func (l *ledger) restart(c Change) {
	l.lock.acquire()
	defer l.lock.release()
	l.record.Services[l.index[c.Service]] = entry{Service: c.Service, Needs: c.Needs, Action: c.Action, Baseline: c.Baseline}
}

// record is the document of a journal.
type record struct {
	Version  int     `json:"version"`
	Run      string  `json:"run"` // who goes on with it
	Cluster  string  `json:"cluster"`
	Desired  string  `json:"desired"` // digest of what is rolled out
	Back     bool    `json:"rollingBack,omitempty"`
	Finished bool    `json:"finished,omitempty"`
	Services []entry `json:"services"`
}

const recordVersion = 1

// ledger is the journal of one run. Without a Journal it keeps its record in
// memory alone. It is safe for concurrent use.
type ledger struct {
	journal Journal
	lock    lock // over record
	record  record
	index   map[string]int
}

func newLedger(journal Journal, r record) *ledger {
	l := &ledger{journal: journal, lock: newLock(), record: r, index: make(map[string]int, len(r.Services))}
	for i, e := range r.Services {
		l.index[e.Service] = i
	}
	return l
}

func (l *ledger) entry(service string) entry {
	l.lock.acquire()
	defer l.lock.release()
	return l.record.Services[l.index[service]]
}

// note changes the entry of a service and saves the record. An intention that
// cannot be saved is none.
func (l *ledger) note(ctx context.Context, service string, change func(*entry)) error {
	l.lock.acquire()
	defer l.lock.release()
	e := &l.record.Services[l.index[service]]
	before := *e
	change(e)
	err := l.save(ctx)
	if err != nil && e.Stage == intended {
		*e = before
	}
	return err
}

// mark changes the record as a whole and saves it.
func (l *ledger) mark(ctx context.Context, change func(*record)) error {
	l.lock.acquire()
	defer l.lock.release()
	change(&l.record)
	return l.save(ctx)
}

// save replaces the document, unless it has become that of another run. The
// lock is held.
func (l *ledger) save(ctx context.Context) error {
	if l.journal == nil {
		return nil
	}
	stored, err := load(ctx, l.journal)
	if err != nil {
		return err
	}
	if stored != nil && stored.Run != l.record.Run {
		return fmt.Errorf("save journal: %w", ErrTakenOver)
	}
	return l.replace(ctx)
}

func (l *ledger) replace(ctx context.Context) error {
	if l.journal == nil {
		return nil
	}
	document, err := json.MarshalIndent(l.record, "", "  ")
	if err != nil {
		return fmt.Errorf("encode journal: %w", err)
	}
	if err := l.journal.Save(ctx, document); err != nil {
		return fmt.Errorf("save journal: %w", err)
	}
	return nil
}

// load returns the record of a journal; nil if it has none, or one that is cut
// short: what ECS says decides then. What is no journal is an error, so that it
// is not overwritten.
func load(ctx context.Context, journal Journal) (*record, error) {
	document, err := journal.Load(ctx)
	if err != nil {
		return nil, fmt.Errorf("load journal: %w", err)
	}
	const begin = `{"version":`
	text := strings.Join(strings.Fields(string(document)), "")
	var r record
	switch err := json.Unmarshal(document, &r); {
	case text == "", err != nil && (strings.HasPrefix(text, begin) || strings.HasPrefix(begin, text)):
		return nil, nil
	case err != nil || r.Version == 0:
		return nil, fmt.Errorf("load journal: %w", ErrNoJournal)
	case r.Version != recordVersion:
		return nil, fmt.Errorf("load journal: %w: its version is %d, and %d is known", ErrNoJournal, r.Version, recordVersion)
	}
	return &r, nil
}

// open returns the ledger of an Apply: that of the unfinished run in the
// journal, if it is of the same services, or else a new one.
func (d *Deployer) open(ctx context.Context, plan Plan) (*ledger, error) {
	fresh := record{Version: recordVersion, Run: newRun(), Cluster: plan.Cluster, Desired: plan.digest()}
	for _, c := range plan.Changes {
		fresh.Services = append(fresh.Services, entry{Service: c.Service, Needs: c.Needs, Action: c.Action, Baseline: c.Baseline})
	}
	if d.opts.Journal == nil {
		return newLedger(nil, fresh), nil
	}
	old, err := load(ctx, d.opts.Journal)
	switch {
	case err != nil:
		return nil, err
	case old != nil && old.Cluster != fresh.Cluster:
		return nil, fmt.Errorf("%w, %s: keep one for each", ErrOtherCluster, old.Cluster)
	case old != nil && old.Finished && plan.Empty():
		return newLedger(nil, fresh), nil // what there was to roll back stays so
	case old == nil || old.Finished:
	case old.Desired != fresh.Desired:
		return nil, fmt.Errorf("%w in the journal, of other services: roll it back, or finish it with the services that it began with", ErrUnfinished)
	default:
		fresh = old.resumed(fresh)
	}
	l := newLedger(d.opts.Journal, fresh)
	if err := l.replace(ctx); err != nil {
		return nil, err
	}
	return l, l.mark(ctx, func(*record) {}) // fails if another run has done the same meanwhile
}

// newRun names a run.
func newRun() string { return rand.Text() }

// resumed is the record of a run that goes on with r. What r has not touched is
// as the new run sees it.
func (r record) resumed(by record) record {
	seen := make(map[string]entry, len(by.Services))
	for _, e := range by.Services {
		seen[e.Service] = e
	}
	for i, e := range r.Services {
		if e.Stage == untouched {
			r.Services[i] = seen[e.Service]
		}
	}
	r.Run = by.Run
	return r
}

// digest tells what is desired, whatever runs at the moment.
func (p Plan) digest() string {
	h := sha256.New()
	enc := json.NewEncoder(h)
	for _, c := range p.Changes {
		s := c.desired
		if err := enc.Encode([]any{s.Name, c.Needs, s.TaskDefinition, s.Settings, s.Force}); err != nil {
			return "" // the SDK's types always encode
		}
	}
	return hex.EncodeToString(h.Sum(nil))
}

// plan returns a plan to roll the record back: its services without what they
// were to run.
func (r record) plan() (Plan, error) {
	p := Plan{Cluster: r.Cluster}
	var nodes []dag.Node
	for _, e := range r.Services {
		nodes = append(nodes, dag.Node{Name: e.Service, Needs: e.Needs})
		p.Changes = append(p.Changes, Change{Service: e.Service, Action: e.Action, Needs: e.Needs, Baseline: e.Baseline})
	}
	graph, err := dag.New(nodes)
	if err != nil {
		return Plan{}, fmt.Errorf("read journal: %w", err)
	}
	p.graph, p.Levels, p.LongestChain = graph, graph.Levels(), graph.LongestChain()
	return p, nil
}
