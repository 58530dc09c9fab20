package gitlab

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/mettel-automation/delivery/changes"
)

// TestRandomPipelinesAreValid draws graphs, selections and templates, and holds
// what comes out to GitLab's schema and rules, and to the graph.
func TestRandomPipelinesAreValid(t *testing.T) {
	seed := rand.Uint64()
	rng := rand.New(rand.NewPCG(seed, 9))
	template := parse(t, `
stages: [lint, test, deploy]
gate: {stage: test, script: [x]}
lint $MODULE: {stage: lint, for: {labels: {kind: [a, b]}}, script: [x]}
test $MODULE: {stage: test, for: {labels: {kind: [b, c]}}, rules: [{if: $X}], script: [x]}
deploy $MODULE: {stage: deploy, needs: ["test $MODULE"], script: [x]}
destroy $MODULE: {stage: deploy, for: {deleted: true}, script: [x]}
`)
	for range 150 {
		n := 1 + rng.IntN(15)
		config := chain(make([][]int, n)...)
		for i := range config.Modules {
			for range rng.IntN(4) {
				config.Modules[i].DependsOn = append(config.Modules[i].DependsOn, fmt.Sprint("m", rng.IntN(n)))
			}
			config.Modules[i].Labels = map[string]string{"kind": string(rune('a' + rng.IntN(4)))}
		}
		var s changes.Selection
		for _, m := range config.Modules {
			if rng.IntN(3) > 0 {
				s.Modules = append(s.Modules, changes.Selected{Name: m.Name, Labels: m.Labels, Status: changes.ModuleChanged, Reasons: []changes.Reason{{Kind: changes.ByRemoval}}})
			} else if rng.IntN(2) == 0 {
				s.Deleted = append(s.Deleted, changes.Selected{Name: m.Name, Labels: m.Labels, Status: changes.ModuleDeleted, Reasons: []changes.Reason{{Kind: changes.ByRemoval}}})
			}
		}
		rng.Shuffle(len(s.Modules), func(i, j int) { s.Modules[i], s.Modules[j] = s.Modules[j], s.Modules[i] })
		out, err := template.Pipeline(config, s, Options{Before: &config})
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		jobs := checked(t, out)
		for _, m := range s.Modules {
			for _, prefix := range []string{"lint ", "test ", "deploy "} {
				j, ok := jobs[prefix+m.Name]
				if !ok {
					continue
				}
				reach := reachable(config, m.Name, func(name string) bool { _, has := jobs[prefix+name]; return has })
				for other := range reach {
					circular := reachable(config, other, func(string) bool { return false })[m.Name]
					if has := slices.Contains(j.needs, prefix+other); has == circular {
						t.Fatalf("seed %d: %q needs %q: %v; on a cycle: %v\n%s", seed, j.name, prefix+other, has, circular, out)
					}
				}
			}
		}
	}
}

// reachable are the modules that one depends on, through those that do not stop it.
func reachable(config changes.Config, from string, stop func(string) bool) map[string]bool {
	edges := map[string][]string{}
	for _, m := range config.Modules {
		edges[m.Name] = m.DependsOn
	}
	found, passed := map[string]bool{}, map[string]bool{from: true}
	queue := []string{from}
	for len(queue) > 0 {
		for _, next := range edges[queue[0]] {
			switch {
			case stop(next) && next != from:
				found[next] = true
			case !passed[next]:
				passed[next] = true
				queue = append(queue, next)
			}
		}
		queue = queue[1:]
	}
	if !stop(from) {
		maps.Copy(found, passed)
	}
	return found
}
