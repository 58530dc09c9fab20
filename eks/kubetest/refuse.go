package kubetest

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"strings"
	"syscall"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// Match says which requests a failure is for. An empty field fits every request.
type Match struct {
	Verb      string // "create"; "write" is every verb that changes something
	Resource  string // as "deployments.apps", "pods" or "pods/eviction"
	Namespace string
	Name      string
	Skip      int // how many requests that fit are let through first
	Times     int // how many fail after those; 0 is all
}

// rule is a Match with what it does.
type rule struct {
	Match
	after bool
	err   error
	seen  int
}

// Fail lets requests fail before they take effect. Err is what the server
// answers, such as [Unauthorized], or what the transport returns, such as
// [Refused]. Rules apply in the order in which they were given; the first that
// fits decides.
func (c *Cluster) Fail(m Match, err error) { c.rule(rule{Match: m, err: err}) }

// FailAfter lets requests fail after they have taken effect: the answer is lost.
func (c *Cluster) FailAfter(m Match, err error) { c.rule(rule{Match: m, err: err, after: true}) }

func (c *Cluster) rule(r rule) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.rules = append(c.rules, &r)
}

// refusal is how a request fails, before or after its effect; nil is not at all.
func (c *Cluster) refusal(r Request, after bool) error {
	hook := c.opts.Before
	if after {
		hook = c.opts.After
	}
	if hook != nil {
		if err := hook(r); err != nil {
			return err
		}
	}
	for _, rule := range c.rules {
		if rule.after != after || !rule.fits(r) {
			continue
		}
		rule.seen++
		if n := rule.seen - rule.Skip; n > 0 && (rule.Times == 0 || n <= rule.Times) {
			return rule.err
		}
	}
	return nil
}

func (m Match) fits(r Request) bool {
	resource := schema.GroupResource{Group: r.Group, Resource: r.Resource}.String()
	if strings.Contains(m.Resource, "/") && r.Subresource != "" {
		resource += "/" + r.Subresource
	}
	verb := m.Verb == "" || m.Verb == r.Verb || (m.Verb == "write" && r.Write())
	return verb && (m.Resource == "" || m.Resource == resource) &&
		(m.Namespace == "" || m.Namespace == r.Namespace) && (m.Name == "" || m.Name == r.Name)
}

// ErrHang lets a request hang until its context ends.
var ErrHang = errors.New("no answer")

// Unauthorized is what the server answers to an expired token.
func Unauthorized() error { return apierrors.NewUnauthorized("Unauthorized") }

// TooManyRequests is what the server answers when it is overloaded; the client
// is to wait for so many seconds.
func TooManyRequests(retryAfter int) error {
	err := apierrors.NewTooManyRequests("Too many requests, please try again later.", retryAfter)
	return err
}

// InternalError is a fault of the server.
func InternalError() error {
	return apierrors.NewInternalError(errors.New("etcdserver: request timed out"))
}

// Unavailable is what the server answers while it starts or stops.
func Unavailable() error {
	return &apierrors.StatusError{ErrStatus: metav1.Status{
		Status: metav1.StatusFailure, Code: http.StatusServiceUnavailable, Reason: metav1.StatusReasonServiceUnavailable,
		Message: "apiserver not ready",
	}}
}

// Conflict is what the server answers to an update that came too late.
func Conflict(resource, name string) error {
	return apierrors.NewConflict(schema.ParseGroupResource(resource), name,
		errors.New("the object has been modified; please apply your changes to the latest version and try again"))
}

// Refused is what the transport returns when nothing listens.
func Refused() error {
	return &net.OpError{Op: "dial", Net: "tcp", Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}
}

// Reset is what the transport returns when the connection breaks.
func Reset() error {
	return &net.OpError{Op: "read", Net: "tcp", Err: os.NewSyscallError("read", syscall.ECONNRESET)}
}

// UnknownHost is what the transport returns when the name of the server cannot be resolved.
func UnknownHost() error {
	return &net.OpError{Op: "dial", Net: "tcp", Err: &net.DNSError{Err: "no such host", Name: strings.TrimPrefix(Host, "https://"), IsNotFound: true}}
}

// hung waits for the end of a request that gets no answer.
func hung(r *http.Request) error {
	<-r.Context().Done()
	return fmt.Errorf("%w: %w", ErrHang, r.Context().Err())
}
