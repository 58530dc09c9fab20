package localcloud

import (
	"bytes"
	"cmp"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"github.com/mettel-automation/delivery/examples/internal/localcloud/s3test"
	"github.com/mettel-automation/delivery/internal/double"
)

// formType is the content type of the query protocol.
const formType = "application/x-www-form-urlencoded"

// maxForm bounds a request of the query protocol: a template in one has at most
// 51,200 bytes.
const maxForm = 4 << 20

// ServeHTTP answers one request, on one address for all services, so that other
// programs can share the account by AWS_ENDPOINT_URL:
//
//   - a signed request is for the service of its signature, which nobody checks; one
//     that is not signed for the one whose protocol it speaks;
//   - /v2/ is the registry of ECR, for docker and other clients;
//   - /papertrail/api/v1/ is Papertrail;
//   - /_ping, /build and /images/ are a Docker Engine, for DOCKER_HOST=tcp://...;
//   - /_leftovers and /_actions are [Cloud.Leftovers] and [Cloud.Actions], a line each.
func (c *Cloud) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c.stacks.Stack("") // what stacks have made meanwhile is there
	service := signedFor(r)
	if service == "" {
		if c.serveElse(w, r) {
			return
		}
		service = spoken(r)
	}
	action, fault := operation(w, service, r)
	if fault != nil {
		refuse(w, r, service, fault)
		return
	}
	if service == "" {
		service, _, _ = strings.Cut(action, ":")
	}
	c.count(actions(service, action, r)...)
	switch service {
	case "cloudformation":
		c.stacks.ServeHTTP(w, r)
	case "ecs", "servicediscovery", "logs", "elasticloadbalancing":
		c.containers.ServeHTTP(w, r)
	case "ecr":
		c.images.ServeHTTP(w, r)
	case "s3":
		c.objects.ServeHTTP(w, r)
	case "sts":
		c.serveIdentity(w, r, action)
	default:
		refuse(w, r, service, notThere(action))
	}
}

// serveElse answers what is not AWS's, and the registry. It reports whether it did.
func (c *Cloud) serveElse(w http.ResponseWriter, r *http.Request) bool {
	path := r.URL.Path
	switch {
	case path == "/v2", strings.HasPrefix(path, "/v2/"):
		c.count(pulled(r)...)
		c.images.ServeHTTP(w, r)
	case strings.HasPrefix(path, "/papertrail/"):
		c.papertrail.ServeHTTP(w, r)
	case path == "/_leftovers" && r.Method == http.MethodGet:
		writeLines(w, c.Leftovers())
	case path == "/_actions" && r.Method == http.MethodGet:
		writeLines(w, c.Actions())
	default:
		return c.serveEngine(w, r)
	}
	return true
}

func writeLines(w http.ResponseWriter, lines []string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	for _, line := range lines {
		fmt.Fprintln(w, line)
	}
}

// scope is the credential scope of a signature: key, date, region and service.
// Source: AWS General Reference, "Signature Version 4 request elements".
var scope = regexp.MustCompile(`(?:^|[ =])[^/ ]+/\d{8}/[^/]*/([a-z0-9-]+)/aws4_request`)

// signedFor is the service for which r is signed; "" where it is not.
func signedFor(r *http.Request) string {
	for _, text := range []string{r.Header.Get("Authorization"), r.URL.Query().Get("X-Amz-Credential")} {
		if found := scope.FindStringSubmatch(text); found != nil {
			return found[1]
		}
	}
	return ""
}

// spoken is the service whose protocol a request without signature speaks. "" is
// one of the query protocol, whose version tells it.
func spoken(r *http.Request) string {
	target, _, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
	for service, prefix := range targets() {
		if prefix == target {
			return service
		}
	}
	switch {
	case target != "":
		return strings.ToLower(target)
	case isForm(r):
		return ""
	}
	return "s3"
}

// isForm reports whether r speaks the query protocol: in its body, or in its address.
func isForm(r *http.Request) bool {
	return strings.HasPrefix(r.Header.Get("Content-Type"), formType) || r.URL.Query().Has("Action")
}

// inCBOR finds the operation of a request in the protocol of AWS that is CBOR. Source:
// Smithy 2.0, "Smithy RPC v2 CBOR protocol".
var inCBOR = regexp.MustCompile(`^/service/[^/]+/operation/([^/]+)$`)

// operation is what r asks for, as "ecs:CreateService". It leaves the body to be
// read once more.
func operation(w http.ResponseWriter, service string, r *http.Request) (action string, fault *double.Error) {
	if target := r.Header.Get("X-Amz-Target"); target != "" {
		return service + ":" + target[strings.LastIndexByte(target, '.')+1:], nil
	}
	if service == "s3" {
		return "s3:" + s3test.Operation(r), nil
	}
	if found := inCBOR.FindStringSubmatch(r.URL.Path); found != nil {
		return service + ":" + found[1], nil
	}
	if !isForm(r) {
		return service + ":" + r.Method + " " + r.URL.Path, nil
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxForm))
	if err != nil {
		return "", &double.Error{Status: http.StatusRequestEntityTooLarge, Code: "RequestEntityTooLarge", Message: "read request: " + err.Error()}
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	form, err := url.ParseQuery(cmp.Or(string(body), r.URL.RawQuery))
	if err != nil {
		return "", &double.Error{Code: "MalformedQueryString", Message: "read request: " + err.Error()}
	}
	if service == "" {
		service = versions()[form.Get("Version")]
	}
	return service + ":" + form.Get("Action"), nil
}

// versions tell the services of the query protocol apart, which all name theirs.
func versions() map[string]string {
	return map[string]string{
		"2010-05-15": "cloudformation", "2015-12-01": "elasticloadbalancing", "2011-06-15": "sts", "2010-05-08": "iam",
	}
}

// serveIdentity answers as STS does.
func (c *Cloud) serveIdentity(w http.ResponseWriter, r *http.Request, action string) {
	if action != "sts:GetCallerIdentity" {
		refuse(w, r, "sts", notThere(action))
		return
	}
	var answer struct {
		XMLName xml.Name `xml:"https://sts.amazonaws.com/doc/2011-06-15/ GetCallerIdentityResponse"`
		ARN     string   `xml:"GetCallerIdentityResult>Arn"`
		User    string   `xml:"GetCallerIdentityResult>UserId"`
		Account string   `xml:"GetCallerIdentityResult>Account"`
		Request string   `xml:"ResponseMetadata>RequestId"`
	}
	answer.ARN, answer.User = "arn:aws:iam::"+Account+":user/local", "AIDALOCAL"
	answer.Account, answer.Request = Account, "00000000-0000-4000-8000-000000000000"
	answerXML(w, http.StatusOK, answer)
}
