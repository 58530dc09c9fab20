package access_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/eks/types"
	authorizationv1 "k8s.io/api/authorization/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/mettel-automation/delivery/eks/access"
	"github.com/mettel-automation/delivery/eks/access/rules"
	"github.com/mettel-automation/delivery/eks/ekstest"
	"github.com/mettel-automation/delivery/eks/kubetest"
)

const clusterName = "kre-dev"

// role is the ARN of an IAM role.
func role(name string) string { return "arn:aws:iam::" + ekstest.Account + ":role/" + name }

// username is what a role of the default owner is called in Kubernetes.
func username(name string) string {
	return "delivery:" + ekstest.Account + ":" + name + ":{{SessionName}}"
}

// people are the desired groups of most tests.
func people() []access.Group {
	return []access.Group{
		{Name: "developer", Principals: []string{role("ana"), role("team/bob")}, Rules: rules.Developer()},
		{Name: "devops", Principals: []string{role("eve")}, Rules: rules.DevOps()},
	}
}

// world is a cluster, and the EKS that has it.
type world struct {
	t      *testing.T
	mode   types.AuthenticationMode
	cloud  *ekstest.Cloud
	kube   *kubetest.Cluster
	client *kubernetes.Clientset
}

func newWorld(t *testing.T, mode types.AuthenticationMode) *world {
	t.Helper()
	return newFaultyWorld(t, mode, ekstest.Options{}, kubetest.Options{})
}

func newFaultyWorld(t *testing.T, mode types.AuthenticationMode, eks ekstest.Options, kube kubetest.Options) *world {
	t.Helper()
	w := &world{t: t, mode: mode, cloud: ekstest.New(eks), kube: kubetest.New(kube)}
	w.cloud.AddCluster(clusterName, mode)
	var err error
	if w.client, err = kubernetes.NewForConfig(w.kube.Config()); err != nil {
		t.Fatal(err)
	}
	return w
}

// add makes objects of Kubernetes.
func (w *world) add(manifest string) {
	w.t.Helper()
	if err := w.kube.Add(manifest); err != nil {
		w.t.Fatal(err)
	}
}

const nodeMapping = `- groups:
  - system:bootstrappers
  - system:nodes
  rolearn: arn:aws:iam::123456789012:role/nodes
  username: system:node:{{EC2PrivateDNSName}}
`

// addAuth makes an aws-auth ConfigMap.
func (w *world) addAuth(mapRoles string) {
	w.t.Helper()
	w.add("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: aws-auth, namespace: kube-system}\ndata:\n  mapUsers: |\n    - userarn: x\n  mapRoles: " + fmt.Sprintf("%q", mapRoles))
}

func (w *world) mapRoles() string {
	w.t.Helper()
	object, err := w.client.CoreV1().ConfigMaps("kube-system").Get(w.t.Context(), "aws-auth", metav1.GetOptions{})
	if err != nil {
		w.t.Fatal(err)
	}
	return object.Data["mapRoles"]
}

func (w *world) manager(opts access.Options) *access.Manager {
	return access.New(access.Cluster{Name: clusterName, Mode: w.mode, Entries: w.cloud.Client(), Kubernetes: w.client}, opts)
}

func (w *world) plan(opts access.Options, groups []access.Group) access.Plan {
	w.t.Helper()
	plan, err := w.manager(opts).Plan(w.t.Context(), groups)
	if err != nil {
		w.t.Fatal(err)
	}
	return plan
}

// apply plans and applies, and checks that the plan is then empty.
func (w *world) apply(opts access.Options, groups []access.Group) access.Plan {
	w.t.Helper()
	plan := w.plan(opts, groups)
	if _, err := w.manager(opts).Apply(w.t.Context(), plan); err != nil {
		w.t.Fatal(err)
	}
	if again := w.plan(opts, groups); !again.Empty() {
		w.t.Fatalf("a second plan is not empty:\n%s", again)
	}
	return plan
}

// writes counts what was written to Kubernetes and EKS.
func (w *world) writes() int {
	n := len(w.kube.Writes())
	for _, op := range []string{"CreateAccessEntry", "UpdateAccessEntry", "DeleteAccessEntry"} {
		n += w.cloud.Calls(op)
	}
	return n
}

// entries are the access entries as lines: role, username, groups.
func (w *world) entries() string {
	var b strings.Builder
	for _, e := range w.cloud.Entries(clusterName) {
		fmt.Fprintf(&b, "%s %s %v\n", strings.TrimPrefix(e.Principal, role("")), e.Username, e.Groups)
	}
	return b.String()
}

// may asks the cluster whether a member of groups may do something.
func may(t *testing.T, client kubernetes.Interface, groups []string, verb, group, resource string) bool {
	t.Helper()
	resource, sub, _ := strings.Cut(resource, "/")
	review, err := client.AuthorizationV1().SubjectAccessReviews().Create(t.Context(), &authorizationv1.SubjectAccessReview{
		Spec: authorizationv1.SubjectAccessReviewSpec{
			User: "somebody", Groups: groups,
			ResourceAttributes: &authorizationv1.ResourceAttributes{Namespace: "default", Verb: verb, Group: group, Resource: resource, Subresource: sub},
		},
	}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return review.Status.Allowed
}
