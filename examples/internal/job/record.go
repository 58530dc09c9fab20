package job

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/mettel-automation/delivery/internal/atomicfile"
	"github.com/mettel-automation/delivery/progress"
	"github.com/mettel-automation/delivery/report"
)

// Identity says of which run something is.
type Identity struct {
	Environment string `json:"environment"`
	Kind        string `json:"kind,omitempty"`
	Branch      string `json:"branch"`
	Base        string `json:"base,omitempty"` // what detect has compared with
	Revision    string `json:"revision,omitempty"`
	Cloud       string `json:"cloud,omitempty"`
	URL         string `json:"url,omitempty"` // of the CI pipeline
}

// Same reports whether both are of the same environment and revision, in the same cloud.
// A stage that asks no cloud has none, and goes with those of any.
func (i Identity) Same(other Identity) bool {
	return i.Environment == other.Environment && i.Branch == other.Branch && i.Revision == other.Revision &&
		(i.Cloud == other.Cloud || i.Cloud == "" || other.Cloud == "")
}

// Record is what a stage leaves. Its fields for people are set by the stage as it goes;
// state, times and events are kept for it.
type Record struct {
	report.Stage
	// Emit takes the events of what the stage calls, to show and to keep them.
	Emit progress.Func

	data any
	say  func(text string, whole bool)
}

// Say prints a line, or several, to whoever watches: the outcome of a step. A terminal
// shows the beginning and the end of a text that is long.
func (r *Record) Say(format string, args ...any) {
	r.say(strings.TrimRight(fmt.Sprintf(format, args...), "\n")+"\n", false)
}

// SayAll is Say for what must be seen in full: what is going to be destroyed.
func (r *Record) SayAll(format string, args ...any) {
	r.say(strings.TrimRight(fmt.Sprintf(format, args...), "\n")+"\n", true)
}

// Skip says that there was nothing to do for the stage, and why. It is skipped then,
// unless it fails.
func (r *Record) Skip(format string, args ...any) {
	r.State, r.Summary = progress.Skipped, fmt.Sprintf(format, args...)
}

// Keep keeps what later stages need, as JSON. A second call replaces the first.
func (r *Record) Keep(v any) { r.data = v }

// Directory is the run directory.
type Directory string

// kept is the file of a stage.
type kept struct {
	Run   Identity        `json:"run"`
	File  string          `json:"file,omitempty"` // the digest of delivery.yaml
	Stage report.Stage    `json:"stage"`
	Data  json.RawMessage `json:"data,omitempty"`
}

// ErrNoRecord is a stage that this run has no record of.
var ErrNoRecord = errors.New("not done in this run")

// Path is that of a file in the directory, which is made where it is missing.
func (d Directory) Path(name string) (string, error) {
	if err := os.MkdirAll(string(d), 0o755); err != nil {
		return "", fmt.Errorf("make the run directory: %w", err)
	}
	return filepath.Join(string(d), name), nil
}

// Write writes a file of the directory, as a whole or not at all, and returns its path.
func (d Directory) Write(name string, content []byte) (string, error) {
	path, err := d.Path(name)
	if err != nil {
		return "", err
	}
	if err := atomicfile.Write(path, content); err != nil {
		return "", fmt.Errorf("write %s: %w", path, err)
	}
	return path, nil
}

func (j *Job) keep(r *Record) error {
	k := kept{Run: j.Run, File: j.Config.Digest, Stage: r.Stage}
	if r.data != nil {
		data, err := json.Marshal(r.data)
		if err != nil {
			return fmt.Errorf("keep %s: %w", r.Name, err)
		}
		k.Data = data
	}
	text, err := json.MarshalIndent(k, "", " ")
	if err != nil {
		return fmt.Errorf("keep %s: %w", r.Name, err)
	}
	_, err = j.Dir.Write(r.Name+".json", append(text, '\n'))
	return err
}

// Has reports whether there is a record of a stage, whatever run it is of.
func (d Directory) Has(stage string) bool {
	_, err := os.Stat(filepath.Join(string(d), stage+".json"))
	return err == nil
}

