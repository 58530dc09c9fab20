package ekstest

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/eks/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

// identity is whose access key it is.
type identity struct {
	principal string
	keys      aws.Credentials
}

// Presigner returns a real SDK presigner with credentials of an IAM user or role, whose
// ARN need not be known to the Cloud before. It makes no request.
func (c *Cloud) Presigner(principal string) *sts.PresignClient {
	return sts.NewPresignClient(sts.New(sts.Options{Region: Region, Credentials: c.Credentials(principal)}))
}

// Credentials returns the access key of an IAM user or role in the Cloud's account.
func (c *Cloud) Credentials(principal string) aws.CredentialsProvider {
	h := fmt.Sprintf("%X", sha256.Sum256([]byte(principal)))
	id := identity{principal: principal, keys: aws.Credentials{AccessKeyID: "AKIA" + h[:16], SecretAccessKey: h[16:56]}}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.keys[id.keys.AccessKeyID] = id
	return credentials.StaticCredentialsProvider{Value: id.keys}
}

// User is who has called the API server, as Kubernetes sees it.
type User struct {
	Name      string
	Groups    []string
	Principal string // ARN
	Policies  []string
}

// ErrUnauthorized is the error of a token for which an API server answers 401.
var ErrUnauthorized = errors.New("unauthorized")

// tokenAge is how long a token is valid, whatever its X-Amz-Expires says.
// Source: aws-iam-authenticator, pkg/token, presignedURLExpiration.
const tokenAge = 15 * time.Minute

// sessionName is that of every assumed role.
const sessionName = "session"

// Authenticate says whom a bearer token lets into a cluster, as its authenticator does:
// the token must be a GetCallerIdentity request for this cluster, be signed with an
// access key of the Cloud at most 15 minutes ago, and its principal must have an access
// entry. All else is ErrUnauthorized with the reason, which a real API server does not
// tell. The token is in no error.
func (c *Cloud) Authenticate(ctx context.Context, clusterName, token string) (User, error) {
	defer c.present()()
	principal, err := c.verify(ctx, clusterName, token, time.Now())
	if err != nil {
		return User{}, fmt.Errorf("%w: %w", ErrUnauthorized, err)
	}
	cl := c.clusters[clusterName]
	if cl == nil {
		return User{}, fmt.Errorf("%w: no cluster %s", ErrUnauthorized, clusterName)
	}
	e := cl.entries[principal]
	if e == nil || cl.AccessConfig.AuthenticationMode == types.AuthenticationModeConfigMap {
		return User{}, fmt.Errorf("%w: %s has no access entry", ErrUnauthorized, principal)
	}
	user := User{Principal: principal, Name: strings.ReplaceAll(*e.Username, "{{SessionName}}", sessionName), Groups: slices.Clone(e.KubernetesGroups)}
	for policy := range e.policies {
		user.Policies = append(user.Policies, policy)
	}
	slices.Sort(user.Policies)
	return user, nil
}

// verify returns the principal that has signed a token.
// Source: aws-iam-authenticator, pkg/token, tokenVerifier.Verify.
func (c *Cloud) verify(ctx context.Context, clusterName, token string, now time.Time) (principal string, err error) {
	encoded, ok := strings.CutPrefix(token, "k8s-aws-v1.")
	if !ok || len(token) > 4096 {
		return "", errors.New(`token is missing expected "k8s-aws-v1." prefix, or is too long`)
	}
	raw, err := base64.RawURLEncoding.DecodeString(encoded)
	if err != nil {
		return "", errors.New("token is no base64")
	}
	u, err := url.Parse(string(raw))
	if err != nil {
		return "", errors.New("token holds no address")
	}
	q := u.Query()
	switch signed := strings.Split(q.Get("X-Amz-SignedHeaders"), ";"); {
	case u.Scheme != "https" || u.Host != "sts."+Region+".amazonaws.com" || u.Path != "/":
		return "", fmt.Errorf("unexpected address %s://%s%s in pre-signed URL", u.Scheme, u.Host, u.Path)
	case q.Get("Action") != "GetCallerIdentity":
		return "", errors.New("unexpected action parameter in pre-signed URL")
	case !slices.Contains(signed, "x-k8s-aws-id"):
		return "", errors.New("client did not sign the x-k8s-aws-id header in the pre-signed URL")
	case q.Get("X-Amz-Expires") != "60":
		return "", errors.New("unexpected X-Amz-Expires parameter in pre-signed URL")
	}
	date, err := time.Parse("20060102T150405Z", q.Get("X-Amz-Date"))
	switch {
	case err != nil:
		return "", errors.New("error parsing X-Amz-Date parameter")
	case now.After(date.Add(tokenAge)):
		return "", errors.New("X-Amz-Date parameter is expired (15 minute expiration)")
	}
	key, _, _ := strings.Cut(q.Get("X-Amz-Credential"), "/")
	id, known := c.keys[key]
	if !known {
		return "", errors.New("the security token included in the request is invalid")
	}
	return id.principal, id.check(ctx, u, clusterName, date)
}

// check signs the request of a token again, for this cluster, and compares.
func (id identity) check(ctx context.Context, u *url.URL, clusterName string, date time.Time) error {
	q := u.Query()
	want := q.Get("X-Amz-Signature")
	for _, name := range []string{"Algorithm", "Credential", "Date", "SignedHeaders", "Signature", "Security-Token"} {
		q.Del("X-Amz-" + name)
	}
	again := *u
	again.RawQuery = q.Encode()
	r := &http.Request{Method: http.MethodGet, URL: &again, Host: u.Host, Header: http.Header{"X-K8s-Aws-Id": {clusterName}}}
	signed, _, err := v4.NewSigner().PresignHTTP(ctx, id.keys, r, emptyHash, "sts", Region, date)
	if err != nil {
		return errors.New("the request cannot be signed")
	}
	if got, err := url.Parse(signed); err != nil || got.Query().Get("X-Amz-Signature") != want {
		return errors.New("the signature does not match that of the request for this cluster")
	}
	return nil
}

// emptyHash is the SHA-256 of nothing.
const emptyHash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

// nobody is the certificate of an authority whose key is thrown away.
const nobody = `-----BEGIN CERTIFICATE-----
MIIBXDCCAQOgAwIBAgIBATAKBggqhkjOPQQDAjAVMRMwEQYDVQQDEwprdWJlcm5l
dGVzMCAXDTk5MDEwMTAwMDAwMFoYDzIwOTkwMTAxMDAwMDAwWjAVMRMwEQYDVQQD
EwprdWJlcm5ldGVzMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE6Ix/6EDQB6Kn
JDB3R7iTCRhzL28iqOgpXDEQer1vgo+yR+mabwtbIqvrOSELXNJQ9KqoTGdX8hm8
5R92NilKBaNCMEAwDgYDVR0PAQH/BAQDAgIEMA8GA1UdEwEB/wQFMAMBAf8wHQYD
VR0OBBYEFLVDSvHcUY5z/oZmpff0Ke1FOYWXMAoGCCqGSM49BAMCA0cAMEQCIDna
jKtD9E6MDNS08NYQPRCnoDRJuIHTZ75TiF6KVvTyAiBobEa6FDhzmkVpRJRsWtt2
vCPMvPuLW4cxaFJR1fnt2Q==
-----END CERTIFICATE-----
`
