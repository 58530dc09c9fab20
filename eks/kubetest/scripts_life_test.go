package kubetest_test

// deleteScripts show how objects go.
func deleteScripts() map[string]string {
	return map[string]string{
		"a deletion answers with a status": `
!POST /api/v1/namespaces/$NS/configmaps
{metadata: {name: a}}
---
DELETE /api/v1/namespaces/$NS/configmaps/a
---
DELETE /api/v1/namespaces/$NS/configmaps/a`,
		"some deletions answer with the object": `
!POST /api/v1/namespaces/$NS/services
{metadata: {name: a}, spec: {ports: [{port: 80}]}}
---
DELETE /api/v1/namespaces/$NS/services/a`,
		"a finalizer holds an object back": `
!POST /api/v1/namespaces/$NS/configmaps
{metadata: {name: a, finalizers: [example.com/hold]}}
---
DELETE /api/v1/namespaces/$NS/configmaps/a
---
PATCH /api/v1/namespaces/$NS/configmaps/a type=merge
{metadata: {finalizers: [example.com/hold, example.com/more]}}
---
PATCH /api/v1/namespaces/$NS/configmaps/a type=merge
{metadata: {finalizers: null}}
---
GET /api/v1/namespaces/$NS/configmaps/a`,
		"a deletion can have preconditions": `
!POST /api/v1/namespaces/$NS/configmaps
{metadata: {name: a}}
---
DELETE /api/v1/namespaces/$NS/configmaps/a
{preconditions: {uid: 11111111-2222-3333-4444-555555555555}}
---
DELETE /api/v1/namespaces/$NS/configmaps/a
{preconditions: {resourceVersion: "1"}}
---
DELETE /api/v1/namespaces/$NS/configmaps/a
{propagationPolicy: Sideways}`,
		"the query can hold the options of a deletion": `
!POST /api/v1/namespaces/$NS/configmaps
{metadata: {name: a, finalizers: [example.com/hold]}}
---
DELETE /api/v1/namespaces/$NS/configmaps/a?propagationPolicy=Foreground&dryRun=All
---
DELETE /api/v1/namespaces/$NS/configmaps/a
{kind: DeleteOptions, apiVersion: v1, orphanDependents: true, dryRun: [All]}
---
!PATCH /api/v1/namespaces/$NS/configmaps/a type=merge
{metadata: {finalizers: null}}`,
		"what an object owns goes with it": `
!POST /api/v1/namespaces/$NS/configmaps
{metadata: {name: owner}}
---
!POST /api/v1/namespaces/$NS/configmaps
{metadata: {name: owned, ownerReferences: [{apiVersion: v1, kind: ConfigMap, name: owner, uid: $UID}]}}
---
!DELETE /api/v1/namespaces/$NS/configmaps/owner
---
UNTIL /api/v1/namespaces/$NS/configmaps/owned 404`,
		"in the foreground, the owner goes last": `
!POST /api/v1/namespaces/$NS/configmaps
{metadata: {name: owner}}
---
!POST /api/v1/namespaces/$NS/configmaps
{metadata: {name: owned, finalizers: [example.com/hold], ownerReferences: [{apiVersion: v1, kind: ConfigMap, name: owner, uid: $UID, blockOwnerDeletion: true}]}}
---
DELETE /api/v1/namespaces/$NS/configmaps/owner
{propagationPolicy: Foreground}
---
UNTIL /api/v1/namespaces/$NS/configmaps/owned metadata.deletionGracePeriodSeconds=0
---
GET /api/v1/namespaces/$NS/configmaps/owner
---
!PATCH /api/v1/namespaces/$NS/configmaps/owned type=merge
{metadata: {finalizers: null}}
---
UNTIL /api/v1/namespaces/$NS/configmaps/owner 404`,
		"orphans stay": `
!POST /api/v1/namespaces/$NS/configmaps
{metadata: {name: owner}}
---
!POST /api/v1/namespaces/$NS/configmaps
{metadata: {name: owned, ownerReferences: [{apiVersion: v1, kind: ConfigMap, name: owner, uid: $UID}]}}
---
!DELETE /api/v1/namespaces/$NS/configmaps/owner
{propagationPolicy: Orphan}
---
UNTIL /api/v1/namespaces/$NS/configmaps/owner 404
---
GET /api/v1/namespaces/$NS/configmaps/owned`,
		"the deletion of a Job orphans its pods unless told otherwise": `
!POST /apis/batch/v1/namespaces/$NS/jobs
{metadata: {name: a}, spec: {suspend: true, template: {spec: {restartPolicy: Never, containers: [{name: one, image: one}]}}}}
---
!UNTIL /apis/batch/v1/namespaces/$NS/jobs/a status.conditions.Suspended.status=True
---
DELETE /apis/batch/v1/namespaces/$NS/jobs/a?dryRun=All`,
		"a namespace that ends takes nothing more": `
!POST /api/v1/namespaces
{metadata: {name: other-$X}}
---
!POST /api/v1/namespaces/other-$X/configmaps
{metadata: {name: held, finalizers: [example.com/hold]}}
---
DELETE /api/v1/namespaces/other-$X
---
POST /api/v1/namespaces/other-$X/configmaps
{metadata: {name: b}}
---
UNTIL /api/v1/namespaces/other-$X/configmaps/held metadata.deletionGracePeriodSeconds=0
---
UNTIL /api/v1/namespaces/other-$X status.conditions.NamespaceFinalizersRemaining.status=True
---
!PATCH /api/v1/namespaces/other-$X/configmaps/held type=merge
{metadata: {finalizers: null}}
---
UNTIL /api/v1/namespaces/other-$X 404`,
		"some namespaces may not be deleted": `
DELETE /api/v1/namespaces/default
---
DELETE /api/v1/namespaces/kube-system`,
		"a collection is deleted by label": `
!POST /api/v1/namespaces/$NS/configmaps
{metadata: {name: a, labels: {x: z}}}
---
!POST /api/v1/namespaces/$NS/configmaps
{metadata: {name: b, labels: {x: z}}}
---
DELETE /api/v1/namespaces/$NS/configmaps?labelSelector=x%3Dz
---
!GET /api/v1/namespaces/$NS/configmaps/a
---
!GET /api/v1/namespaces/$NS/configmaps/b`,
		"a claim is protected": `
POST /api/v1/namespaces/$NS/persistentvolumeclaims
{metadata: {name: a}, spec: {storageClassName: none-$X, accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}}
---
DELETE /api/v1/namespaces/$NS/persistentvolumeclaims/a`,
	}
}