// Forget removes the record of a stage, where there is one.
func (d Directory) Forget(stage string) error {
	err := os.Remove(filepath.Join(string(d), stage+".json"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

func (d Directory) read(name string) (k kept, err error) {
	path := filepath.Join(string(d), name+".json")
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return k, fmt.Errorf("%s: %w", name, ErrNoRecord)
	}
	if err == nil {
		err = json.Unmarshal(text, &k)
	}
	if err != nil {
		return k, fmt.Errorf("read %s: %w", path, err)
	}
	return k, nil
}

// Load reads what a stage of this run has kept into v, which may be nil. It fails with
// [ErrNoRecord] where the stage was not done, in another run, or by a delivery.yaml of
// which the text was another.
func (j *Job) Load(stage string, v any) error {
	k, err := j.Dir.read(stage)
	if err != nil {
		return err
	}
	if k.Stage.State != progress.Done || !k.Run.Same(j.Run) || k.File != j.Config.Digest {
		return fmt.Errorf("%s: %w", stage, ErrNoRecord)
	}
	if v == nil || k.Data == nil {
		return nil
	}
	if err := json.Unmarshal(k.Data, v); err != nil {
		return fmt.Errorf("read what stage %s has kept: %w", stage, err)
	}
	return nil
}

// Report is the report of the run of which the directory has records: of the
// environment and revision of the newest.
func (d Directory) Report() (report.Run, error) {
	var all []kept
	files, err := filepath.Glob(filepath.Join(string(d), "*.json"))
	if err != nil {
		return report.Run{}, fmt.Errorf("read the run directory: %w", err)
	}
	for _, file := range files {
		k, err := d.read(strings.TrimSuffix(filepath.Base(file), ".json"))
		if err == nil && k.Stage.Name+".json" == filepath.Base(file) {
			all = append(all, k)
		}
	}
	if len(all) == 0 {
		return report.Run{}, fmt.Errorf("report of %s: no stage has left a record: %w", d, ErrNoRecord)
	}
	slices.SortStableFunc(all, func(a, b kept) int { return a.Stage.Started.Compare(b.Stage.Started) })
	newest := all[len(all)-1].Run
	run := report.Run{Title: newest.Environment, Kind: newest.Kind, Branch: newest.Branch, Revision: newest.Revision, Cloud: newest.Cloud, URL: newest.URL, Written: time.Now()}
	for _, k := range all {
		if k.Run.Same(newest) {
			run.Stages = append(run.Stages, k.Stage)
			run.Base = cmp.Or(k.Run.Base, run.Base)    // only detect knows it
			run.Cloud = cmp.Or(k.Run.Cloud, run.Cloud) // the first stages may not
		}
	}
	// What the run is about comes first, also where a run that was resumed has asked anew.
	slices.SortStableFunc(run.Stages, func(a, b report.Stage) int {
		return cmp.Compare(min(1, len(b.Modules)), min(1, len(a.Modules)))
	})
	return run, nil
}

// do does one stage.
func (j *Job) do(ctx context.Context, console *Console, stage Stage) error {
	r := &Record{Stage: report.Stage{Name: stage.Name, State: progress.Running, Started: time.Now().UTC()}}
	var events progress.Recorder
	section := console.begin(stage.Name)
	r.Emit = progress.Tee(events.Record, section.emit)
	r.say = section.say
	if err := j.keep(r); err != nil {
		return errors.Join(err, section.end(r, err))
	}
	err := ctx.Err()
	if err == nil {
		err = stage.Do(ctx, j, r)
	}
	r.Ended, r.Events = time.Now().UTC(), events.Events()
	if r.State == progress.Running {
		r.State = progress.Done
	}
	if err != nil {
		r.State, r.Error = progress.Failed, err.Error()
		if len(r.Failures) == 0 {
			r.Failures = []report.Failure{{Subject: r.Name, Cause: r.Error}}
		}
	}
	err = errors.Join(err, j.keep(r))
	return errors.Join(err, section.end(r, err))
}

// Skip keeps that a stage was not done, and why.
func (j *Job) Skip(console *Console, name, why string) error {
	now := time.Now().UTC()
	r := &Record{Stage: report.Stage{Name: name, State: progress.Skipped, Summary: why, Started: now, Ended: now}}
	section := console.begin(name)
	return errors.Join(section.end(r, nil), j.keep(r))
}
