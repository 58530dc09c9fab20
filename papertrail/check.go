package papertrail

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"unicode"
)

// check returns all faults of what is wanted.
func check(groups []Group) error {
	var faults []error
	seen := make(map[string]bool)
	systems := make(map[string]System)
	for _, g := range groups {
		for _, s := range g.Systems {
			if other, ok := systems[fold(s.Name)]; ok && other != s {
				faults = append(faults, fmt.Errorf("group %q: system %q is given otherwise in another group, as %q, %s", g.Name, s.Name, other.Name, other.registration()))
			}
			systems[fold(s.Name)] = s
		}
		if err := checkName("group", g.Name); err != nil {
			faults = append(faults, err)
		}
		if seen[fold(g.Name)] {
			faults = append(faults, fmt.Errorf("group %q is given twice", g.Name))
		}
		seen[fold(g.Name)] = true
		if !oneLine(g.Wildcard) {
			faults = append(faults, fmt.Errorf("group %q: its wildcard %q is not one line of text", g.Name, g.Wildcard))
		}
		faults = append(faults, checkSearches(g)...)
		faults = append(faults, checkSystems(g)...)
	}
	return errors.Join(faults...)
}

func checkSearches(g Group) (faults []error) {
	seen := make(map[string]bool)
	for _, s := range g.Searches {
		if err := checkName("search", s.Name); err != nil {
			faults = append(faults, fmt.Errorf("group %q: %w", g.Name, err))
		}
		if seen[fold(s.Name)] {
			faults = append(faults, fmt.Errorf("group %q: search %q is given twice", g.Name, s.Name))
		}
		seen[fold(s.Name)] = true
		switch {
		case strings.TrimSpace(s.Query) == "":
			faults = append(faults, fmt.Errorf("group %q: search %q has no query, and would show all logs", g.Name, s.Name))
		case !oneLine(s.Query):
			faults = append(faults, fmt.Errorf("group %q: the query of search %q is not one line of text", g.Name, s.Name))
		}
	}
	return faults
}

func checkSystems(g Group) (faults []error) {
	seen := make(map[string]bool)
	for _, s := range g.Systems {
		if err := checkName("system", s.Name); err != nil {
			faults = append(faults, fmt.Errorf("group %q: %w", g.Name, err))
		}
		if seen[fold(s.Name)] {
			faults = append(faults, fmt.Errorf("group %q: system %q is given twice", g.Name, s.Name))
		}
		seen[fold(s.Name)] = true
		for _, fault := range s.faults() {
			faults = append(faults, fmt.Errorf("group %q: system %q: %s", g.Name, s.Name, fault))
		}
	}
	return faults
}

// registration is how a system is registered, for people.
func (s System) registration() string {
	switch {
	case s.Hostname == "" && s.IPAddress == "":
		return "not to be registered"
	case s.Port != 0:
		return fmt.Sprintf("%s to port %d", s.Hostname+s.IPAddress, s.Port)
	}
	return fmt.Sprintf("%s to destination %d", s.Hostname+s.IPAddress, s.Destination)
}

// faults are what is wrong with a system besides its name.
func (s System) faults() (texts []string) {
	place, destination := s.Hostname != "" || s.IPAddress != "", s.Port != 0 || s.Destination != 0
	_, err := netip.ParseAddr(s.IPAddress)
	for _, f := range []struct {
		wrong bool
		text  string
	}{
		{s.Hostname != "" && s.IPAddress != "", "it has a host name and an IP address; give one of them"},
		{s.Port != 0 && s.Destination != 0, "it has the port and the id of a log destination; give one of them"},
		{place && !destination, "to register it, give the port or the id of its log destination"},
		{!place && destination, "to register it, give a host name or an IP address"},
		{s.Port < 0 || s.Port > 65535, fmt.Sprintf("%d is no port", s.Port)},
		{s.Destination < 0, fmt.Sprintf("%d is no id of a log destination", s.Destination)},
		{s.IPAddress != "" && err != nil, fmt.Sprintf("%q is no IP address", s.IPAddress)},
	} {
		if f.wrong {
			texts = append(texts, f.text)
		}
	}
	return texts
}

func checkName(kind, name string) error {
	switch {
	case name == "":
		return fmt.Errorf("a %s has no name", kind)
	case strings.TrimSpace(name) != name:
		return fmt.Errorf("%s %q: its name begins or ends with a space", kind, name)
	case !oneLine(name):
		return fmt.Errorf("%s %q: its name is not one line of text", kind, name)
	}
	return nil
}

func oneLine(text string) bool {
	return strings.ToValidUTF8(text, "") == text && !strings.ContainsFunc(text, unicode.IsControl)
}

// fold is name without what people overlook: case, outer spaces and their number.
func fold(name string) string { return strings.ToLower(strings.Join(strings.Fields(name), " ")) }
