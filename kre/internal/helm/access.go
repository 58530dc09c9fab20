package helm

import (
	"maps"
	"slices"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/restmapper"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/tools/clientcmd/api"
)

// Access is one way into a cluster: a configuration, and what discovery through it
// has found so far. It reads no kubeconfig and keeps nothing on disk. It is safe for
// concurrent use.
type Access struct {
	config    *rest.Config
	namespace string
	discovery discovery.CachedDiscoveryInterface
	mapper    *restmapper.DeferredDiscoveryRESTMapper
}

// NewAccess returns an Access through config whose objects belong to namespace
// where they name none. It makes no request.
func NewAccess(config *rest.Config, namespace string) (*Access, error) {
	client, err := discovery.NewDiscoveryClientForConfig(config)
	if err != nil {
		return nil, err
	}
	cached := &remembered{DiscoveryInterface: client}
	return &Access{
		config: config, namespace: namespace,
		discovery: cached, mapper: restmapper.NewDeferredDiscoveryRESTMapper(cached),
	}, nil
}

// Reset forgets what discovery found, so that new kinds are seen.
func (a *Access) Reset() { a.mapper.Reset() }

// Capabilities asks the cluster for its version and for the kinds that it serves.
func (a *Access) Capabilities() (Capabilities, error) {
	version, err := a.discovery.ServerVersion()
	if err != nil {
		return Capabilities{}, err
	}
	groups, resources, err := a.discovery.ServerGroupsAndResources()
	if err != nil && !discovery.IsGroupDiscoveryFailedError(err) { // one group that is down says nothing of the others
		return Capabilities{}, err
	}
	known := map[string]bool{}
	for _, g := range groups {
		for _, v := range g.Versions {
			known[v.GroupVersion] = true
		}
	}
	for _, list := range resources {
		for _, r := range list.APIResources {
			known[list.GroupVersion+"/"+r.Kind] = true
		}
	}
	return Capabilities{KubeVersion: version.GitVersion, APIVersions: slices.Sorted(maps.Keys(known))}, nil
}

// ToRESTConfig returns the configuration.
func (a *Access) ToRESTConfig() (*rest.Config, error) { return a.config, nil }

// ToDiscoveryClient returns the discovery, which remembers.
func (a *Access) ToDiscoveryClient() (discovery.CachedDiscoveryInterface, error) {
	return a.discovery, nil
}

// ToRESTMapper returns the mapper of kinds to resources.
func (a *Access) ToRESTMapper() (meta.RESTMapper, error) { return a.mapper, nil }

// ToRawKubeConfigLoader returns a kubeconfig that knows only the namespace.
func (a *Access) ToRawKubeConfigLoader() clientcmd.ClientConfig {
	overrides := &clientcmd.ConfigOverrides{Context: api.Context{Namespace: a.namespace}}
	return clientcmd.NewDefaultClientConfig(*api.NewConfig(), overrides)
}
