//go:build integration

package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// chromium is the browser; scripts/integration names it.
func chromium(t *testing.T) string {
	t.Helper()
	path := os.Getenv("DELIVERY_CHROMIUM")
	if path == "" {
		t.Fatal("DELIVERY_CHROMIUM names no browser: give the path of a chromium or a chrome")
	}
	return path
}

// probe is a page of ours that shows a report in a frame of each width, and
// writes what it measures into its own text.
const probe = `<!DOCTYPE html><html lang="en" style="color-scheme:light dark"><head><meta charset="utf-8"><title>probe</title><link rel="icon" href="data:,"></head><body>
<pre id="result"></pre>
<script>
const widths = [320, 360, 768, 1280], results = [];
for (const width of widths) {
  const frame = document.createElement("iframe");
  frame.style.cssText = "color-scheme:light dark;border:0;height:800px;width:" + width + "px";
  frame.src = "/report.html";
  frame.onload = () => {
    const doc = frame.contentDocument, win = frame.contentWindow, root = doc.documentElement;
    const skip = doc.querySelector(".skip");
    const hidden = skip.getBoundingClientRect().right <= 0;
    const tabbable = [...doc.querySelectorAll("a[href],summary,[tabindex='0']")];
    skip.focus();
    const clipped = [...doc.querySelectorAll("body *")].filter(e => !e.closest(".scroll,pre,.sr,caption,.symbols,.skip,svg,.digest") &&
      e.getClientRects().length && e.getBoundingClientRect().right > width + 1);
    const boxes = [...doc.querySelectorAll(".scroll,pre")].filter(e => e.getClientRects().length && e.scrollWidth > e.clientWidth + 1);
    results.push({
      width, page: root.scrollWidth, inner: win.innerWidth, height: root.scrollHeight,
      background: win.getComputedStyle(doc.body).backgroundColor, text: win.getComputedStyle(doc.body).color,
      firstIsSkip: tabbable[0] === skip, skipHidden: hidden, skipShows: skip.getBoundingClientRect().left >= 0,
      focusSeen: win.getComputedStyle(skip).outlineStyle !== "none",
      positive: doc.querySelectorAll("[tabindex]:not([tabindex='0']):not([tabindex='-1'])").length,
      unreachable: boxes.filter(e => e.tabIndex !== 0).length,
      clipped: clipped.map(e => e.outerHTML.slice(0, 120)),
      marks: [...doc.querySelectorAll("main .mark, h1 .mark")].filter(e => e.getClientRects().length && e.getBBox && e.getBBox().width === 0).length,
    });
    if (results.length === widths.length) document.getElementById("result").textContent = JSON.stringify(results.sort((a, b) => a.width - b.width));
  };
  document.body.append(frame);
}
</script></body></html>`

// measure is what the probe finds in a frame of one width.
type measure struct {
	Width, Page, Inner, Height         int
	Background, Text                   string
	FirstIsSkip, SkipHidden, SkipShows bool
	FocusSeen                          bool
	Positive, Unreachable, Marks       int
	Clipped                            []string
}

// browse shows page to a browser, which prefers a dark one where dark says so.
func browse(t *testing.T, page string, dark bool) []measure {
	t.Helper()
	var mu sync.Mutex
	var asked []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		asked = append(asked, r.URL.Path)
		mu.Unlock()
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		body, found := map[string]string{"/": probe, "/report.html": page}[r.URL.Path]
		if !found {
			w.WriteHeader(http.StatusNotFound)
		}
		_, _ = io.WriteString(w, body) // a browser that has gone away says so itself
	}))
	defer server.Close()
	scheme := 1
	if dark {
		scheme = 0
	}
	stdout, stderr := run(t, fmt.Sprintf("--blink-settings=preferredColorScheme=%d", scheme), "--window-size=1400,900", "--virtual-time-budget=20000", "--dump-dom", server.URL)
	for line := range strings.Lines(stderr) {
		if strings.Contains(line, "CONSOLE") {
			t.Errorf("the console says: %s", line)
		}
	}
	mu.Lock()
	defer mu.Unlock()
	for _, path := range asked {
		if path != "/" && path != "/report.html" {
			t.Errorf("the page asks for %s", path)
		}
	}
	found := regexp.MustCompile(`(?s)<pre id="result">(.*?)</pre>`).FindStringSubmatch(stdout)
	var all []measure
	if found == nil || json.Unmarshal([]byte(html.UnescapeString(found[1])), &all) != nil || len(all) == 0 {
		t.Fatalf("the probe measured nothing:\n%.2000s\n%.4000s", stdout, stderr)
	}
	return all
}

