package report

import (
	"fmt"
	"net/url"
	"reflect"
	"regexp"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/mettel-automation/delivery/internal/clean"
)

// longest is how many bytes of one text, or one line of it, the page shows.
const longest = 2000

// makeSafe makes each string in v, which the page was given from outside, safe
// to show. It leaves alone what has a type of html/template: that is ours.
func makeSafe(v reflect.Value) {
	switch v.Kind() {
	case reflect.String:
		if v.CanSet() && v.Type().PkgPath() != "html/template" {
			v.SetString(safe(v.String()))
		}
	case reflect.Struct:
		for _, field := range v.Fields() {
			makeSafe(field)
		}
	case reflect.Slice:
		for i := range v.Len() {
			makeSafe(v.Index(i))
		}
	case reflect.Pointer:
		if !v.IsNil() {
			makeSafe(v.Elem())
		}
	}
}

// safe returns s as one line of at most about longest bytes that shows itself
// and does nothing else. The colours of a terminal are left out.
func safe(s string) string {
	s, more := clip(s, longest)
	return clean.Text(spaced(withoutColours(s))) + more
}

// spaced makes spaces of tabs, of line breaks and of what else is a space.
func spaced(s string) string {
	if !strings.ContainsFunc(s, func(r rune) bool { return r != ' ' && unicode.IsSpace(r) }) {
		return s
	}
	s = strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", " "), "\t", "    ")
	var b strings.Builder
	for len(s) > 0 { // not strings.Map, which hides bytes that are no UTF-8
		r, size := utf8.DecodeRuneInString(s)
		if unicode.IsSpace(r) {
			b.WriteByte(' ')
		} else {
			b.WriteString(s[:size])
		}
		s = s[size:]
	}
	return b.String()
}

// colours are the sequences by which programs colour text for a terminal.
// Source: ECMA-48, section 8.3.117, "SGR".
const colours = `\x1b\[[0-9;:]*m`

func withoutColours(s string) string {
	if !strings.Contains(s, "\x1b") {
		return s
	}
	return regexp.MustCompile(colours).ReplaceAllString(s, "")
}

// clip returns the beginning of s, of at most size bytes, and how much was left
// out, as a text.
func clip(s string, size int) (start, more string) {
	if len(s) <= size {
		return s, ""
	}
	for size > 0 && !utf8.RuneStart(s[size]) {
		size--
	}
	return s[:size], fmt.Sprintf(" … (%s more)", plural(utf8.RuneCountInString(s[size:]), "character", "characters"))
}

// lines returns the lines of s without empty ones around the whole; at most the
// first most of them.
func lines(s string, most int) []string {
	// Of a text of megabytes, those are within the first bytes.
	s, _ = clip(s, most*longest)
	s = strings.Trim(s, "\r\n")
	if strings.TrimSpace(s) == "" {
		return nil
	}
	all := strings.Split(s, "\n")
	if len(all) > most {
		all = append(all[:most], fmt.Sprintf("… (%s more)", plural(len(all)-most, "line", "lines")))
	}
	return all
}

// span writes a duration as people say it: "42 ms", "3.4 s", "6 min 12 s",
// "1 h 3 min". None, or one of a clock that went back, is empty.
func span(d time.Duration) string {
	switch {
	case d <= 0:
		return ""
	case d < time.Millisecond:
		return "under 1 ms"
	case d < time.Second:
		return fmt.Sprintf("%d ms", d/time.Millisecond)
	case d < 10*time.Second && d%time.Second >= 100*time.Millisecond:
		return fmt.Sprintf("%d.%d s", d/time.Second, d%time.Second/(100*time.Millisecond))
	case d < time.Minute:
		return fmt.Sprintf("%d s", d/time.Second)
	case d < time.Hour:
		return units(d, time.Minute, "min", time.Second, "s")
	case d < 48*time.Hour:
		return units(d, time.Hour, "h", time.Minute, "min")
	}
	return units(d, 24*time.Hour, "d", time.Hour, "h")
}

func units(d, large time.Duration, largeName string, small time.Duration, smallName string) string {
	if d%large/small == 0 {
		return fmt.Sprintf("%d %s", d/large, largeName)
	}
	return fmt.Sprintf("%d %s %d %s", d/large, largeName, d%large/small, smallName)
}

// number writes n with a comma at each thousand.
func number(n int) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// plural writes how many there are: "1 service", "28 services".
func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return number(n) + " " + many
}

// list writes the first most of names, and how many more there are.
func list(names []string, most int) string {
	if len(names) <= most {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %s more", strings.Join(names[:most], ", "), number(len(names)-most))
}

// moment is an instant for people and for programs.
type moment struct {
	ISO  string // empty is unknown
	Text string
}

func at(t time.Time, layout string) moment {
	if t.IsZero() {
		return moment{}
	}
	return moment{ISO: t.UTC().Format(time.RFC3339Nano), Text: t.UTC().Format(layout)}
}

const (
	dateAndTime = "2 Jan 2006, 15:04:05 UTC"
	timeOfDay   = "15:04:05.000"
)

// link returns address where it is one that a page may link to: of http or https.
func link(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return ""
	}
	return address
}
