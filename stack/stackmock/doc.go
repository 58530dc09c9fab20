// Package stackmock has gomock mocks of the interfaces of package stack, made by
// mockgen, for tests of one call or a few:
//
//	api := stackmock.NewMockAPI(gomock.NewController(t))
//	api.EXPECT().DescribeStacks(gomock.Any(), gomock.Any()).Return(nil, err)
//	_, err := stack.New(api, stack.Options{}).Outputs(ctx, "demo")
//
// It has no behaviour of its own. Planning and applying make many calls that
// depend on one another: for these see package stack/stacktest, which behaves
// like CloudFormation.
package stackmock
