package kubetest_test

// objectScripts show how objects are made, read and replaced.
func objectScripts() map[string]string {
	return map[string]string{
		"a ConfigMap is created, read and replaced": `
POST /api/v1/namespaces/$NS/configmaps
{metadata: {name: a, labels: {x: z}}, data: {k: v}}
---
GET /api/v1/namespaces/$NS/configmaps/a
---
PUT /api/v1/namespaces/$NS/configmaps/a
{metadata: {name: a, annotations: {n: "1"}}, data: {k: w, l: ""}}
---
GET /api/v1/namespaces/$NS/configmaps/b
---
PUT /api/v1/namespaces/$NS/configmaps/b
{metadata: {name: b}}`,
		"a name is taken once": `
!POST /api/v1/namespaces/$NS/configmaps
{metadata: {name: a}}
---
POST /api/v1/namespaces/$NS/configmaps
{metadata: {name: a}}`,
		"a name can be generated": `
POST /api/v1/namespaces/$NS/configmaps
{metadata: {generateName: gen-}}
---
POST /api/v1/namespaces/$NS/configmaps
{data: {k: v}}`,
		"an update of an old revision is refused": `
!POST /api/v1/namespaces/$NS/configmaps
{metadata: {name: a}}
---
!PUT /api/v1/namespaces/$NS/configmaps/a
{metadata: {name: a, resourceVersion: "$RV"}, data: {k: v}}
---
PUT /api/v1/namespaces/$NS/configmaps/a
{metadata: {name: a, resourceVersion: "1"}, data: {k: w}}
---
PUT /api/v1/namespaces/$NS/configmaps/a
{metadata: {name: a, resourceVersion: x}, data: {k: w}}
---
PUT /api/v1/namespaces/$NS/configmaps/a
{metadata: {name: a, uid: 11111111-2222-3333-4444-555555555555}, data: {k: w}}`,
		"an update that changes nothing writes nothing": `
!POST /api/v1/namespaces/$NS/configmaps
{metadata: {name: a}, data: {k: v}}
---
!PUT /api/v1/namespaces/$NS/configmaps/a
{metadata: {name: a}, data: {k: v}}
---
PUT /api/v1/namespaces/$NS/configmaps/a
{metadata: {name: a, resourceVersion: "$RV"}, data: {k: v}}`,
		"the name of the object must be that of the path": `
!POST /api/v1/namespaces/$NS/configmaps
{metadata: {name: a}}
---
PUT /api/v1/namespaces/$NS/configmaps/a
{metadata: {name: b}}
---
PUT /api/v1/namespaces/$NS/configmaps/a
{metadata: {}}
---
POST /api/v1/namespaces/$NS/configmaps
{metadata: {name: c, namespace: default}}`,
		"another kind or version is refused": `
POST /api/v1/namespaces/$NS/configmaps
{kind: Secret, apiVersion: v1, metadata: {name: a}}
---
POST /api/v1/namespaces/$NS/configmaps
{metadata: {name: a}, data: {k: [1]}}
---
POST /apis/apps/v1/namespaces/$NS/deployments
{apiVersion: apps/v1, kind: Deployment, metadata: {name: a}, spec: {replicas: many}}`,
		"what is not served is not found": `
GET /api/v1/namespaces/$NS/gadgets
---
GET /apis/nowhere.example.com/v1/namespaces/$NS/gadgets
---
POST /api/v1/namespaces/$NS/configmaps/a/status
{metadata: {name: a}}`,
		"a method may not be supported": `
DELETE /api/v1/namespaces
---
PUT /api/v1/namespaces/$NS/configmaps
{metadata: {name: a}}
---
POST /api/v1/namespaces/$NS/configmaps/a
{metadata: {name: a}}`,
		"an unknown field is dropped with a warning": `
POST /api/v1/namespaces/$NS/configmaps
{metadata: {name: a}, dater: {k: v}}
---
POST /api/v1/namespaces/$NS/configmaps?fieldValidation=Strict
{metadata: {name: b}, dater: {k: v}}
---
POST /api/v1/namespaces/$NS/configmaps?fieldValidation=Ignore
{metadata: {name: c}, dater: {k: v}}`,
		"a dry run changes nothing": `
POST /api/v1/namespaces/$NS/configmaps?dryRun=All
{metadata: {name: a}, data: {k: v}}
---
GET /api/v1/namespaces/$NS/configmaps/a
---
!POST /api/v1/namespaces/$NS/configmaps
{metadata: {name: a}, data: {k: v}}
---
!PUT /api/v1/namespaces/$NS/configmaps/a?dryRun=All
{metadata: {name: a}, data: {k: w}}
---
!DELETE /api/v1/namespaces/$NS/configmaps/a?dryRun=All
---
GET /api/v1/namespaces/$NS/configmaps/a`,
		"a namespace that is not there takes nothing": `
POST /api/v1/namespaces/gone-$X/configmaps
{metadata: {name: a}}
---
GET /api/v1/namespaces/gone-$X/configmaps?labelSelector=none
---
GET /api/v1/namespaces/gone-$X`,
		"a namespace has a phase, a label and a finalizer": `
POST /api/v1/namespaces
{metadata: {name: other-$X}}`,
		"a Secret takes text and keeps bytes": `
POST /api/v1/namespaces/$NS/secrets
{metadata: {name: a}, stringData: {k: v}, data: {l: dw==}}
---
PUT /api/v1/namespaces/$NS/secrets/a
{metadata: {name: a}, type: other, stringData: {k: v}}`,
		"an immutable ConfigMap stays as it is": `
!POST /api/v1/namespaces/$NS/configmaps
{metadata: {name: a}, data: {k: v}, immutable: true}
---
PUT /api/v1/namespaces/$NS/configmaps/a
{metadata: {name: a}, data: {k: w}}`,
		"a Service gets addresses and keeps them": `
POST /api/v1/namespaces/$NS/services
{metadata: {name: a}, spec: {selector: {app: a}, ports: [{port: 80}]}}
---
PUT /api/v1/namespaces/$NS/services/a
{metadata: {name: a}, spec: {type: NodePort, selector: {app: a}, ports: [{port: 80}]}}
---
PUT /api/v1/namespaces/$NS/services/a
{metadata: {name: a}, spec: {selector: {app: a}, ports: [{port: 80, targetPort: web}]}}
---
PATCH /api/v1/namespaces/$NS/services/a type=merge
{spec: {clusterIP: None}}`,
		"a load balancer has node ports, a headless Service has none": `
POST /api/v1/namespaces/$NS/services
{metadata: {name: a}, spec: {type: LoadBalancer, ports: [{port: 80, name: http}, {port: 443, name: https}]}}
---
POST /api/v1/namespaces/$NS/services
{metadata: {name: b}, spec: {clusterIP: None, selector: {app: b}}}
---
POST /api/v1/namespaces/$NS/services
{metadata: {name: c}, spec: {type: ExternalName, externalName: example.com}}`,
		"parts of an object can be shown": `
!POST /api/v1/namespaces/$NS/configmaps
{metadata: {name: a, labels: {x: z}}, data: {k: v}}
---
GET /api/v1/namespaces/$NS/configmaps/a accept=application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io
---
GET /api/v1/namespaces/$NS/configmaps?labelSelector=x accept=application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io`,
	}
}

