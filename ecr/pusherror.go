package ecr

import (
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
	"syscall"

	"github.com/mettel-automation/delivery/ecr/internal/stream"
	"github.com/mettel-automation/delivery/internal/clean"
)

// PushKind says what kind of failure ended a push.
type PushKind string

// The kinds of failures of a push.
const (
	TagExists      PushKind = "tag exists"      // the tag is immutable, and taken
	NoRepository   PushKind = "no repository"   // there is no such repository
	Auth           PushKind = "not logged in"   // credentials are missing, wrong or expired, also new ones
	Denied         PushKind = "denied"          // the role may not push
	Throttled      PushKind = "throttled"       // the registry had enough of us, for minutes
	ConnectionLost PushKind = "connection lost" // the registry cannot be reached, or hangs up
	NoSpace        PushKind = "no space"        // the disk of the engine is full
	Canceled       PushKind = "canceled"        // the context has ended
	Fatal          PushKind = "failed"          // anything else
)

// PushError is the failure to push an image.
type PushError struct {
	Ref  string   // host/repository:tag
	Kind PushKind // what one may act on
	Err  error    // what the engine said
	Hint string   // what may help, a sentence; "" where we know nothing better than Err
}

func (e *PushError) Error() string {
	text := fmt.Sprintf("push %s: %s", clean.Text(e.Ref), clean.Text(strings.TrimSpace(e.Err.Error())))
	if e.Hint != "" {
		text = strings.TrimSuffix(text, ".") + "; " + e.Hint
	}
	return text
}

// Unwrap returns what the engine said.
func (e *PushError) Unwrap() error { return e.Err }

// newPushError classifies an error of a push.
func newPushError(ref string, err error) *PushError {
	kind := pushKind(err)
	e := &PushError{Ref: ref, Kind: kind, Err: err, Hint: hint(kind)}
	if lostWithoutReason.MatchString(err.Error()) {
		e.Hint = "a registry that hangs up without a reason often means that the repository does not exist, or that the role may not ecr:InitiateLayerUpload"
	}
	return e
}

// hint is what helps against a kind of failure.
func hint(kind PushKind) string {
	switch kind {
	case TagExists:
		return "push under another tag, or use the image that has it"
	case NoRepository:
		return "create the repository first, in the account and region of the registry"
	case Auth:
		return "a new token was refused as well: check that the credentials are those of the account and region in the name of the registry"
	case Denied:
		return "allow the role ecr:BatchCheckLayerAvailability, ecr:InitiateLayerUpload, ecr:UploadLayerPart, ecr:CompleteLayerUpload and ecr:PutImage, in its own policies and in that of the repository"
	case Throttled:
		return "push fewer images at a time, or have the quota of the registry raised"
	case ConnectionLost:
		return "check that the engine can reach the registry"
	case NoSpace:
		return "free some of the disk of the engine, for example with docker system prune"
	}
	return ""
}

// pushPatterns tell the kinds apart by what engines (20.10 and newer) and
// registries write; there is nothing else in the stream. The first that matches counts.
var pushPatterns = []struct {
	kind PushKind
	text *regexp.Regexp
}{
	{TagExists, regexp.MustCompile(`(?i)tag is immutable|ImageTagAlreadyExists`)},
	{NoSpace, regexp.MustCompile(`(?i)no space left on device|disk quota exceeded`)},
	{Throttled, regexp.MustCompile(`(?i)toomanyrequests|too many requests|rate exceeded|throttl`)},
	// Before those of 403: ECR says denied also where a token is too old.
	{Auth, regexp.MustCompile(`(?i)authorization token has expired|no basic auth credentials|authentication required|missing X-Registry-Auth|incorrect username or password|invalid username/password|unauthorized: (not authorized|incorrect)|\b401 Unauthorized`)},
	{Denied, regexp.MustCompile(`(?i)is not authorized to perform|no (identity|resource)-based policy allows|explicit deny|AccessDenied`)},
	{NoRepository, regexp.MustCompile(`(?i)name unknown|NAME_UNKNOWN|repository .*does not exist|RepositoryNotFound|name invalid`)},
	// The engine cannot read a refusal that is no JSON, and drops its text but for the first letter.
	{Auth, regexp.MustCompile(`(?i)error parsing HTTP 40[13] response|access to the resource is denied|\b403 Forbidden|^denied\b|^unauthorized\b`)},
	{ConnectionLost, regexp.MustCompile(`(?i)\bEOF$|connection reset|broken pipe|timeout|timed out|deadline exceeded|no such host|connection refused|network is unreachable|no route to host|server misbehaving|unexpected HTTP status: 5\d\d|\b50[0234] (Internal|Bad Gateway|Service|Gateway)|use of closed network connection|http2: |server closed idle connection`)},
}

// lostWithoutReason is all that an engine says after its own five attempts where
// the registry hangs up.
var lostWithoutReason = regexp.MustCompile(`(^|: )EOF$`)

func pushKind(err error) PushKind {
	if _, ours := errors.AsType[*credentialsError](err); ours {
		return Fatal // it has been retried by who knows it
	}
	if _, told := errors.AsType[*stream.Error](err); !told && lostEngine(err) {
		return ConnectionLost
	}
	for _, p := range pushPatterns {
		if p.text.MatchString(err.Error()) {
			return p.kind
		}
	}
	return Fatal
}

// lostEngine reports whether the answer of the engine itself broke off.
func lostEngine(err error) bool {
	return errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) ||
		errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE)
}
