package eks

import (
	"context"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws/arn"
	awseks "github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/eks/types"

	"github.com/mettel-automation/delivery/internal/clean"
	"github.com/mettel-automation/delivery/internal/ptr"
)

// Cluster is what a client of a cluster must know of it. None of it is secret.
type Cluster struct {
	Name    string              `json:"name"`
	ARN     string              `json:"arn"`
	Account string              `json:"account"`
	Region  string              `json:"region"`
	Version string              `json:"version"` // of Kubernetes, such as "1.35"
	Status  types.ClusterStatus `json:"status"`

	Endpoint string `json:"endpoint"` // address of the API server
	CA       []byte `json:"ca"`       // certificates of its authority, as PEM
	// OIDCIssuer is whom the roles of service accounts trust; "" where there is none.
	OIDCIssuer string `json:"oidcIssuer,omitempty"`
	// AuthenticationMode says who decides whom the cluster lets in: its access entries,
	// its aws-auth ConfigMap, or both. A cluster that says nothing has CONFIG_MAP.
	AuthenticationMode types.AuthenticationMode `json:"authenticationMode"`
	Access             EndpointAccess           `json:"access"`
}

// EndpointAccess says from where the API server can be reached.
type EndpointAccess struct {
	Public  bool     `json:"public"`          // from the internet, as far as CIDRs allow
	Private bool     `json:"private"`         // from within its VPC
	CIDRs   []string `json:"cidrs,omitempty"` // that may use the public endpoint
}

// Describe reads a cluster.
//
// A cluster that does not exist is [ErrNotFound]; one that is being made or deleted, or
// has failed, is [ErrNotReady]; one that is being updated serves on. Credentials that are
// over are [ErrCredentials], and what they may not do is [ErrDenied].
func Describe(ctx context.Context, api Clusters, name string) (Cluster, error) {
	fail := func(err error) (Cluster, error) {
		return Cluster{}, fmt.Errorf("describe cluster %s: %w", clean.Text(name), err)
	}
	if name == "" {
		return Cluster{}, errors.New("describe cluster: its name is empty")
	}
	out, err := api.DescribeCluster(ctx, &awseks.DescribeClusterInput{Name: &name})
	switch {
	case err != nil:
		return fail(explain(ctx, err))
	case out == nil || out.Cluster == nil:
		return fail(errors.New("the answer has no cluster"))
	}
	if err := ready(out.Cluster); err != nil {
		return fail(err)
	}
	c, err := newCluster(out.Cluster)
	if err != nil {
		return fail(err)
	}
	return c, nil
}

// ready says why a cluster cannot be used, and what can be done.
func ready(c *types.Cluster) error {
	switch c.Status {
	case types.ClusterStatusActive, types.ClusterStatusUpdating:
		return nil
	case types.ClusterStatusCreating:
		return fmt.Errorf("%w: it is being created, which takes some ten minutes: wait for `aws eks wait cluster-active`, then run again", ErrNotReady)
	case types.ClusterStatusDeleting:
		return fmt.Errorf("%w: it is being deleted", ErrNotReady)
	case types.ClusterStatusPending:
		return fmt.Errorf("%w: it is registered and not connected", ErrNotReady)
	case types.ClusterStatusFailed:
		return fmt.Errorf("%w: its creation has failed%s: delete it and create it again", ErrNotReady, issues(c.Health))
	}
	return fmt.Errorf("%w: its status is %s", ErrNotReady, clean.Text(string(c.Status)))
}

// issues are the reasons that EKS gives, in parentheses.
func issues(health *types.ClusterHealth) string {
	if health == nil || len(health.Issues) == 0 {
		return ""
	}
	texts := make([]string, len(health.Issues))
	for i, issue := range health.Issues {
		texts[i] = strings.TrimSuffix(strings.TrimSpace(string(issue.Code)+" "+ptr.Value(issue.Message)), ".")
	}
	return " (" + clean.Text(strings.Join(texts, "; ")) + ")"
}

func newCluster(in *types.Cluster) (Cluster, error) {
	c := Cluster{
		Name: ptr.Value(in.Name), ARN: ptr.Value(in.Arn), Version: ptr.Value(in.Version), Status: in.Status,
		Endpoint: ptr.Value(in.Endpoint), AuthenticationMode: types.AuthenticationModeConfigMap,
	}
	id, err := arn.Parse(c.ARN)
	if err != nil {
		return Cluster{}, fmt.Errorf("its ARN %q is none: %w", c.ARN, err)
	}
	c.Account, c.Region = id.AccountID, id.Region
	if u, err := url.Parse(c.Endpoint); c.Endpoint == "" {
		return Cluster{}, fmt.Errorf("%w: it has no endpoint", ErrNotReady)
	} else if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return Cluster{}, fmt.Errorf("its endpoint %q is no https address", c.Endpoint)
	}
	if in.CertificateAuthority != nil {
		c.CA, err = authority(ptr.Value(in.CertificateAuthority.Data))
	}
	switch {
	case err != nil:
		return Cluster{}, fmt.Errorf("its certificate authority: %w", err)
	case len(c.CA) == 0:
		return Cluster{}, fmt.Errorf("%w: it has no certificate authority", ErrNotReady)
	}
	if in.Identity != nil && in.Identity.Oidc != nil {
		c.OIDCIssuer = ptr.Value(in.Identity.Oidc.Issuer)
	}
	if in.AccessConfig != nil && in.AccessConfig.AuthenticationMode != "" {
		c.AuthenticationMode = in.AccessConfig.AuthenticationMode
	}
	if vpc := in.ResourcesVpcConfig; vpc != nil {
		c.Access = EndpointAccess{Public: vpc.EndpointPublicAccess, Private: vpc.EndpointPrivateAccess, CIDRs: vpc.PublicAccessCidrs}
	}
	return c, nil
}

// authority decodes certificates, of which there must be at least one, and nothing else.
func authority(data string) ([]byte, error) {
	text, err := base64.StdEncoding.DecodeString(data)
	if err != nil {
		return nil, fmt.Errorf("its data is no base64: %w", err)
	}
	if err := checkPEM(text); err != nil {
		return nil, err
	}
	return text, nil
}

func checkPEM(text []byte) error {
	found := 0
	for rest := text; ; found++ {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			break
		}
		if block.Type != "CERTIFICATE" {
			return fmt.Errorf("there is a %s where only certificates may be", clean.Text(block.Type))
		}
		if _, err := x509.ParseCertificate(block.Bytes); err != nil {
			return fmt.Errorf("certificate %d: %w", found+1, err)
		}
	}
	if found == 0 && len(text) > 0 {
		return errors.New("its data is no PEM certificate")
	}
	return nil
}