// listScripts show lists and watches.
func listScripts() map[string]string {
	const three = `
!POST /api/v1/namespaces/$NS/configmaps
{metadata: {name: a, labels: {x: one}}}
---
!POST /api/v1/namespaces/$NS/configmaps
{metadata: {name: b, labels: {x: two}}}
---
!POST /api/v1/namespaces/$NS/configmaps
{metadata: {name: c, labels: {x: two, q: ""}}, data: {k: v}}
---`
	return map[string]string{
		"a list can be selected by label": three + `
GET /api/v1/namespaces/$NS/configmaps?labelSelector=x%3Dtwo
---
GET /api/v1/namespaces/$NS/configmaps?labelSelector=x%20in%20(one,three)
---
GET /api/v1/namespaces/$NS/configmaps?labelSelector=x%20in%20(one`,
		"a list can be selected by field": three + `
GET /api/v1/namespaces/$NS/configmaps?fieldSelector=metadata.name%3Db
---
GET /api/v1/namespaces/$NS/configmaps?fieldSelector=data.k%3Dv
---
!GET /api/v1/namespaces/$NS/secrets?fieldSelector=type%3DOpaque
---
GET /api/v1/namespaces/$NS/pods?fieldSelector=spec.zzz%3Da
---
GET /api/v1/namespaces/$NS/pods?fieldSelector=a`,
		"a list has pages": three + `
GET /api/v1/namespaces/$NS/configmaps?labelSelector=x&limit=2
---
GET /api/v1/namespaces/$NS/configmaps?labelSelector=x&limit=2&continue=x`,
		"a list can be of an older revision": `
!POST /api/v1/namespaces/$NS/configmaps
{metadata: {name: a, labels: {x: one}}}
---
!POST /api/v1/namespaces/$NS/configmaps?dryRun=All
{metadata: {name: b}}
---
!GET /api/v1/namespaces/$NS/configmaps/a
---
!PATCH /api/v1/namespaces/$NS/configmaps/a?dryRun=All type=merge
{data: {k: v}}
---
GET /api/v1/namespaces/$NS/configmaps?labelSelector=x&resourceVersion=$RV&resourceVersionMatch=Exact
---
GET /api/v1/namespaces/$NS/configmaps?labelSelector=x&resourceVersion=$RV&resourceVersionMatch=Sideways
---
GET /api/v1/namespaces/$NS/configmaps?labelSelector=x&resourceVersion=zzz`,
		"a list of nothing is empty": `
GET /apis/apps/v1/namespaces/$NS/deployments`,
		"a list from the future is too large": `
GET /api/v1/namespaces/$NS/configmaps?resourceVersion=99999999999
---
GET /api/v1/namespaces/$NS/configmaps?resourceVersionMatch=Exact`,
		"a watch tells what is there": three + `
WATCH /api/v1/namespaces/$NS/configmaps?watch=1&timeoutSeconds=1&labelSelector=x%3Dtwo`,
		"a watch tells what changes for its selector": `
!POST /api/v1/namespaces/$NS/configmaps
{metadata: {name: a, labels: {x: one}}}
---
!PATCH /api/v1/namespaces/$NS/configmaps/zzz type=merge
{}
---
!GET /api/v1/namespaces/$NS/configmaps/a
---
WATCH /api/v1/namespaces/$NS/configmaps?watch=1&timeoutSeconds=1&resourceVersion=$RV&labelSelector=x%3Dtwo`,
		"a watch can begin with all and a bookmark": three + `
WATCH /api/v1/namespaces/$NS/configmaps?watch=1&timeoutSeconds=1&labelSelector=x&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true`,
	}
}
