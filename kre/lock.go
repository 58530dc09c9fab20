package kre

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/mettel-automation/delivery/internal/wait"
	"github.com/mettel-automation/delivery/kre/internal/helm"
	"github.com/mettel-automation/delivery/progress"
)

// LockedError is a release that another run works on.
type LockedError struct {
	Run    string    // who: its Options.Run, or "" where it did not say
	Status string    // what is under way, as helm names it: "pending-upgrade"
	Since  time.Time // when it was begun
	Until  time.Time // when it counts as abandoned
}

func (e *LockedError) Error() string {
	return fmt.Sprintf("%v: %s is %s since %s, and may be until %s", ErrLocked, e.who(), e.Status,
		e.Since.UTC().Format(time.RFC3339), e.Until.UTC().Format(time.RFC3339))
}

// Unwrap returns ErrLocked.
func (e *LockedError) Unwrap() error { return ErrLocked }

func (e *LockedError) who() string {
	if e.Run == "" {
		return "another program"
	}
	return "run " + e.Run
}

// lockSlack is for clocks that differ, and for the record that is written last.
const lockSlack = time.Minute

// lockLabels say that this run works on a release, and for how long at most.
func (e *Engine) lockLabels(timeout time.Duration, now time.Time) map[string]string {
	labels := map[string]string{
		labelWork:  strings.ToLower(rand.Text()),
		labelUntil: strconv.FormatInt(now.Add(timeout+lockSlack).Unix(), 10),
		labelRun:   labelValue(e.opts.Run),
	}
	return labels
}

var notLabel = regexp.MustCompile(`[^A-Za-z0-9_.-]+`)

// labelValue is s as far as a label can hold it.
func labelValue(s string) string {
	s = notLabel.ReplaceAllString(s, "-")
	if len(s) > 63 { // what is alike in the beginning need not be the same
		sum := sha256.Sum256([]byte(s))
		s = s[:54] + "-" + hex.EncodeToString(sum[:4])
	}
	return strings.Trim(s, "-_.")
}

// lockOf returns who works on a release by its newest revision, or nil.
func (e *Engine) lockOf(last helm.Record) *LockedError {
	if !pending(last.Status) {
		return nil
	}
	lock := &LockedError{Run: last.Labels[labelRun], Status: last.Status, Since: last.Updated, Until: last.Updated.Add(e.opts.LockAge)}
	if until, err := strconv.ParseInt(last.Labels[labelUntil], 10, 64); err == nil && last.Labels[labelWork] != "" {
		lock.Until = time.Unix(until, 0)
	}
	return lock
}

// abandoned reports whether whoever holds the lock is gone: its time is over, or it
// was an earlier try of this very run.
func (e *Engine) abandoned(lock *LockedError, now time.Time) bool {
	return now.After(lock.Until) || lock.Run != "" && lock.Run == labelValue(e.opts.Run)
}

// acquire reads the revisions of a release when nobody else works on it, and waits for
// that. An installation, upgrade or rollback that was abandoned is recorded as failed; its
// record is never deleted, since objects in the cluster are known from it.
func (e *Engine) acquire(ctx context.Context, s *session, c Change) ([]helm.Record, error) {
	for started, told := time.Now(), false; ; {
		history, err := s.client.History(c.Release)
		if err != nil {
			return nil, fmt.Errorf("read its revisions: %w", s.explain(err))
		}
		if len(history) == 0 {
			return nil, nil
		}
		last := &history[len(history)-1]
		lock := e.lockOf(*last)
		switch now := time.Now(); {
		case lock == nil:
			return history, nil
		case e.abandoned(lock, now):
			return history, e.unlock(s, c, last, lock)
		case e.opts.LockWait < 0 || now.Sub(started) >= e.opts.LockWait:
			return nil, lock
		}
		if !told {
			e.emit(c.Release, progress.Running, fmt.Sprintf("waiting for %s, which works on it since %s", lock.who(), lock.Since.UTC().Format(time.RFC3339)), nil)
			told = true
		}
		if err := wait.For(ctx, lockPause); err != nil {
			return nil, fmt.Errorf("%w: %w", err, lock)
		}
	}
}

// lockPause is the time between two looks at what another run does.
const lockPause = 2 * time.Second

// unlock records that an operation was abandoned. A removal needs no such record: it is
// finished.
func (e *Engine) unlock(s *session, c Change, last *helm.Record, lock *LockedError) error {
	if last.Status == helm.Uninstalling {
		return nil
	}
	why := fmt.Sprintf("failed: %s left it %s at %s; taken up by run %s", lock.who(), lock.Status, lock.Since.UTC().Format(time.RFC3339), cmp.Or(labelValue(e.opts.Run), "without a name"))
	if err := s.client.SetStatus(c.Release, last.Revision, helm.Failed, why); err != nil {
		return fmt.Errorf("record that revision %d was abandoned: %w", last.Revision, s.explain(err))
	}
	e.emit(c.Release, progress.Running, fmt.Sprintf("revision %d was left %s by %s: taken up", last.Revision, lock.Status, lock.who()), nil)
	last.Status = helm.Failed
	return nil
}
