package papertrail

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"
)

// Environment is an environment whose logs are to be found: its groups and searches
// are named so that people see whose they are.
type Environment struct {
	// ID is in each line that the environment logs: "automation-8527fec8".
	ID string
	// Name is what people call it, in the names of its groups; default ID.
	Name string
	// Branch is that from which it is delivered: "master".
	Branch string
	// Services are those whose logs are searched.
	Services []Service
	// Wildcard selects the senders of the groups; default "*", all.
	Wildcard string
	// Notifications and Alarms are the searches of the groups of these names. A
	// group is there without any as well.
	Notifications, Alarms []Search
}

// Service is a service whose logs are searched.
type Service struct {
	// Name is in each line that it logs: "notifier".
	Name string
	// Title is what people call it, in the name of its search; default Name. A
	// service may be given several times, with other titles and further words.
	Title string
	// Image is the tag that is deployed, which ends in the build number after a
	// hyphen: "automation-8527fec8-1042", or "1042" alone.
	Image string
	// And are further words that a line must have.
	And []string
}

// Groups are those of the environment: "[<name>] - <branch> logs" with a search
// "[<service>] - logs" for each service, which finds the lines of the build that is
// deployed, and one "[all modules] - logs"; "[<name>] - <branch> notifications" and
// "[<name>] - <branch> alarms". A service without an image is a [MissingImageError].
func (e Environment) Groups() ([]Group, error) {
	if err := e.check(); err != nil {
		return nil, err
	}
	logs := e.group("logs")
	for _, s := range e.Services {
		words := append([]string{s.Name, e.ID, buildNumber(e.ID, s.Image)}, s.And...)
		logs.Searches = append(logs.Searches, Search{Name: s.search(), Query: Query(words...)})
	}
	logs.Searches = append(logs.Searches, Search{Name: allModules, Query: Query(e.ID)})
	notifications, alarms := e.group("notifications"), e.group("alarms")
	notifications.Searches, alarms.Searches = e.Notifications, e.Alarms
	groups := []Group{logs, notifications, alarms}
	return groups, check(groups)
}

// GroupNames are the names of its groups, as for [DeleteRequest].
func (e Environment) GroupNames() []string {
	return []string{e.group("logs").Name, e.group("notifications").Name, e.group("alarms").Name}
}

const allModules = "[all modules] - logs"

func (s Service) search() string { return fmt.Sprintf("[%s] - logs", cmp.Or(s.Title, s.Name)) }

func (e Environment) group(kind string) Group {
	return Group{Name: fmt.Sprintf("[%s] - %s %s", cmp.Or(e.Name, e.ID), e.Branch, kind), Wildcard: cmp.Or(e.Wildcard, "*")}
}

func (e Environment) check() error {
	var faults []error
	switch {
	case e.ID == "":
		faults = append(faults, errors.New("the environment has no ID"))
	case e.Branch == "":
		faults = append(faults, fmt.Errorf("environment %s: it has no branch", e.ID))
	}
	var missing []string
	for i, s := range e.Services {
		switch {
		case s.Name == "":
			faults = append(faults, fmt.Errorf("environment %s: service %d has no name", e.ID, i+1))
		case slices.ContainsFunc(s.And, func(word string) bool { return strings.TrimSpace(word) == "" }):
			faults = append(faults, fmt.Errorf("environment %s: service %s has an empty word among those that a line must have", e.ID, s.Name))
		case s.Image == "":
			missing = append(missing, s.Name)
		case buildNumber(e.ID, s.Image) == "":
			faults = append(faults, fmt.Errorf("environment %s: the image tag %q of service %s does not end in a build number; want %s-1042", e.ID, s.Image, s.Name, e.ID))
		}
	}
	if len(missing) > 0 {
		slices.Sort(missing)
		faults = append(faults, &MissingImageError{Environment: e.ID, Services: slices.Compact(missing)})
	}
	return errors.Join(faults...)
}

// buildNumber is what follows the last hyphen of a tag, or the whole tag; empty
// where that is no number, or the tag is the environment's id.
func buildNumber(id, tag string) string {
	number := tag[strings.LastIndex(tag, "-")+1:]
	if number == "" || tag == id || strings.ContainsFunc(number, func(r rune) bool { return r < '0' || '9' < r }) {
		return ""
	}
	return number
}

// Query is a query for lines that have all of the words. A word that Papertrail would
// not take as one, or as an operator, is put in quotes.
func Query(words ...string) string {
	quoted := make([]string, len(words))
	for i, w := range words {
		quoted[i] = w
		if !plain(w) {
			quoted[i] = `"` + strings.ReplaceAll(w, `"`, " ") + `"`
		}
	}
	return strings.Join(quoted, " AND ")
}

// plain reports whether a word stands for itself.
func plain(word string) bool {
	switch strings.ToUpper(word) {
	case "", "AND", "OR", "NOT":
		return false
	}
	return !strings.HasPrefix(word, "-") && !strings.ContainsFunc(word, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("-_./", r)
	})
}
