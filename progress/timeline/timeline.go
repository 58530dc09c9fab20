// Package timeline draws a run as a picture: a lane for each subject with when
// it waited, ran, failed and was rolled back, and the critical path, which says
// why the run took as long as it did.
//
//	var t timeline.Timeline
//	err := rollout(ctx, progress.Tee(view.Emit, t.Emit))
//	f, _ := os.Create("rollout.svg")
//	err = errors.Join(err, t.WriteSVG(f), f.Close())
//
// The picture is one SVG file without scripts or references to others. It fits
// itself to light and dark pages, and shows exact times where the pointer rests
// on a lane. [Lanes] and [CriticalPath] give the same facts as values.
//
// It draws no live view (package progress/term does), no dependencies but those
// on the critical path, and no more than one run at a time.
package timeline

import (
	"fmt"
	"io"
	"slices"

	"github.com/mettel-automation/delivery/progress"
)

// Options choose what is drawn. The zero value draws everything.
type Options struct {
	// Title stands above the picture. The default is the operation where there
	// is one only, and "Timeline" otherwise.
	Title string
	// Op restricts the picture to one operation, such as "ecs.rollout"; default all.
	Op string
	// ID begins the ids within the picture. A page that holds several pictures
	// gives each its own. Other than ASCII letters, digits and hyphens are left
	// out. The default is "tl".
	ID string
}

// Timeline collects events and draws them. The zero value is ready to use, and
// safe for several goroutines at once.
type Timeline struct {
	Options  Options
	recorder progress.Recorder
}

// Emit keeps e. It is a [progress.Func].
func (t *Timeline) Emit(e progress.Event) { t.recorder.Record(e) }

// WriteSVG draws what has been collected so far.
func (t *Timeline) WriteSVG(w io.Writer) error {
	return WriteSVG(w, t.recorder.Events(), t.Options)
}

// WriteSVG draws events, which may come from a file of [progress.JSON]. The
// same events give the same bytes. No events give a picture that says so. The
// only errors are those of w.
func WriteSVG(w io.Writer, events []progress.Event, opts Options) error {
	if opts.Op != "" {
		events = slices.DeleteFunc(slices.Clone(events), func(e progress.Event) bool { return e.Op != opts.Op })
	}
	if _, err := w.Write(newPicture(Lanes(events), opts).draw()); err != nil {
		return fmt.Errorf("write timeline: %w", err)
	}
	return nil
}
