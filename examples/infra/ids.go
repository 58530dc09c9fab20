package main

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/mettel-automation/delivery/stack"
)

// logicalIDs are the resources of a template. One that cannot be read has none:
// what is wrong with it is told when it is checked.
func logicalIDs(body []byte) []string {
	var t struct {
		Resources map[string]any `yaml:"Resources"`
	}
	if err := yaml.Load(body, &t); err != nil {
		return nil
	}
	return slices.Sorted(maps.Keys(t.Resources))
}

// known reports whether a template of this run has a resource, which may be in a
// nested stack.
func (s *site) known(id string) bool {
	for kind := range s.has {
		if s.hasIn(kind, id) {
			return true
		}
	}
	return false
}

func (s *site) hasIn(kind, id string) bool {
	outer, _, _ := strings.Cut(id, "/")
	return slices.Contains(s.has[kind], outer)
}

// failing is an error where -fail names what is in no stack of this run.
func (s *site) failing() error {
	var errs []error
	for _, id := range s.options.memory.fail {
		switch {
		case s.options.verb == "recover" && id != jammed:
			errs = append(errs, input{fmt.Errorf("-fail %s: what is stuck in the cloud in memory is %s", id, jammed)})
		case !s.known(id):
			errs = append(errs, input{fmt.Errorf("-fail %s: no stack of this run has such a resource", id)})
		}
	}
	return errors.Join(errs...)
}

// consent are the consents for one stack: those to what it has, and those to what no
// template has, which may be what a stack still has of an older template.
func (s *site) consent(kind string) (ids []string) {
	for _, id := range s.options.consent {
		if s.hasIn(kind, id) || !s.known(id) {
			ids = append(ids, id)
		}
	}
	return ids
}

// strays are the consents to what no template has.
func (s *site) strays() (ids []string) {
	for _, id := range s.options.consent {
		if !s.known(id) {
			ids = append(ids, id)
		}
	}
	return ids
}

// settle takes the strays out of the consents that plans do not need, since just one
// of them can need each; a stray that none needs is an error.
func (s *site) settle(plans []stack.Plan) error {
	strays := s.strays()
	unneeded := map[string]int{}
	for i, p := range plans {
		plans[i].Unneeded = slices.DeleteFunc(p.Unneeded, func(id string) bool {
			stray := slices.Contains(strays, id)
			if stray {
				unneeded[id]++
			}
			return stray
		})
	}
	var errs []error
	for _, id := range strays {
		if unneeded[id] == len(plans) {
			errs = append(errs, input{fmt.Errorf("-consent %s: no stack of this run has such a resource", id)})
		}
	}
	return errors.Join(errs...)
}
