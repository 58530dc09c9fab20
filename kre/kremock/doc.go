// Package kremock has gomock mocks of the interfaces of package kre, made by
// mockgen, for tests of who waits for what:
//
//	waiter := kremock.NewMockWaiter(gomock.NewController(t))
//	waiter.EXPECT().Wait(gomock.Any(), gomock.Any()).Return(nil)
//	engine, err := kre.New(config, kre.Options{Waiter: func(kre.Cluster, func(string) string) kre.Waiter { return waiter }})
//
// It has no behaviour of its own. A cluster that releases can be installed into, in
// memory, is package eks/kubetest.
package kremock
