// Package eksmock has gomock mocks of the interfaces of package eks, made by mockgen,
// for tests of one call or a few:
//
//	api := eksmock.NewMockClusters(gomock.NewController(t))
//	api.EXPECT().DescribeCluster(gomock.Any(), gomock.Any()).Return(nil, err)
//	_, err := eks.Describe(ctx, api, "demo")
//
// It has no behaviour of its own. For clusters that become ready, tokens that are checked
// and access entries see package eks/ekstest, which behaves like EKS.
package eksmock
