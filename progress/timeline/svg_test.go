package timeline

import (
	"bytes"
	"encoding/xml"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mettel-automation/delivery/progress"
)

var update = flag.Bool("update", false, "write the golden files anew")

// pictures are the golden ones: look at them in a browser after a change.
func pictures() map[string]struct {
	events []progress.Event
	opts   Options
} {
	with := func(e progress.Event, message string, err error) progress.Event {
		e.Message, e.Err = message, err
		return e
	}
	in := func(op string, e progress.Event) progress.Event {
		e.Op = op
		return e
	}
	rollout := []progress.Event{
		event(0, "identity", progress.Waiting), event(0, "notifier", progress.Waiting, "identity"),
		event(0, "通知サービス", progress.Waiting, "identity"), event(0, "web <beta> & co", progress.Waiting, "notifier"),
		event(0, "worker", progress.Waiting, "web <beta> & co"), event(0, "cache", progress.Unchanged),
		event(0.2, "identity", progress.Running), event(12.4, "identity", progress.Done),
		event(12.5, "notifier", progress.Running), event(12.5, "通知サービス", progress.Running),
		event(31, "通知サービス", progress.Done), event(42, "notifier", progress.Done),
		event(43, "web <beta> & co", progress.Running),
		with(event(60, "web <beta> & co", progress.Failed), "", errors.New("essential container exited\n\x1b[31mpanic\x1b[0m: no \"redis\"")),
		with(event(60, "worker", progress.Skipped), "needs web <beta> & co, which failed", nil),
		with(event(61, "web <beta> & co", progress.RollingBack), "to web:41", nil),
		with(event(75, "web <beta> & co", progress.RolledBack), "to web:41", nil),
	}
	pipeline := append([]progress.Event{
		in("changes.select", event(-20, "", progress.Running)), in("changes.select", with(event(-18, "", progress.Done), "4 of 32 modules", nil)),
		in("coverage.gate", event(-18, "web", progress.Running)), in("coverage.gate", event(-9, "web", progress.Done)),
		in("coverage.gate", event(-18, "api", progress.Running)), in("coverage.gate", event(-3, "api", progress.Done)),
		event(-1, "", progress.Running),
	}, rollout[:11]...)
	return map[string]struct {
		events []progress.Event
		opts   Options
	}{
		"rollout":     {rollout, Options{Title: "Rollout of automation-1a2b3c4d"}},
		"interrupted": {pipeline, Options{}},
		"one":         {[]progress.Event{event(0, "web", progress.Running), event(0.01, "web", progress.Done)}, Options{}},
		"empty":       {rollout, Options{Op: "ecs.delete"}},
	}
}

func TestGolden(t *testing.T) {
	for name, p := range pictures() {
		t.Run(name, func(t *testing.T) {
			var got bytes.Buffer
			if err := WriteSVG(&got, p.events, p.opts); err != nil {
				t.Fatal(err)
			}
			file := filepath.Join("testdata", name+".svg")
			if *update {
				if err := os.WriteFile(file, got.Bytes(), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(string(want), got.String()); d != "" {
				t.Errorf("%s (-want +got; -update writes it anew):\n%s", file, d)
			}
		})
	}
}

func TestTimelineCollects(t *testing.T) {
	timeline := Timeline{Options: Options{Title: "Mine"}}
	events := pictures()["rollout"].events
	for _, e := range events {
		progress.Func(timeline.Emit).Emit(e)
	}
	var got, want bytes.Buffer
	if err := errors.Join(timeline.WriteSVG(&got), WriteSVG(&want, events, Options{Title: "Mine"})); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want.String(), got.String()); d != "" {
		t.Errorf("the picture of the same events differs:\n%s", d)
	}
	if !strings.Contains(got.String(), ">Mine</text>") {
		t.Error("the title is missing")
	}
}

func TestTheOrderOfEventsOfAnInstantAsideBytesAreTheSame(t *testing.T) {
	events := pictures()["rollout"].events
	var want bytes.Buffer
	if err := WriteSVG(&want, events, Options{}); err != nil {
		t.Fatal(err)
	}
	sortedByTime := slices.Clone(events)
	slices.Reverse(sortedByTime)
	slices.SortStableFunc(sortedByTime, func(a, b progress.Event) int {
		if c := a.Time.Compare(b.Time); c != 0 {
			return c
		}
		return slices.IndexFunc(events, same(a)) - slices.IndexFunc(events, same(b))
	})
	for i := range sortedByTime { // another zone is the same instant
		sortedByTime[i].Time = sortedByTime[i].Time.In(time.FixedZone("", 3600*5))
	}
	var got bytes.Buffer
	if err := WriteSVG(&got, sortedByTime, Options{}); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want.String(), got.String()); d != "" {
		t.Errorf("bytes differ:\n%s", d)
	}
}

