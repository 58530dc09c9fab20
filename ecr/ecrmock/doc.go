// Package ecrmock has gomock mocks of the interfaces that package ecr uses of the
// AWS API, made by mockgen, for tests of one call or a few:
//
//	api := ecrmock.NewMockAPI(gomock.NewController(t))
//	api.EXPECT().DescribeRepositories(gomock.Any(), gomock.Any()).Return(nil, err)
//	_, err := ecr.New(api, ecr.Options{}).Plan(ctx, images)
//
// It has no behaviour of its own. Publishing makes several calls that depend on
// one another: for these see package ecr/ecrtest, which behaves like ECR.
package ecrmock
