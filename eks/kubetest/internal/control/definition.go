package control

import (
	"slices"

	apiextensions "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/mettel-automation/delivery/eks/kubetest/internal/catalog"
	"github.com/mettel-automation/delivery/eks/kubetest/internal/store"
)

const definitions = "customresourcedefinitions.apiextensions.k8s.io"

// definition serves what a CustomResourceDefinition defines, and cleans up
// behind one that goes. This is a part of the API server: it is never off.
func (m *Manager) definition(k store.Key) {
	crd := read[apiextensions.CustomResourceDefinition](m, k)
	if crd == nil {
		m.reg.Catalog.SetCustom(k.Name, nil)
		return
	}
	if crd.DeletionTimestamp != nil {
		m.undefine(k)
		return
	}
	if clash := m.clash(crd); clash != "" {
		modify(m, k, func(crd *apiextensions.CustomResourceDefinition) {
			m.condition(crd, apiextensions.NamesAccepted, false, "NamesConflict", clash)
			m.condition(crd, apiextensions.Established, false, "NotAccepted", "not all names are accepted")
		})
		return
	}
	m.reg.Catalog.SetCustom(k.Name, catalog.Custom(crd))
	modify(m, k, func(crd *apiextensions.CustomResourceDefinition) {
		crd.Status.AcceptedNames = crd.Spec.Names
		m.condition(crd, apiextensions.NamesAccepted, true, "NoConflicts", "no conflicts found")
		m.condition(crd, apiextensions.Established, true, "InitialNamesAccepted", "the initial names have been accepted")
		for _, v := range crd.Spec.Versions {
			if v.Storage && !slices.Contains(crd.Status.StoredVersions, v.Name) {
				crd.Status.StoredVersions = append(crd.Status.StoredVersions, v.Name)
			}
		}
	})
}

// clash says which other resource of the group has a name of crd; "" is none.
func (m *Manager) clash(crd *apiextensions.CustomResourceDefinition) string {
	for _, r := range m.reg.Catalog.All() {
		if r.Group != crd.Spec.Group || r.Storage() == crd.Name {
			continue
		}
		switch n := crd.Spec.Names; {
		case r.Kind == n.Kind:
			return `"` + n.Kind + `" is already in use`
		case slices.Contains(n.ShortNames, r.Plural) || r.Singular == n.Singular:
			return `"` + r.Plural + `" is already in use`
		}
	}
	return ""
}

// undefine deletes the objects of a definition that goes, then the definition.
func (m *Manager) undefine(k store.Key) {
	left := false
	for _, o := range m.reg.Store.List(k.Name, "") {
		if o.GetDeletionTimestamp() == nil {
			m.remove(keyOf(k.Name, o))
		}
		left = left || m.reg.Store.Get(keyOf(k.Name, o)) != nil
	}
	modify(m, k, func(crd *apiextensions.CustomResourceDefinition) {
		m.condition(crd, apiextensions.Terminating, true, "InstanceDeletionInProgress", "CustomResource deletion is in progress")
	})
	if !left {
		m.reg.Catalog.SetCustom(k.Name, nil)
		m.dropFinalizer(k, apiextensions.CustomResourceCleanupFinalizer)
	}
}

func (m *Manager) condition(crd *apiextensions.CustomResourceDefinition, kind apiextensions.CustomResourceDefinitionConditionType, is bool, reason, message string) {
	c := apiextensions.CustomResourceDefinitionCondition{
		Type: kind, Status: apiextensions.ConditionFalse, Reason: reason, Message: message, LastTransitionTime: metav1.Time(m.stamp()),
	}
	if is {
		c.Status = apiextensions.ConditionTrue
	}
	for i, old := range crd.Status.Conditions {
		if old.Type == kind {
			if old.Status == c.Status {
				c.LastTransitionTime = old.LastTransitionTime
			}
			crd.Status.Conditions[i] = c
			return
		}
	}
	crd.Status.Conditions = append(crd.Status.Conditions, c)
}