// patchScripts show how objects are patched.
func patchScripts() map[string]string {
	const deployment = `
!POST /apis/apps/v1/namespaces/$NS/deployments
{metadata: {name: a}, spec: {replicas: 0, selector: {matchLabels: {app: a}}, template: {metadata: {labels: {app: a}}, spec: {containers: [{name: one, image: "one:1"}, {name: two, image: two}]}}}}
---`
	return map[string]string{
		"a merge patch merges": `
!POST /api/v1/namespaces/$NS/configmaps
{metadata: {name: a}, data: {k: v, l: v}}
---
PATCH /api/v1/namespaces/$NS/configmaps/a type=merge
{data: {k: w, l: null, m: x}}
---
PATCH /api/v1/namespaces/$NS/configmaps/a type=merge
{metadata: {resourceVersion: "1"}, data: {k: x}}
---
PATCH /api/v1/namespaces/$NS/configmaps/b type=merge
{data: {k: x}}
---
PATCH /api/v1/namespaces/$NS/configmaps/a type=merge
{metadata: {name: b}}`,
		"a JSON patch does one thing after the other": `
!POST /api/v1/namespaces/$NS/configmaps
{metadata: {name: a}, data: {k: v}}
---
PATCH /api/v1/namespaces/$NS/configmaps/a type=json
[{op: test, path: /data/k, value: v}, {op: add, path: /data/l, value: w}, {op: remove, path: /data/k}]
---
PATCH /api/v1/namespaces/$NS/configmaps/a type=json
[{op: test, path: /data/l, value: v}]
---
PATCH /api/v1/namespaces/$NS/configmaps/a type=json
[{op: remove, path: /data/zzz}]`,
		"a strategic patch knows lists": deployment + `
PATCH /apis/apps/v1/namespaces/$NS/deployments/a?fieldManager=kubectl type=strategic
{spec: {template: {spec: {containers: [{name: two, image: "two:2"}, {name: three, image: three}]}}}}
---
PATCH /apis/apps/v1/namespaces/$NS/deployments/a?fieldManager=kubectl type=strategic
{spec: {template: {spec: {containers: [{name: one, $patch: delete}]}}}}`,
		"an unknown kind of patch is refused": `
!POST /api/v1/namespaces/$NS/configmaps
{metadata: {name: a}}
---
PATCH /api/v1/namespaces/$NS/configmaps/a
{data: {k: v}}`,
		"a patch that changes nothing writes nothing": deployment + `
!UNTIL /apis/apps/v1/namespaces/$NS/deployments/a status.observedGeneration=1
---
!PATCH /apis/apps/v1/namespaces/$NS/deployments/a type=merge
{spec: {replicas: 0}}
---
PATCH /apis/apps/v1/namespaces/$NS/deployments/a?fieldManager=me type=strategic
{metadata: {resourceVersion: "$RV"}, spec: {replicas: 0}}`,
		"a patch may make an object wrong": deployment + `
PATCH /apis/apps/v1/namespaces/$NS/deployments/a type=merge
{spec: {replicas: -1}}
---
PATCH /apis/apps/v1/namespaces/$NS/deployments/a type=merge
{spec: {selector: {matchLabels: {app: b}}}}`,
		"the scale of a Deployment is read and set": deployment + `
!UNTIL /apis/apps/v1/namespaces/$NS/deployments/a status.observedGeneration=1
---
GET /apis/apps/v1/namespaces/$NS/deployments/a/scale
---
!PUT /apis/apps/v1/namespaces/$NS/deployments/a
{metadata: {name: a}, spec: {paused: true, replicas: 0, selector: {matchLabels: {app: a}}, template: {metadata: {labels: {app: a}}, spec: {containers: [{name: one, image: "one:1"}]}}}}
---
PATCH /apis/apps/v1/namespaces/$NS/deployments/a/scale type=merge
{spec: {replicas: 0}}`,
	}
}

