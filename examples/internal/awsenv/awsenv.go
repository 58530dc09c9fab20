// Package awsenv connects the mains to AWS as the AWS CLI does: by the variables and
// files of the environment. AWS_ENDPOINT_URL stands for another one, such as awslocal.
//
//	cfg, err := awsenv.Load(ctx)
//	client := ecs.NewFromConfig(cfg)
//
// It asks nobody anything: whether the credentials are good is found by their first use.
package awsenv

import (
	"context"
	"fmt"
	"io"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// Load reads the environment.
func Load(ctx context.Context) (aws.Config, error) {
	cfg, err := config.LoadDefaultConfig(ctx)
	if err != nil {
		return aws.Config{}, fmt.Errorf("configure AWS: %w", err)
	}
	cfg.APIOptions = append(cfg.APIOptions, Plain)
	return cfg, nil
}

// Plain lets requests be sent by Read alone, for the APIOptions of an [aws.Config].
//
// The SDK closes the body of a request as soon as it is answered. Where net/http is
// just about to see whether that body has more to send, which a server on the same
// machine is quick enough for, a body that has WriteTo says io.EOF as an error, and
// not as an end. net/http then takes the request as failed and closes the connection,
// and the answer is lost: the SDK warns "failed to discard remaining HTTP response
// body", or waits and asks once more for what may have been done already. Source:
// smithy-go v1.28.8, transport/http/internal/io, safeWriteToReadCloser.
func Plain(stack *middleware.Stack) error {
	return stack.Build.Add(middleware.BuildMiddlewareFunc("PlainBody", func(
		ctx context.Context, in middleware.BuildInput, next middleware.BuildHandler,
	) (out middleware.BuildOutput, metadata middleware.Metadata, err error) {
		if request, ok := in.Request.(*smithyhttp.Request); ok {
			if body, ok := request.GetStream().(io.ReadSeeker); ok {
				if request, err = request.SetStream(struct{ io.ReadSeeker }{body}); err != nil {
					return out, metadata, fmt.Errorf("prepare body: %w", err)
				}
				in.Request = request
			}
		}
		return next.HandleBuild(ctx, in)
	}), middleware.After)
}
