// Package eks connects to Amazon EKS clusters.
//
// [Describe] reads a cluster, [Tokens] lets a client in and keeps it in, and [Config]
// makes of both what client-go and helm take:
//
//	cluster, err := eks.Describe(ctx, awseks.NewFromConfig(cfg), "mettel-automation-kre-dev")
//	if err != nil { ... }
//	tokens := eks.NewTokens(sts.NewPresignClient(sts.NewFromConfig(cfg)), cluster.Name, eks.TokenOptions{})
//	client, err := kubernetes.NewForConfig(eks.Config(cluster, tokens, eks.ConfigOptions{}))
//
// A token is valid for 15 minutes, and deployments wait longer: tokens are made anew in
// good time, also where the API server has refused one. [Kubeconfig] writes what kubectl
// needs, without a token in it.
//
// It neither makes nor changes clusters: package infra has a template for them, eks/access
// says who may do what in one, and eks/keys keeps their secrets. Package eks/ekstest is an
// EKS in memory for tests, eks/eksmock has mocks.
package eks

import (
	"context"

	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	awseks "github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

//go:generate go tool mockgen -source=eks.go -destination=eksmock/eksmock.go -package=eksmock -write_package_comment=false

// Clusters is what describing a cluster needs of an [awseks.Client].
type Clusters interface {
	DescribeCluster(context.Context, *awseks.DescribeClusterInput, ...func(*awseks.Options)) (*awseks.DescribeClusterOutput, error)
}

// Presigner is what making tokens needs of an [sts.PresignClient]. It signs a request
// and sends none.
type Presigner interface {
	PresignGetCallerIdentity(context.Context, *sts.GetCallerIdentityInput, ...func(*sts.PresignOptions)) (*v4.PresignedHTTPRequest, error)
}