func same(a progress.Event) func(progress.Event) bool {
	return func(b progress.Event) bool { return a.Subject == b.Subject && a.State == b.State }
}

func TestOpChoosesOneOperation(t *testing.T) {
	var out strings.Builder
	if err := WriteSVG(&out, pictures()["interrupted"].events, Options{Op: "coverage.gate"}); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(out.String(), "notifier") || !strings.Contains(out.String(), ">api</text>") {
		t.Errorf("wrong lanes:\n%s", out.String())
	}
	if !strings.Contains(out.String(), ">coverage.gate</text>") {
		t.Error("the operation is not the title")
	}
}

func TestPicturesOfOnePageShareNoIDs(t *testing.T) {
	draw := func(id string) string {
		var out strings.Builder
		if err := WriteSVG(&out, pictures()["rollout"].events, Options{ID: id}); err != nil {
			t.Fatal(err)
		}
		check(t, out.String())
		return out.String()
	}
	want := draw("")
	if strings.Count(want, "tl-title")+strings.Count(want, "tl-desc")+strings.Count(want, "#tl-wait") < 5 {
		t.Fatalf("ids do not begin with the default:\n%s", want)
	}
	got := draw(`9 a)"-é<b>`) // what an attribute or a reference could not hold is left out
	if d := cmp.Diff(strings.ReplaceAll(want, "tl-", "9a-b-"), got); d != "" {
		t.Errorf("more differs than the ids:\n%s", d)
	}
	if d := cmp.Diff(want, draw(`"'`)); d != "" {
		t.Errorf("an id of nothing but such is not the default:\n%s", d)
	}
}

type full struct{}

var errFull = errors.New("no space left on device")

func (full) Write([]byte) (int, error) { return 0, errFull }

func TestTheErrorOfTheWriterIsReturned(t *testing.T) {
	err := WriteSVG(full{}, nil, Options{})
	if !errors.Is(err, errFull) || err.Error() != "write timeline: no space left on device" {
		t.Errorf("error %v", err)
	}
}

// check fails where svg is no well-formed XML, refers to anything outside, runs
// anything, or draws beyond its borders. It returns all of its text.
func check(t *testing.T, svg string) string {
	t.Helper()
	var text strings.Builder
	var width, height float64
	for decoder := xml.NewDecoder(strings.NewReader(svg)); ; {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			return text.String()
		}
		if err != nil {
			t.Fatalf("%v in:\n%s", err, svg)
		}
		switch token := token.(type) {
		case xml.CharData:
			text.Write(token)
			text.WriteByte('\n')
		case xml.StartElement:
			attr := map[string]string{}
			for _, a := range token.Attr {
				attr[a.Name.Local] = a.Value
			}
			switch token.Name.Local {
			case "svg":
				width, height = number(t, attr["width"]), number(t, attr["height"])
				if attr["role"] != "img" {
					t.Error("the picture has no role")
				}
			case "script", "image", "foreignObject", "use", "a":
				t.Errorf("the picture holds <%s>", token.Name.Local)
			case "rect":
				x, y, w, h := number(t, attr["x"]), number(t, attr["y"]), number(t, attr["width"]), number(t, attr["height"])
				if x < 0 || y < 0 || w < 0 || h < 0 || x+w > width || y+h > height {
					t.Errorf("a bar of %vx%v at %v,%v leaves the picture of %vx%v", w, h, x, y, width, height)
				}
			case "text":
				if x, y := number(t, attr["x"]), number(t, attr["y"]); x < 0 || x > width || y < 0 || y > height {
					t.Errorf("a text at %v,%v leaves the picture of %vx%v", x, y, width, height)
				}
			}
		}
	}
}