// applyScripts show server-side apply.
func applyScripts() map[string]string {
	return map[string]string{
		"apply makes an object, then changes it": `
PATCH /api/v1/namespaces/$NS/configmaps/a?fieldManager=ann type=apply
{apiVersion: v1, kind: ConfigMap, metadata: {name: a}, data: {k: v, l: v}}
---
PATCH /api/v1/namespaces/$NS/configmaps/a?fieldManager=ann type=apply
{apiVersion: v1, kind: ConfigMap, metadata: {name: a}, data: {k: w}}`,
		"apply finds conflicts and can force": `
!PATCH /api/v1/namespaces/$NS/configmaps/a?fieldManager=ann type=apply
{apiVersion: v1, kind: ConfigMap, metadata: {name: a}, data: {k: v}}
---
PATCH /api/v1/namespaces/$NS/configmaps/a?fieldManager=bob type=apply
{apiVersion: v1, kind: ConfigMap, metadata: {name: a}, data: {k: w}}
---
PATCH /api/v1/namespaces/$NS/configmaps/a?fieldManager=bob&force=true type=apply
{apiVersion: v1, kind: ConfigMap, metadata: {name: a}, data: {k: w}}
---
PATCH /api/v1/namespaces/$NS/configmaps/a?fieldManager=cid type=apply
{apiVersion: v1, kind: ConfigMap, metadata: {name: a}, data: {k: w}}`,
		"what was written otherwise conflicts with apply": `
!POST /api/v1/namespaces/$NS/configmaps?fieldManager=helm
{metadata: {name: a}, data: {k: v}}
---
PATCH /api/v1/namespaces/$NS/configmaps/a?fieldManager=ann type=apply
{apiVersion: v1, kind: ConfigMap, metadata: {name: a}, data: {k: w}}`,
		"apply needs a manager and a kind": `
PATCH /api/v1/namespaces/$NS/configmaps/a type=apply
{apiVersion: v1, kind: ConfigMap, metadata: {name: a}}
---
PATCH /api/v1/namespaces/$NS/configmaps/a?fieldManager=ann type=apply
{apiVersion: v1, kind: ConfigMap, metadata: {name: b}}
---
PATCH /api/v1/namespaces/$NS/configmaps/a?fieldManager=ann type=apply
{apiVersion: v1, kind: ConfigMap, metadata: {name: a, managedFields: [{manager: x}]}}`,
		"apply merges containers by their names": `
!PATCH /apis/apps/v1/namespaces/$NS/deployments/a?fieldManager=ann type=apply
{apiVersion: apps/v1, kind: Deployment, metadata: {name: a}, spec: {replicas: 0, paused: true, selector: {matchLabels: {app: a}}, template: {metadata: {labels: {app: a}}, spec: {containers: [{name: one, image: one}]}}}}
---
PATCH /apis/apps/v1/namespaces/$NS/deployments/a?fieldManager=bob type=apply
{apiVersion: apps/v1, kind: Deployment, metadata: {name: a}, spec: {selector: {matchLabels: {app: a}}, template: {spec: {containers: [{name: two, image: two}]}}}}
---
PATCH /apis/apps/v1/namespaces/$NS/deployments/a?fieldManager=bob type=apply
{apiVersion: apps/v1, kind: Deployment, metadata: {name: a}, spec: {selector: {matchLabels: {app: a}}}}`,
		"apply of what is wrong is refused": `
PATCH /apis/apps/v1/namespaces/$NS/deployments/a?fieldManager=ann type=apply
{apiVersion: apps/v1, kind: Deployment, metadata: {name: a}, spec: {selector: {matchLabels: {app: a}}, template: {metadata: {labels: {app: b}}, spec: {containers: [{name: one, image: one}]}}}}
---
PATCH /apis/apps/v1/namespaces/$NS/deployments/a?fieldManager=ann type=apply
{apiVersion: apps/v1, kind: Deployment, metadata: {name: a}, spec: {replica: 1, selector: {matchLabels: {app: a}}, template: {metadata: {labels: {app: a}}, spec: {containers: [{name: one, image: one}]}}}}`,
	}
}
