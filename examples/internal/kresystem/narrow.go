package kresystem

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
)

// A client of the SDK has a method for each operation of its service, more than a hundred
// in IAM and Systems Manager. A program that links text/template, as helm does, keeps
// every method of what it puts into an interface. These have those that are used here,
// which makes a main that is built with CGO_ENABLED=0 some 8 MB smaller. (With cgo,
// package plugin, which kustomize imports, keeps all of everything.)

// accessKeys is an eks/keys.AccessKeys.
type accessKeys struct {
	list     operation[iam.ListAccessKeysInput, iam.Options, iam.ListAccessKeysOutput]
	lastUsed operation[iam.GetAccessKeyLastUsedInput, iam.Options, iam.GetAccessKeyLastUsedOutput]
	create   operation[iam.CreateAccessKeyInput, iam.Options, iam.CreateAccessKeyOutput]
	update   operation[iam.UpdateAccessKeyInput, iam.Options, iam.UpdateAccessKeyOutput]
	remove   operation[iam.DeleteAccessKeyInput, iam.Options, iam.DeleteAccessKeyOutput]
}

// operation is a method of a client.
type operation[In, Opts, Out any] func(context.Context, *In, ...func(*Opts)) (*Out, error)

func newAccessKeys(c *iam.Client) accessKeys {
	return accessKeys{c.ListAccessKeys, c.GetAccessKeyLastUsed, c.CreateAccessKey, c.UpdateAccessKey, c.DeleteAccessKey}
}

func (a accessKeys) ListAccessKeys(ctx context.Context, in *iam.ListAccessKeysInput, o ...func(*iam.Options)) (*iam.ListAccessKeysOutput, error) {
	return a.list(ctx, in, o...)
}

func (a accessKeys) GetAccessKeyLastUsed(ctx context.Context, in *iam.GetAccessKeyLastUsedInput, o ...func(*iam.Options)) (*iam.GetAccessKeyLastUsedOutput, error) {
	return a.lastUsed(ctx, in, o...)
}

func (a accessKeys) CreateAccessKey(ctx context.Context, in *iam.CreateAccessKeyInput, o ...func(*iam.Options)) (*iam.CreateAccessKeyOutput, error) {
	return a.create(ctx, in, o...)
}

func (a accessKeys) UpdateAccessKey(ctx context.Context, in *iam.UpdateAccessKeyInput, o ...func(*iam.Options)) (*iam.UpdateAccessKeyOutput, error) {
	return a.update(ctx, in, o...)
}

func (a accessKeys) DeleteAccessKey(ctx context.Context, in *iam.DeleteAccessKeyInput, o ...func(*iam.Options)) (*iam.DeleteAccessKeyOutput, error) {
	return a.remove(ctx, in, o...)
}

// parameters is an eks/keys.Parameters.
type parameters operation[ssm.GetParameterInput, ssm.Options, ssm.GetParameterOutput]

func (p parameters) GetParameter(ctx context.Context, in *ssm.GetParameterInput, o ...func(*ssm.Options)) (*ssm.GetParameterOutput, error) {
	return p(ctx, in, o...)
}
