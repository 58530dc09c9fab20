package helm

import (
	"fmt"
	"sync"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/discovery/cached/memory"
)

// remembered is discovery that asks once. Client-go's own one prints what goes wrong.
// It is safe for concurrent use.
type remembered struct {
	discovery.DiscoveryInterface

	mu        sync.Mutex
	fresh     bool // asked since the last Invalidate
	groups    []*metav1.APIGroup
	resources []*metav1.APIResourceList
	err       error // of groups that did not answer
}

// Fresh reports whether asking again could bring nothing new.
func (r *remembered) Fresh() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.fresh
}

// Invalidate forgets what was answered.
func (r *remembered) Invalidate() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.fresh, r.groups, r.resources, r.err = false, nil, nil, nil
}

// ServerGroupsAndResources returns all that the server has. A failure as a whole is
// not remembered.
func (r *remembered) ServerGroupsAndResources() ([]*metav1.APIGroup, []*metav1.APIResourceList, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.groups != nil {
		return r.groups, r.resources, r.err
	}
	groups, resources, err := r.DiscoveryInterface.ServerGroupsAndResources()
	if err != nil && !discovery.IsGroupDiscoveryFailedError(err) {
		return nil, nil, err
	}
	r.fresh, r.groups, r.resources, r.err = true, groups, resources, err
	return groups, resources, err
}

// ServerGroups returns the groups that the server has.
func (r *remembered) ServerGroups() (*metav1.APIGroupList, error) {
	groups, _, err := r.ServerGroupsAndResources()
	if groups == nil {
		return nil, err
	}
	list := &metav1.APIGroupList{}
	for _, g := range groups {
		list.Groups = append(list.Groups, *g)
	}
	return list, nil
}

// ServerResourcesForGroupVersion returns the resources of one version of a group.
func (r *remembered) ServerResourcesForGroupVersion(groupVersion string) (*metav1.APIResourceList, error) {
	_, resources, err := r.ServerGroupsAndResources()
	for _, list := range resources {
		if list.GroupVersion == groupVersion {
			return list, nil
		}
	}
	if err == nil {
		err = fmt.Errorf("%s: %w", groupVersion, memory.ErrCacheNotFound)
	}
	return nil, err
}