// run runs a browser without a window and with a profile of its own.
func run(t *testing.T, args ...string) (stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	args = append([]string{"--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--enable-logging=stderr", "--user-data-dir=" + t.TempDir()}, args...)
	cmd := exec.CommandContext(t.Context(), chromium(t), args...)
	cmd.Stdout, cmd.Stderr, cmd.WaitDelay = &out, &errs, 5*time.Second
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v:\n%.4000s", err, errs.String())
	}
	return out.String(), errs.String()
}

func TestInABrowser(t *testing.T) {
	runs := samples()
	runs["hostile"] = hostileRun("</style><script>document.title='x'</script>\u202e مرحبا 👩‍🚀 " + strings.Repeat("averylongwordwithoutspaces", 20))
	runs["huge"] = hugeRun()
	for name, r := range runs {
		t.Run(name, func(t *testing.T) {
			page := write(t, r)
			for _, dark := range []bool{false, true} {
				if dark && name != "failed" { // which has all that others have
					continue
				}
				background, text := "rgb(255, 255, 255)", "rgb(31, 35, 40)"
				if dark {
					background, text = "rgb(13, 17, 23)", "rgb(230, 237, 243)"
				}
				for _, m := range browse(t, page, dark) {
					at := fmt.Sprintf("dark %v, %d pixels", dark, m.Width)
					if m.Page > m.Width {
						t.Errorf("%s: the page is %d wide", at, m.Page)
					}
					if len(m.Clipped) > 0 {
						t.Errorf("%s: beyond the edge: %s", at, m.Clipped[0])
					}
					if m.Background != background || m.Text != text {
						t.Errorf("%s: %s on %s", at, m.Text, m.Background)
					}
					if !m.FirstIsSkip || !m.SkipHidden || !m.SkipShows || !m.FocusSeen {
						t.Errorf("%s: the link that skips to the report is not as it should be: %+v", at, m)
					}
					if m.Positive > 0 || m.Unreachable > 0 || m.Marks > 0 {
						t.Errorf("%s: %d orders of the keyboard, %d boxes that it cannot scroll, %d empty marks", at, m.Positive, m.Unreachable, m.Marks)
					}
				}
			}
		})
	}
}

func TestOnPaper(t *testing.T) {
	file := t.TempDir() + "/report.pdf"
	source := t.TempDir() + "/report.html"
	if err := os.WriteFile(source, []byte(write(t, failedRun())), 0o600); err != nil {
		t.Fatal(err)
	}
	run(t, "--blink-settings=preferredColorScheme=0", "--no-pdf-header-footer", "--print-to-pdf="+file, "file://"+source)
	pdf, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	pages := len(regexp.MustCompile(`/Type /Page\b`).FindAll(pdf, -1))
	if pages < 4 || pages > 14 { // what is folded is printed, the events are not
		t.Errorf("%d pages", pages)
	}
	if !slices.Contains(regexp.MustCompile(`/(?:URI) ?\(([^)]*)\)`).FindStringSubmatch(string(pdf)), "https://8527fec8.dispatch.example.com/") {
		t.Error("the link to what was delivered is not in the document")
	}
}
