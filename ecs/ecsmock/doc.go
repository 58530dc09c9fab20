// Package ecsmock has gomock mocks of the interfaces of package ecs, made by
// mockgen, for tests of one call or a few:
//
//	api := ecsmock.NewMockAPI(gomock.NewController(t))
//	api.EXPECT().DescribeServices(gomock.Any(), gomock.Any()).Return(nil, err)
//	_, err := ecs.New(api, ecs.Options{Cluster: "demo"}).Plan(ctx, services)
//
// It has no behaviour of its own. A rollout makes dozens of calls that depend on
// one another: for these see package ecs/ecstest, which behaves like ECS.
package ecsmock
