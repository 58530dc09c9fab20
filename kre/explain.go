package kre

import (
	"context"
	"errors"
	"fmt"
	"net"
	"regexp"
	"strings"
	"syscall"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
)

// forbidden is how an API server words a 403. Source: ForbiddenStatusError and
// forbiddenMessage of k8s.io/apiserver/pkg/endpoints/handlers/responsewriters.
var forbidden = regexp.MustCompile(`is forbidden: User "([^"]*)" cannot (\S+) resource "([^"]*)" in API group "([^"]*)"(?: in the namespace "([^"]*)"| at the cluster scope)?`)

// explain gives an error of the cluster a sentence of its own. Helm hands some on
// as text alone, so the text counts too.
func explain(err error) error {
	if err == nil || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	text := err.Error()
	if m := forbidden.FindStringSubmatch(text); m != nil {
		return &ForbiddenError{User: m[1], Verb: m[2], Resource: m[3], Group: m[4], Namespace: m[5], Err: err}
	}
	for _, known := range []struct {
		is  bool
		err error
	}{
		{apierrors.HasStatusCause(err, "NamespaceTerminating") || strings.Contains(text, "because it is being terminated"), ErrTerminating},
		{apierrors.IsForbidden(err), ErrForbidden},
		{apierrors.IsUnauthorized(err) || strings.Contains(text, "the server has asked for the client to provide credentials"), ErrCredentials},
		{unreachable(err, text), ErrUnreachable},
	} {
		if known.is && !errors.Is(err, known.err) {
			return fmt.Errorf("%w: %w", known.err, err)
		}
	}
	return err
}

// unreachable reports whether a request got no answer.
func unreachable(err error, text string) bool {
	var network net.Error
	if errors.As(err, &network) || errors.Is(err, syscall.ECONNREFUSED) {
		return true
	}
	for _, sign := range []string{"connection refused", "no such host", "i/o timeout", "TLS handshake timeout", "no route to host"} {
		if strings.Contains(text, sign) {
			return true
		}
	}
	return false
}
