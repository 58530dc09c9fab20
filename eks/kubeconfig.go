package eks

import (
	"bytes"
	"cmp"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"

	"go.yaml.in/yaml/v4"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/tools/clientcmd/api"

	"github.com/mettel-automation/delivery/internal/clean"
)

// Kubeconfig is what kubectl and others need to talk to a cluster. It holds no token:
// `aws eks get-token` makes one when it is needed, with the credentials of whoever runs it.
type Kubeconfig struct {
	Cluster Cluster
	// Name is that of the context, the cluster and the user; default the ARN of the
	// cluster, as `aws eks update-kubeconfig` has it.
	Name string
	// RoleARN is a role to assume for the token, and Profile an AWS profile to make it
	// with; default neither.
	RoleARN, Profile string
	// Namespace is that of the context; default "default".
	Namespace string
	// Command is how the AWS CLI is called; default "aws".
	Command string
	// Use makes it the current context also of a file that has one.
	Use bool
}

// ErrKubeconfig is the error of a kubeconfig file that is not to be changed, since kubectl
// could not read it, or since it is written in a way that cannot be changed safely.
var ErrKubeconfig = errors.New("the kubeconfig is left as it is")

// The form of the file. Source: k8s.io/client-go/tools/clientcmd/api/v1, Config.
type (
	kubeconfig struct {
		APIVersion string `yaml:"apiVersion"`
		Kind       string `yaml:"kind"`
		Clusters   []named
		Contexts   []named
		Users      []named
		Current    string `yaml:"current-context"`
	}
	named struct {
		Name    string
		Cluster *serverEntry  `yaml:",omitempty"`
		Context *contextEntry `yaml:",omitempty"`
		User    *userEntry    `yaml:",omitempty"`
	}
	serverEntry struct {
		Server string
		Data   string `yaml:"certificate-authority-data"`
	}
	contextEntry struct {
		Cluster, User string
		Namespace     string `yaml:",omitempty"`
	}
	userEntry struct{ Exec execEntry }
	execEntry struct {
		APIVersion      string `yaml:"apiVersion"`
		Command         string
		Args            []string
		Env             []envEntry `yaml:",omitempty"`
		InteractiveMode string     `yaml:"interactiveMode"`
	}
	envEntry struct{ Name, Value string }
)

// Bytes returns a file of its own.
func (k Kubeconfig) Bytes() ([]byte, error) {
	file, err := k.file()
	if err != nil {
		return nil, fmt.Errorf("make kubeconfig: %w", err)
	}
	return encodeYAML(file)
}

// file checks the fields, and makes of them what the file says.
func (k Kubeconfig) file() (kubeconfig, error) {
	c := k.Cluster
	name := cmp.Or(k.Name, c.ARN)
	var errs []error
	for _, f := range [][2]string{{"name", c.Name}, {"region", c.Region}, {"endpoint", c.Endpoint}, {"certificate authority", string(c.CA)}} {
		if f[1] == "" {
			errs = append(errs, fmt.Errorf("the cluster has no %s: take it from Describe", f[0]))
		}
	}
	if name == "" {
		errs = append(errs, errors.New("there is neither a name nor an ARN of the cluster"))
	}
	if err := errors.Join(errs...); err != nil {
		return kubeconfig{}, err
	}
	run := execEntry{
		APIVersion: "client.authentication.k8s.io/v1beta1", Command: cmp.Or(k.Command, "aws"), InteractiveMode: "IfAvailable",
		Args: []string{"--region", c.Region, "eks", "get-token", "--cluster-name", c.Name, "--output", "json"},
	}
	if k.RoleARN != "" {
		run.Args = append(run.Args, "--role-arn", k.RoleARN)
	}
	if k.Profile != "" {
		run.Env = []envEntry{{"AWS_PROFILE", k.Profile}}
	}
	return kubeconfig{
		APIVersion: "v1", Kind: "Config", Current: name,
		Clusters: []named{{Name: name, Cluster: &serverEntry{Server: c.Endpoint, Data: base64.StdEncoding.EncodeToString(c.CA)}}},
		Contexts: []named{{Name: name, Context: &contextEntry{Cluster: name, User: name, Namespace: k.Namespace}}},
		Users:    []named{{Name: name, User: &userEntry{Exec: run}}},
	}, nil
}

// Merge returns the existing file with this cluster in it: entries of the same name are
// replaced, all else stays, comments included. The current context is changed where there
// is none, or where Use says so.
//
// What kubectl could not read is [ErrKubeconfig], and so is what would not mean the same
// but for these entries.
func (k Kubeconfig) Merge(existing []byte) ([]byte, error) {
	file, err := k.file()
	if err != nil {
		return nil, fmt.Errorf("make kubeconfig: %w", err)
	}
	if len(bytes.TrimSpace(existing)) == 0 {
		return encodeYAML(file)
	}
	before, err := clientcmd.Load(existing)
	if err != nil {
		return nil, fmt.Errorf("%w: it does not parse: %s", ErrKubeconfig, reason(err))
	}
	document, root, err := parse(existing)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrKubeconfig, err)
	}
	if !k.Use && before.CurrentContext != "" {
		file.Current = before.CurrentContext
	}
	if err := merge(root, file); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrKubeconfig, err)
	}
	out, err := encodeYAML(document)
	if err != nil {
		return nil, err
	}
	if err := compare(before, out, file); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrKubeconfig, err)
	}
	return out, nil
}

