// Package awsauth edits mapRoles, the text in the aws-auth ConfigMap of an EKS cluster
// that says which IAM role is which Kubernetes user, so that nobody is locked out by it:
//
//	text, err := awsauth.Edit{
//		Prefix: "delivery:", // ours are the entries whose username begins so
//		Entries: []awsauth.Entry{{
//			RoleARN:  "arn:aws:iam::111122223333:role/eks-developer-kre-ana",
//			Username: "delivery:ana:{{SessionName}}",
//			Groups:   []string{"developer"},
//		}},
//	}.Apply(configMap.Data["mapRoles"])
//
// Everything that is not ours stays byte by byte: other entries, comments, order,
// indentation, line endings, JSON where it was JSON. What the cluster would not
// read is refused, for it then forgets every entry, nodes included; so is an edit
// after which the entry of a node would be gone. Each result is read again, and is
// returned only if all entries are what they should be.
//
// It edits a text: package access fetches the ConfigMap and writes it back. It knows
// nothing of mapUsers and mapAccounts, other keys of the ConfigMap.
package awsauth

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"sigs.k8s.io/yaml"
)

// Entry is one element of mapRoles.
type Entry struct {
	// RoleARN is the IAM role, of which the cluster knows the name without a path:
	// arn:aws:iam::111122223333:role/name. See [Canonical].
	RoleARN string `json:"rolearn"`
	// Username is the name in Kubernetes. {{SessionName}} and {{AccountID}} in it are
	// replaced at each login.
	Username string `json:"username"`
	// Groups are the Kubernetes groups that the role is a member of.
	Groups []string `json:"groups"`
}

// Node reports whether e is how machines of the cluster join it: nodes on EC2, with
// Linux or Windows, and Fargate. Without such an entry they become NotReady.
// Source: EKS User Guide, "Creating the aws-auth ConfigMap".
func (e Entry) Node() bool {
	return strings.HasPrefix(e.Username, "system:node:") || slices.ContainsFunc(e.Groups, nodeGroup)
}

func nodeGroup(group string) bool {
	switch group {
	case "system:nodes", "system:bootstrappers", "system:node-proxier", "eks:kube-proxy-windows":
		return true
	}
	return false
}

func (e Entry) same(other Entry) bool {
	return Canonical(e.RoleARN) == Canonical(other.RoleARN) && e.Username == other.Username &&
		slices.Equal(sorted(e.Groups), sorted(other.Groups))
}

func sorted(list []string) []string { return slices.Compact(slices.Sorted(slices.Values(list))) }

// Canonical returns the form of a role's ARN by which the cluster compares: in lower
// case, and without the path of the role, so that role/team/Ana is role/ana.
// Source: aws-iam-authenticator, pkg/arn.Canonicalize and pkg/mapper/configmap.
func Canonical(roleARN string) string {
	arn := strings.ToLower(strings.TrimSpace(roleARN))
	head, rest, ok := strings.Cut(arn, ":role/")
	if !ok {
		return arn
	}
	return head + ":role/" + rest[strings.LastIndexByte(rest, '/')+1:]
}

// Parse returns the entries of mapRoles in their order, as aws-iam-authenticator
// reads them: a YAML or JSON list, in which letter case of keys does not matter and
// of two entries for a role the last one counts. It fails with a [ParseError] where
// the cluster would fail, and for a text of several YAML documents, of which the
// cluster reads only the first.
func Parse(text string) ([]Entry, error) {
	items, err := parse(text)
	if err != nil {
		return nil, err
	}
	return plain(items), nil
}

// Guard fails with [ErrNodeEntry] where an entry of a node that counts in before does not
// count in after. Of several entries for a role the last one counts: the others may go.
func Guard(before, after []Entry) error {
	// The cluster takes no path off. That it will never do so is not for us to say.
	// Source: aws-iam-authenticator, pkg/mapper/configmap, saveMap.
	for _, key := range []func(string) string{strings.ToLower, Canonical} {
		had, has := counting(before, key), counting(after, key)
		for _, e := range before {
			if was := had[key(e.RoleARN)]; !e.Node() || !was.same(e) {
				continue
			}
			if now, ok := has[key(e.RoleARN)]; !ok || !now.same(e) {
				return fmt.Errorf("%w: %s (%s)", ErrNodeEntry, e.RoleARN, e.Username)
			}
		}
	}
	return nil
}

