package eks_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/tools/clientcmd/api"

	"github.com/mettel-automation/delivery/eks"
)

const demoARN = "arn:aws:eks:us-east-1:123456789012:cluster/demo"

func demo() eks.Cluster {
	return eks.Cluster{Name: "demo", ARN: demoARN, Region: "us-east-1", Endpoint: "https://kube.example.com", CA: []byte("-----BEGIN CERTIFICATE-----\n")}
}

func TestKubeconfigIsReadByClientGo(t *testing.T) {
	const role = "arn:aws:iam::123456789012:role/eks-devops-demo-jane"
	text, err := eks.Kubeconfig{Cluster: demo(), Name: "dev", RoleARN: role, Profile: "mettel", Namespace: "kre-tnba"}.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	got, err := clientcmd.Load(text)
	if err != nil {
		t.Fatalf("%v:\n%s", err, text)
	}
	want := api.NewConfig()
	want.CurrentContext = "dev"
	want.Clusters["dev"] = &api.Cluster{Server: "https://kube.example.com", CertificateAuthorityData: []byte("-----BEGIN CERTIFICATE-----\n")}
	want.Contexts["dev"] = &api.Context{Cluster: "dev", AuthInfo: "dev", Namespace: "kre-tnba"}
	want.AuthInfos["dev"] = &api.AuthInfo{Exec: &api.ExecConfig{
		APIVersion: "client.authentication.k8s.io/v1beta1", Command: "aws", InteractiveMode: api.IfAvailableExecInteractiveMode,
		Args: []string{"--region", "us-east-1", "eks", "get-token", "--cluster-name", "demo", "--output", "json", "--role-arn", role},
		Env:  []api.ExecEnvVar{{Name: "AWS_PROFILE", Value: "mettel"}},
	}}
	for _, c := range want.Clusters { // what Load fills in
		c.Extensions = got.Clusters["dev"].Extensions
	}
	want.Contexts["dev"].Extensions, want.AuthInfos["dev"].Extensions = got.Contexts["dev"].Extensions, got.AuthInfos["dev"].Extensions
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("read back (-want +got):\n%s", d)
	}
	if err := clientcmd.ConfirmUsable(*got, ""); err != nil {
		t.Error(err)
	}
	if _, err := clientcmd.RESTConfigFromKubeConfig(text); err != nil && !strings.Contains(err.Error(), "certificate") {
		t.Errorf("client-go does not take it: %v", err)
	}
}

func TestKubeconfigOfHalfACluster(t *testing.T) {
	_, err := eks.Kubeconfig{}.Bytes()
	check(t, err, nil, "make kubeconfig: the cluster has no name: take it from Describe\nthe cluster has no region")
}

// existing is a file with comments, another cluster, a field that nobody knows, and an
// older entry of the cluster.
const existing = `# mine
apiVersion: v1
kind: Config
preferences: {}
future: {keep: me}
clusters:
# the one at home
- cluster:
    server: https://192.168.1.2:6443 # by cable
    insecure-skip-tls-verify: true
  name: home
- name: ` + demoARN + `
  cluster: {server: "https://old.example.com"}
contexts:
- context: {cluster: home, user: me}
  name: home
current-context: home
users:
- name: me
  user:
    token: "c2VjcmV0"
`

func TestMerge(t *testing.T) {
	tests := map[string]struct {
		file    string
		k       eks.Kubeconfig
		keeps   []string // texts that are still there
		current string
		want    string // part of the error
	}{
		"what is there stays, with its comments": {
			file: existing, current: "home",
			keeps: []string{"# mine", "future: {keep: me}", "# the one at home", "# by cable", `token: "c2VjcmV0"`, "name: home"},
		},
		"the context changes where that is wanted": {file: existing, k: eks.Kubeconfig{Use: true}, current: demoARN},
		"and where there is none":                  {file: "apiVersion: v1\nkind: Config\n", current: demoARN},
		"a file as kubectl writes an empty one":    {file: "apiVersion: v1\nclusters: null\ncontexts: null\ncurrent-context: \"\"\nkind: Config\nusers: null\n", current: demoARN},
		"lists without entries":                    {file: "clusters: []\ncontexts: []\nusers: []\n", current: demoARN},
		"an empty file":                            {file: " \n", current: demoARN},
		"a file in JSON":                           {file: `{"kind":"Config","apiVersion":"v1","clusters":[{"name":"home","cluster":{"server":"https://h"}}]}`, keeps: []string{`"home"`}, current: demoARN},
		"what is no YAML":                          {file: "clusters: [", want: "the kubeconfig is left as it is: it does not parse: "},
		"what is no kubeconfig":                    {file: "- a\n- b\n", want: "it does not parse"},
		"a list that is none":                      {file: "clusters: {home: x}\n", want: "it does not parse"},
		"two entries of one name":                  {file: "users: [{name: a, user: {token: hunter2}}, {name: a, user: {client-key-data: aHVudGVyMg==}}]", want: `it does not parse: error converting *[]NamedAuthInfo into *map[string]*api.AuthInfo: duplicate name "a"`},
		"two documents":                            {file: existing + "---\nkind: Config\n", want: "it has more than one document"},
		"an anchor to what is replaced":            {file: "clusters:\n- &a {name: '" + demoARN + "', cluster: &b {server: 'https://x'}}\n- {name: other, cluster: *b}\n", want: "the kubeconfig is left as it is: "},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			tt.k.Cluster = demo()
			out, err := tt.k.Merge([]byte(tt.file))
			check(t, err, nil, tt.want)
			if tt.want != "" {
				if !errors.Is(err, eks.ErrKubeconfig) || out != nil {
					t.Errorf("error %v beside %q", err, out)
				}
				if strings.Contains(err.Error(), "hunter2") || strings.Contains(err.Error(), "104 117 110 116") {
					t.Errorf("a secret is said: %v", err)
				}
				return
			}
			for _, text := range tt.keeps {
				if !strings.Contains(string(out), text) {
					t.Errorf("%q is gone from\n%s", text, out)
				}
			}
			got, err := clientcmd.Load(out)
			if err != nil || got.CurrentContext != tt.current || got.Clusters[demoARN].Server != "https://kube.example.com" || got.AuthInfos[demoARN].Exec == nil {
				t.Errorf("error %v, of\n%s", err, out)
			}
			if again, err := tt.k.Merge(out); err != nil || string(again) != string(out) {
				t.Errorf("error %v, a second time it is\n%s\nand not\n%s", err, again, out)
			}
		})
	}
}

func TestWriteFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "new", "config")
	k := eks.Kubeconfig{Cluster: demo()}
	if err := k.WriteFile(t.Context(), path); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	var group sync.WaitGroup
	for _, name := range []string{"a", "b", "c", "d", "e"} { // at the same time
		group.Go(func() {
			if err := (eks.Kubeconfig{Cluster: demo(), Name: name}).WriteFile(t.Context(), path); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	got, err := clientcmd.LoadFromFile(path)
	if err != nil || len(got.Contexts) != 6 || got.CurrentContext != demoARN {
		t.Errorf("error %v, %d contexts, current %q", err, len(got.Contexts), got.CurrentContext)
	}
	files, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(files) != 1 {
		t.Errorf("error %v, and beside it: %v", err, files)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, error %v", info.Mode(), err)
	}
}

func TestWriteFileThatMustStay(t *testing.T) {
	path := filepath.Join(t.TempDir(), "config")
	write := func(path, text string) {
		t.Helper()
		if err := os.WriteFile(path, []byte(text), 0o640); err != nil {
			t.Fatal(err)
		}
	}
	write(path, "clusters: [")
	err := eks.Kubeconfig{Cluster: demo()}.WriteFile(t.Context(), path)
	check(t, err, eks.ErrKubeconfig, "write kubeconfig "+path+": the kubeconfig is left as it is: it does not parse")
	if text, err := os.ReadFile(path); string(text) != "clusters: [" || err != nil {
		t.Errorf("it is %q, error %v", text, err)
	}

	write(path+".lock", "")
	ctx, cancel := context.WithTimeout(t.Context(), 0)
	defer cancel()
	err = eks.Kubeconfig{Cluster: demo()}.WriteFile(ctx, path)
	check(t, err, context.DeadlineExceeded, "write kubeconfig "+path)
	directory := filepath.Dir(path) // as with a terminal or a pipe, of which a read does not end
	check(t, eks.Kubeconfig{Cluster: demo()}.WriteFile(t.Context(), directory), nil, "write kubeconfig "+directory+": it is no regular file")
}

func FuzzMerge(f *testing.F) {
	for _, seed := range []string{
		existing, "", "\t", "clusters: null", "a: &x [1]\nb: *x", "{}", "users: [{name: a, user: {exec: {command: x}}}]",
		"clusters:\n- name: &n a\n  cluster: {server: b}\ncurrent-context: *n\n", "\ufeffkind: Config\n", "kind: Config\r\nclusters: []\r\n",
		"<<: {clusters: []}\n", "? clusters\n: []\n", "current-context: 1\n", "clusters:\n  - {name: 'x: y', cluster: {}} # c\n",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		out, err := eks.Kubeconfig{Cluster: demo()}.Merge([]byte(text))
		if err != nil {
			if !errors.Is(err, eks.ErrKubeconfig) {
				t.Errorf("%q: %v", text, err)
			}
			return
		}
		after, err := clientcmd.Load(out)
		if err != nil {
			t.Fatalf("%q became %q: %v", text, out, err)
		}
		before, err := clientcmd.Load([]byte(strings.TrimSpace(text))) // blanks alone are an empty file
		if err != nil {
			t.Fatalf("%q was taken, and kubectl does not: %v", text, err)
		}
		for name, c := range before.Clusters {
			if name != demoARN && after.Clusters[name].Server != c.Server {
				t.Errorf("%q: cluster %q has changed", text, name)
			}
		}
		if before.CurrentContext != "" && after.CurrentContext != before.CurrentContext {
			t.Errorf("%q: the current context is %q", text, after.CurrentContext)
		}
		if after.Clusters[demoARN] == nil || after.Contexts[demoARN] == nil || after.AuthInfos[demoARN] == nil {
			t.Errorf("%q: the cluster is missing from %q", text, out)
		}
	})
}