// reason is what an error about a file says, without what is in the file: where there are
// two entries of one name, client-go prints all entries with their tokens and keys.
func reason(err error) string {
	text, _, _ := strings.Cut(err.Error(), " in list: ")
	return clean.Text(text)
}

// parse returns the one document of a file, and the mapping in it.
func parse(text []byte) (document, root *yaml.Node, err error) {
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	document = new(yaml.Node)
	if err := decoder.Decode(document); err != nil {
		return nil, nil, fmt.Errorf("it does not parse: %s", reason(err))
	}
	if err := decoder.Decode(new(yaml.Node)); !errors.Is(err, io.EOF) {
		return nil, nil, errors.New("it has more than one document, of which kubectl reads only the first")
	}
	if len(document.Content) != 1 || document.Content[0].Kind != yaml.MappingNode {
		return nil, nil, errors.New("it is no mapping with clusters, contexts and users")
	}
	return document, document.Content[0], nil
}

// merge puts the entries of file into the mapping of another.
func merge(root *yaml.Node, file kubeconfig) error {
	for _, list := range []struct {
		key     string
		entries []named
	}{{"clusters", file.Clusters}, {"contexts", file.Contexts}, {"users", file.Users}} {
		into := field(root, list.key)
		if into.Kind == yaml.ScalarNode && (into.Tag == "!!null" || into.Value == "") {
			*into = yaml.Node{Kind: yaml.SequenceNode, Tag: "!!seq"} // `clusters: null`, as kubectl writes it
		}
		if into.Kind != yaml.SequenceNode {
			return fmt.Errorf("line %d: its %s are no list", into.Line, list.key)
		}
		for _, entry := range list.entries {
			if err := upsert(into, entry); err != nil {
				return fmt.Errorf("line %d: its %s: %w", into.Line, list.key, err)
			}
		}
	}
	for _, f := range [][2]string{{"apiVersion", file.APIVersion}, {"kind", file.Kind}, {"current-context", file.Current}} {
		if n := field(root, f[0]); n.Value != f[1] {
			n.Kind, n.Tag, n.Value, n.Style = yaml.ScalarNode, "!!str", f[1], 0
		}
	}
	return nil
}

// field returns the value of a key, which is added where it is missing.
func field(mapping *yaml.Node, key string) *yaml.Node {
	for i := 0; i+1 < len(mapping.Content); i += 2 {
		if mapping.Content[i].Value == key {
			return mapping.Content[i+1]
		}
	}
	added := &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!null"}
	mapping.Content = append(mapping.Content, &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: key}, added)
	return added
}

// upsert replaces the entry of the same name, or adds it.
func upsert(list *yaml.Node, entry named) error {
	next := new(yaml.Node)
	if err := next.Encode(entry); err != nil {
		return fmt.Errorf("encode %s: %w", entry.Name, err)
	}
	for i, old := range list.Content {
		if old.Kind != yaml.MappingNode {
			return fmt.Errorf("entry %d is no mapping", i+1)
		}
		if field(old, "name").Value == entry.Name {
			next.HeadComment, next.LineComment, next.FootComment = old.HeadComment, old.LineComment, old.FootComment
			list.Content[i] = next
			return nil
		}
	}
	if len(list.Content) == 0 {
		list.Style = 0 // `[]` has no room
	}
	list.Content = append(list.Content, next)
	return nil
}

// compare makes sure that the new text means what it is to mean, and the rest what it did.
func compare(before *api.Config, text []byte, file kubeconfig) error {
	after, err := clientcmd.Load(text)
	if err != nil {
		return fmt.Errorf("what would be written does not parse: %s", reason(err))
	}
	ours, err := encodeYAML(file)
	if err != nil {
		return err
	}
	want, err := clientcmd.Load(ours)
	if err != nil {
		return fmt.Errorf("the entries do not parse: %s", reason(err))
	}
	for name := range want.Contexts {
		before.Clusters[name], before.Contexts[name], before.AuthInfos[name] = want.Clusters[name], want.Contexts[name], want.AuthInfos[name]
	}
	before.CurrentContext = want.CurrentContext
	if !reflect.DeepEqual(before, after) {
		return errors.New("it is written in a way that cannot be changed safely, such as with anchors")
	}
	return nil
}

func encodeYAML(v any) ([]byte, error) {
	var b bytes.Buffer
	encoder := yaml.NewEncoder(&b)
	encoder.SetIndent(2)
	if err := errors.Join(encoder.Encode(v), encoder.Close()); err != nil {
		return nil, fmt.Errorf("encode kubeconfig: %w", err)
	}
	return b.Bytes(), nil
}