// counting are the entries that count: of those with the same key of their ARN the last one.
func counting(entries []Entry, key func(string) string) map[string]Entry {
	m := make(map[string]Entry, len(entries))
	for _, e := range entries {
		m[key(e.RoleARN)] = e
	}
	return m
}

// item is an entry and all that the text says of it, as canonical JSON.
type item struct {
	Entry
	raw string
}

func parse(text string) ([]item, error) {
	if strings.ContainsRune(text, 0) {
		return nil, &ParseError{Err: errors.New("it has a zero byte")}
	}
	if skipped(text) {
		return nil, nil
	}
	if line := secondDocument(text); line > 0 {
		return nil, &ParseError{Line: line, Err: errors.New("a YAML document ends here, and the cluster would read no further")}
	}
	data, err := yaml.YAMLToJSON([]byte(text))
	if err != nil {
		return nil, syntaxError(err)
	}
	var raws []json.RawMessage
	if err := json.Unmarshal(data, &raws); err != nil {
		return nil, &ParseError{Err: errors.New("it is no list of entries")}
	}
	items := make([]item, len(raws))
	for i, raw := range raws {
		items[i].raw = string(raw)
		if err := json.Unmarshal(raw, &items[i].Entry); err != nil {
			return nil, &ParseError{Line: lineOf(text, i, len(raws)), Entry: i + 1, Err: wrongType(err)}
		}
	}
	return items, nil
}

// skipped reports whether the cluster does not look into text at all.
// Source: aws-iam-authenticator, pkg/mapper/configmap, isSkippable.
func skipped(text string) bool {
	trimmed := strings.TrimSpace(text)
	return trimmed == "" || trimmed == "``" || trimmed == `""`
}

// secondDocument is the line of a marker that ends a document of text, 0 for none.
func secondDocument(text string) int {
	begun := false
	for i, line := range splitLines(text) {
		trimmed := strings.TrimSpace(line)
		marker := hasMarker(line, "---")
		switch {
		case hasMarker(line, "..."), marker && begun:
			return i + 1
		case marker, trimmed != "" && trimmed[0] != '#' && trimmed[0] != '%':
			begun = true
		}
	}
	return 0
}

func hasMarker(line, marker string) bool {
	rest, ok := strings.CutPrefix(line, marker)
	return ok && (rest == "" || strings.ContainsRune(" \t\r\n", rune(rest[0])))
}

var yamlLine = regexp.MustCompile(`^yaml: (?:line (\d+): )?`)

func syntaxError(err error) *ParseError {
	text := strings.TrimPrefix(err.Error(), "error converting YAML to JSON: ")
	found := yamlLine.FindStringSubmatch(text)
	if found == nil {
		return &ParseError{Err: errors.New(text)}
	}
	line, _ := strconv.Atoi(found[1]) // 0 where the parser names none
	return &ParseError{Line: line, Err: errors.New(text[len(found[0]):])}
}

func wrongType(err error) error {
	wrong, ok := errors.AsType[*json.UnmarshalTypeError](err)
	switch {
	case !ok:
		return err
	case wrong.Field == "":
		return fmt.Errorf("want rolearn, username and groups, got a %s", wrong.Value)
	case strings.HasPrefix(wrong.Field, "groups"):
		return fmt.Errorf("groups: want a list of names, got a %s", wrong.Value)
	}
	return fmt.Errorf("%s: want a text, got a %s", wrong.Field, wrong.Value)
}

// lineOf is the line at which entry i of n begins, 0 where that is not plain to see.
func lineOf(text string, i, n int) int {
	if l, ok := readJSON(text); ok && len(l.spans) == n {
		return 1 + strings.Count(text[:l.spans[i][0]], "\n")
	}
	if b, err := readBlock(text); err == nil && len(b.dashes) == n {
		return b.dashes[i] + 1
	}
	return 0
}
