package term

import (
	"cmp"
	"slices"

	"github.com/mettel-automation/delivery/progress"
	"github.com/mettel-automation/delivery/progress/internal/board"
)

// fold returns the rows that are shown in at most height lines, and those for
// which there is no room. An operation takes a line too, and so does saying
// that something is hidden.
func fold(rows []board.Row, height int) (shown, hidden []board.Row) {
	rows = board.Subjects(rows)
	room := roomFor{left: height, headers: map[string]bool{}}
	if !slices.ContainsFunc(rows, func(r board.Row) bool { return !room.take(r) }) {
		return rows, nil
	}
	byRank := make([]int, len(rows))
	for i := range rows {
		byRank[i] = i
	}
	slices.SortStableFunc(byRank, func(a, b int) int { return cmp.Compare(rank(rows[a].State), rank(rows[b].State)) })

	room = roomFor{left: height - 1, headers: map[string]bool{}}
	fits := make([]bool, len(rows))
	for _, i := range byRank {
		fits[i] = room.take(rows[i])
	}
	for i, r := range rows {
		if fits[i] {
			shown = append(shown, r)
		} else {
			hidden = append(hidden, r)
		}
	}
	return shown, hidden
}

// most is how many subjects of an operation the final view lists if all are well, where
// it is not to be brief.
const most = 40

// quiet hides what is well of operations with more subjects than most, but for the
// operations themselves.
func quiet(rows []board.Row, most int) (shown, hidden []board.Row) {
	subjects := map[string]int{}
	for _, r := range rows {
		subjects[r.Op]++
	}
	for _, r := range rows {
		well := r.State == progress.Done || r.State == progress.Unchanged
		if well && r.Subject != "" && subjects[r.Op] > most {
			hidden = append(hidden, r)
		} else {
			shown = append(shown, r)
		}
	}
	return shown, hidden
}

// roomFor counts the lines that are left.
type roomFor struct {
	left    int
	headers map[string]bool // the operations that have theirs
}

func (room *roomFor) take(r board.Row) bool {
	need := 0
	if !room.headers[r.Op] {
		need++
	}
	if r.Subject != "" {
		need++
	}
	if need > room.left {
		return false
	}
	room.left -= need
	room.headers[r.Op] = true
	return true
}

// rank orders states by how much a person wants to see them.
func rank(s progress.State) int {
	return slices.Index([]progress.State{
		progress.Failed, progress.RollingBack, progress.Running, progress.RolledBack,
		progress.Waiting, progress.Skipped, progress.Done, progress.Unchanged,
	}, s)
}
