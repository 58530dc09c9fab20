package report

import (
	"math"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// The contrasts that WCAG 2.2 asks for at level AA: of text (1.4.3), and of what
// is needed to understand a picture or to see the focus (1.4.11).
const (
	ofText   = 4.5
	ofShapes = 3
)

func TestContrast(t *testing.T) {
	css, err := os.ReadFile("style.css")
	if err != nil {
		t.Fatal(err)
	}
	light, dark := themes(t, string(css))
	for name, theme := range map[string]map[string]string{"light": light, "dark": dark} {
		for _, pair := range []struct {
			front, back string
			least       float64
		}{
			{"text", "page", ofText},
			{"text", "raised", ofText},
			{"text", "good-page", ofText},
			{"text", "bad-page", ofText},
			{"text", "warn-page", ofText},
			{"text", "live-page", ofText},
			{"text", "idle-page", ofText},
			{"soft", "page", ofText},
			{"soft", "raised", ofText},
			{"soft", "good-page", ofText}, // the news in a box of the graph
			{"soft", "bad-page", ofText},
			{"soft", "warn-page", ofText},
			{"soft", "live-page", ofText},
			{"soft", "idle-page", ofText},
			{"link", "page", ofText},
			{"link", "bad-page", ofText},
			{"good", "page", ofText}, // signs and errors are text
			{"bad", "page", ofText},
			{"warn", "page", ofText},
			{"live", "page", ofText},
			{"good", "raised", ofText}, // figures
			{"bad", "raised", ofText},
			{"good", "good-page", ofShapes}, // marks and borders in the graph
			{"bad", "bad-page", ofShapes},
			{"warn", "warn-page", ofShapes},
			{"live", "live-page", ofShapes},
			{"idle", "idle-page", ofShapes},
			{"idle", "page", ofShapes},
			{"other", "page", ofShapes},
			{"other", "raised", ofShapes},
			{"page", "good", ofShapes}, // what is drawn within a mark
			{"page", "bad", ofShapes},
			{"page", "warn", ofShapes},
			{"bad-page", "bad", ofShapes},
			{"focus", "page", ofShapes},
			{"focus", "raised", ofShapes},
			{"focus", "bad-page", ofShapes},
			{"bad", "raised", ofShapes}, // bars
			{"live", "raised", ofShapes},
			{"warn", "raised", ofShapes},
		} {
			front, back := theme[pair.front], theme[pair.back]
			if front == "" || back == "" {
				t.Fatalf("%s: no colour %s or %s", name, pair.front, pair.back)
			}
			if got := contrast(t, front, back); got < pair.least {
				t.Errorf("%s: %s %s on %s %s has a contrast of %.2f, less than %v", name, pair.front, front, pair.back, back, got, pair.least)
			}
		}
	}
}

func TestTheContrastOfWhiteAndBlack(t *testing.T) {
	if got := contrast(t, "#ffffff", "#000000"); math.Abs(got-21) > 0.001 {
		t.Errorf("contrast %v", got)
	}
	if got := contrast(t, "#777777", "#ffffff"); math.Abs(got-4.48) > 0.01 { // a well-known one, just too low
		t.Errorf("contrast %v", got)
	}
}

func TestEveryColourIsATheme(t *testing.T) {
	css, err := os.ReadFile("style.css")
	if err != nil {
		t.Fatal(err)
	}
	light, dark := themes(t, string(css))
	for name := range light {
		if dark[name] == "" {
			t.Errorf("the dark theme has no --%s", name)
		}
		if !strings.Contains(string(css), "var(--"+name+")") {
			t.Errorf("nothing uses --%s", name)
		}
	}
	for _, use := range regexp.MustCompile(`var\(--([a-z-]+)\)`).FindAllStringSubmatch(string(css), -1) {
		if light[use[1]] == "" {
			t.Errorf("there is no --%s", use[1])
		}
	}
	rest := regexp.MustCompile(`--[a-z-]+:#[0-9a-f]+`).ReplaceAllString(string(css), "")
	if found := regexp.MustCompile(`#[0-9a-fA-F]{3,8}\b`).FindString(rest); found != "" {
		t.Errorf("%s is a colour that knows no theme", found)
	}
	if strings.ContainsAny(string(css), "<&") || strings.Contains(string(css), "url(") || strings.Contains(string(css), "@import") {
		t.Error("the style would break the page or ask others")
	}
}

// themes reads the colours of css.
func themes(t *testing.T, css string) (light, dark map[string]string) {
	t.Helper()
	first, rest, _ := strings.Cut(css, "@media screen and (prefers-color-scheme:dark)")
	second, _, found := strings.Cut(rest, "}}")
	if !found {
		t.Fatal("no dark theme")
	}
	read := func(block string) map[string]string {
		colours := map[string]string{}
		for _, m := range regexp.MustCompile(`--([a-z-]+):(#[0-9a-f]{6})\b`).FindAllStringSubmatch(block, -1) {
			colours[m[1]] = m[2]
		}
		return colours
	}
	return read(first), read(second)
}

// contrast is that of two colours. Source: WCAG 2.2, "contrast ratio" and
// "relative luminance".
func contrast(t *testing.T, a, b string) float64 {
	t.Helper()
	x, y := luminance(t, a), luminance(t, b)
	return (max(x, y) + 0.05) / (min(x, y) + 0.05)
}

func luminance(t *testing.T, colour string) float64 {
	t.Helper()
	sum := 0.0
	for i, weight := range []float64{0.2126, 0.7152, 0.0722} {
		n, err := strconv.ParseUint(colour[1+2*i:3+2*i], 16, 8)
		if err != nil {
			t.Fatal(err)
		}
		part := float64(n) / 255
		if part <= 0.04045 {
			part /= 12.92
		} else {
			part = math.Pow((part+0.055)/1.055, 2.4)
		}
		sum += weight * part
	}
	return sum
}
