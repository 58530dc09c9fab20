package infra

import (
	"maps"
	"slices"
	"strings"
)

// checkNodeGroups checks groups of a cluster of that version of Kubernetes.
func checkNodeGroups(f *faults, groups []NodeGroup, version string) {
	if len(groups) == 0 {
		f.add("node groups: none given: want at least one")
	}
	for i, g := range groups {
		f.match("node group", g.Name, `[a-z]([a-z0-9-]{0,61}[a-z0-9])?`, "1 to 63 lower-case letters, digits and hyphens, a letter first and no hyphen last")
		what := "node group " + g.Name
		if slices.ContainsFunc(groups[:i], func(other NodeGroup) bool { return other.Name == g.Name }) {
			f.add("%s: given twice", what)
		}
		g.check(f, what, version)
	}
}

func (g NodeGroup) check(f *faults, what, version string) {
	f.within(what+": instance types", len(g.InstanceTypes), 1, maxInstanceTypes)
	f.within(what+": max", g.Max, 1, maxWorkers)
	f.within(what+": min", g.Min, 0, maxWorkers)
	if g.Desired < g.Min || g.Desired > g.Max {
		f.add("%s: desired: %d: want %d to %d, its min and max", what, g.Desired, g.Min, g.Max)
	}
	f.within(what+": disk", g.Disk, minDisk, maxDisk)
	known := slices.Contains(amiTypes(), g.AMIType)
	switch {
	case !known:
		f.add("%s: AMI type %q: want one of %s", what, g.AMIType, strings.Join(amiTypes(), ", "))
	case strings.HasPrefix(g.AMIType, "AL2_") && version > lastMinorOfAL2:
		f.add("%s: AMI type %s: there is none for Kubernetes %s: take one like AL2023_x86_64_STANDARD", what, g.AMIType, version)
	}
	for i, t := range g.InstanceTypes {
		f.match(what+": instance type", t, `[a-z][a-z0-9-]*\.[a-z0-9-]+`, "one like m6i.large")
		if slices.Contains(g.InstanceTypes[:i], t) {
			f.add("%s: instance type %s: given twice", what, t)
		}
		if arm := strings.Contains(g.AMIType, "ARM"); known && arm != graviton(t) {
			f.add("%s: instance type %s: it does not start AMI type %s, which is for another processor", what, t, g.AMIType)
		}
	}
	g.checkLabels(f, what)
}

func (g NodeGroup) checkLabels(f *faults, what string) {
	for _, key := range slices.Sorted(maps.Keys(g.Labels)) {
		if fault := labelKeyFault(key); fault != "" {
			f.add("%s: label: %s", what, fault)
		} else if reserved(key) {
			f.add("%s: label %s: its prefix is reserved: take another", what, key)
		}
		if !labelValue(g.Labels[key]) {
			f.add("%s: label %s: value %q: want %s", what, key, g.Labels[key], labelValueRule)
		}
	}
	seen := map[[2]string]string{}
	for _, text := range g.Taints {
		t, err := parseTaint(text)
		if err != nil {
			f.add("%s: taint %q: %w", what, text, err)
			continue
		}
		place := [2]string{t.Key, t.Effect}
		if other, taken := seen[place]; taken {
			f.add("%s: taint %s: its key and effect are those of %s", what, text, other)
		}
		seen[place] = text
	}
}
