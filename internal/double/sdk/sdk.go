// Package sdk lets the clients of the AWS SDK end in a service in memory.
package sdk

import (
	"net/http"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
)

// Config is what the NewFromConfig of a client takes for its requests to end in
// transport. Its credentials are nobody's, and it reads no environment.
func Config(region string, transport http.RoundTripper) aws.Config {
	return aws.Config{
		Region:      region,
		Credentials: credentials.NewStaticCredentialsProvider("test", "test", ""),
		HTTPClient:  &http.Client{Transport: transport},
	}
}