func number(t *testing.T, s string) float64 {
	t.Helper()
	if s == "" {
		return 0
	}
	n, err := strconv.ParseFloat(s, 64)
	if err != nil {
		t.Errorf("bad number: %v", err)
	}
	return n
}

func TestAnyEventsGiveAGoodPicture(t *testing.T) {
	seed := rand.Uint64()
	states := []progress.State{
		progress.Waiting, progress.Running, progress.Done, progress.Unchanged, progress.Failed,
		progress.Skipped, progress.RollingBack, progress.RolledBack, "else", "",
	}
	for round := range 50 {
		rng := rand.New(rand.NewPCG(seed, uint64(round)))
		scale := time.Duration(1) << rng.IntN(46) // up to some 20 hours a step
		now := at(0)
		var events []progress.Event
		subjects := 1 + rng.IntN(200)
		for range rng.IntN(600) {
			now = now.Add(time.Duration(rng.Int64N(int64(scale))))
			e := progress.Event{
				Time: now, Op: fmt.Sprint("op", rng.IntN(1+rng.IntN(4))), Subject: fmt.Sprint("s", rng.IntN(subjects)),
				State: states[rng.IntN(len(states))], Message: strings.Repeat("<&\">\x00\xff ", rng.IntN(20)),
			}
			switch rng.IntN(12) {
			case 0:
				e.Time = time.Time{}
			case 1:
				e.Subject = ""
			case 2:
				e.Err = errors.New(strings.Repeat("why\n", rng.IntN(9)))
			case 3:
				e.Needs = []string{fmt.Sprint("s", rng.IntN(subjects)), "unknown"}
			case 4:
				e.Time = now.Add(-time.Duration(rng.Int64N(int64(scale))))
			}
			events = append(events, e)
		}
		var out strings.Builder
		if err := WriteSVG(&out, events, Options{}); err != nil {
			t.Fatal(err)
		}
		text := check(t, out.String())
		for _, e := range events {
			if !strings.Contains(text, "\n"+e.Subject+"\n") && e.Subject != "" {
				t.Errorf("%s has no lane", e.Subject)
			}
		}
		if t.Failed() {
			t.Fatalf("seed %d, round %d", seed, round)
		}
	}
}

func FuzzNames(f *testing.F) {
	f.Add("ecs.rollout", "web", "2 of 3", "why", "title")
	f.Add("</title><script>alert(1)</script>", "\"'><a href='x'>", "]]>", "<!--", "&amp;&#0;")
	f.Add("\x00\x01\xff\ufffe", "\u202e通知\u200d👩‍🚀", strings.Repeat("w", 999), "\x1b[31m\n\t", "\r")
	f.Fuzz(func(t *testing.T, op, subject, message, why, title string) {
		events := []progress.Event{
			{Time: at(0), Op: op, Subject: subject, State: progress.Waiting, Needs: []string{message, why}},
			{Time: at(1), Op: op, Subject: message, State: progress.Running, Message: why},
			{Time: at(2), Op: op, Subject: message, State: progress.Failed, Message: message, Err: errors.New(why)},
			{Time: at(3), Op: op, Subject: subject, State: progress.Skipped, Message: message},
			{Time: at(3), Op: title, Subject: why, State: progress.State(subject), Message: message},
		}
		var out strings.Builder
		if err := WriteSVG(&out, events, Options{Title: title}); err != nil {
			t.Fatal(err)
		}
		check(t, out.String())
	})
}
