package kubetest_test

import "strings"

// validationScripts show what is refused.
func validationScripts() map[string]string {
	return map[string]string{
		"names are checked": `
POST /api/v1/namespaces/$NS/configmaps
{metadata: {name: Big_Name}}
---
POST /api/v1/namespaces/$NS/services
{metadata: {name: 1a}, spec: {ports: [{port: 80}]}}
---
POST /api/v1/namespaces
{metadata: {name: a.b}}
---
POST /api/v1/namespaces/$NS/configmaps
{metadata: {name: a, labels: {"-x": z}}}
---
POST /api/v1/namespaces/$NS/configmaps
{metadata: {name: a, labels: {x: "a b"}}}
---
POST /api/v1/namespaces/$NS/configmaps
{metadata: {name: a, annotations: {"a b": z}}}`,
		"a ConfigMap has keys and a size": `
POST /api/v1/namespaces/$NS/configmaps
{metadata: {name: a}, data: {"a b": c}}
---
POST /api/v1/namespaces/$NS/secrets
{metadata: {name: a}, type: kubernetes.io/tls}
---
POST /api/v1/namespaces/$NS/secrets
{metadata: {name: a}, type: kubernetes.io/dockerconfigjson}`,
		"a Deployment selects its own pods": `
POST /apis/apps/v1/namespaces/$NS/deployments
{metadata: {name: a}, spec: {selector: {matchLabels: {app: a}}, template: {metadata: {labels: {app: b}}, spec: {containers: [{name: one, image: one}]}}}}
---
POST /apis/apps/v1/namespaces/$NS/deployments
{metadata: {name: a}, spec: {template: {metadata: {labels: {app: b}}, spec: {containers: [{name: one, image: one}]}}}}
---
POST /apis/apps/v1/namespaces/$NS/deployments
{metadata: {name: a}, spec: {replicas: -1, selector: {matchLabels: {app: a}}, template: {metadata: {labels: {app: a}}, spec: {restartPolicy: Never, containers: []}}}}`,
		"a container has a name and an image": `
POST /apis/apps/v1/namespaces/$NS/deployments
{metadata: {name: a}, spec: {selector: {matchLabels: {app: a}}, template: {metadata: {labels: {app: a}}, spec: {containers: [{image: one}, {name: Two, image: two}, {name: three}]}}}}
---
POST /apis/apps/v1/namespaces/$NS/deployments
{metadata: {name: a}, spec: {selector: {matchLabels: {app: a}}, template: {metadata: {labels: {app: a}}, spec: {containers: [{name: one, image: one, ports: [{containerPort: 99999}], volumeMounts: [{name: data, mountPath: /data}]}]}}}}`,
		"an environment refers to what has a name": `
POST /apis/apps/v1/namespaces/$NS/deployments
{metadata: {name: a}, spec: {selector: {matchLabels: {app: a}}, template: {metadata: {labels: {app: a}}, spec: {containers: [{name: one, image: one, env: [{name: A, valueFrom: {secretKeyRef: {name: "", key: k}}}, {name: B, value: x, valueFrom: {configMapKeyRef: {name: m, key: k}}}, {name: C, valueFrom: {}}]}]}}}}`,
		"a Job restarts never or on failure": `
POST /apis/batch/v1/namespaces/$NS/jobs
{metadata: {name: a}, spec: {template: {spec: {containers: [{name: one, image: one}]}}}}`,
		"a Service has ports": `
POST /api/v1/namespaces/$NS/services
{metadata: {name: a}, spec: {}}
---
POST /api/v1/namespaces/$NS/services
{metadata: {name: a}, spec: {type: Magic, ports: [{port: 80}]}}
---
POST /api/v1/namespaces/$NS/services
{metadata: {name: a}, spec: {ports: [{port: 80}, {port: 80}]}}
---
POST /api/v1/namespaces/$NS/services
{metadata: {name: a}, spec: {type: ExternalName}}`,
		"an Ingress has rules": `
POST /apis/networking.k8s.io/v1/namespaces/$NS/ingresses
{metadata: {name: a}, spec: {}}
---
POST /apis/networking.k8s.io/v1/namespaces/$NS/ingresses
{metadata: {name: a}, spec: {rules: [{host: "a_b", http: {paths: [{path: /, backend: {service: {name: a, port: {number: 80}}}}]}}]}}
---
POST /apis/networking.k8s.io/v1/namespaces/$NS/ingresses
{metadata: {name: a}, spec: {rules: [{host: a.example.com, http: {paths: [{path: x, pathType: Prefix, backend: {service: {name: a, port: {}}}}]}}]}}
---
POST /apis/networking.k8s.io/v1/namespaces/$NS/ingresses
{metadata: {name: a}, spec: {rules: [{host: a.example.com, http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: a, port: {number: 80}}}}]}}]}}`,
		"a claim has a size and a mode": `
POST /api/v1/namespaces/$NS/persistentvolumeclaims
{metadata: {name: a}, spec: {}}
---
POST /api/v1/namespaces/$NS/persistentvolumeclaims
{metadata: {name: a}, spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: "0"}}}}`,
		"a volume says where it comes from": `
POST /apis/apps/v1/namespaces/$NS/deployments
{metadata: {name: a}, spec: {selector: {matchLabels: {app: a}}, template: {metadata: {labels: {app: a}}, spec: {containers: [{name: one, image: " one"}], volumes: [{secret: {secretName: a}}, {name: a, configMap: {}}, {name: a, persistentVolumeClaim: {claimName: ""}}, {name: B, hostPath: {path: ""}}]}}}}
---
POST /apis/apps/v1/namespaces/$NS/deployments
{metadata: {name: a}, spec: {selector: {matchLabels: {app: a}}, template: {metadata: {labels: {app: a}}, spec: {containers: [{name: one, image: one, volumeMounts: [{name: "", mountPath: /a}, {name: a}], resources: {limits: {cpu: 1}, requests: {cpu: 2}}}, {name: one, image: two}], volumes: [{name: a}, {name: b, downwardAPI: {}}, {name: c, projected: {sources: []}}, {name: d, hostPath: {path: /d}}]}}}}`,
		"a Secret has what its type needs": `
POST /api/v1/namespaces/$NS/secrets
{metadata: {name: a}, type: kubernetes.io/basic-auth}
---
POST /api/v1/namespaces/$NS/secrets
{metadata: {name: a}, type: kubernetes.io/ssh-auth}
---
POST /api/v1/namespaces/$NS/secrets
{metadata: {name: a}, type: kubernetes.io/service-account-token}
---
POST /api/v1/namespaces/$NS/secrets
{metadata: {name: a}, type: kubernetes.io/dockerconfigjson, stringData: {.dockerconfigjson: "{"}}
---
POST /api/v1/namespaces/$NS/secrets
{metadata: {name: a}, stringData: {"a b": c}}
---
!POST /api/v1/namespaces/$NS/secrets
{metadata: {name: a}, immutable: true, stringData: {k: v}}
---
PATCH /api/v1/namespaces/$NS/secrets/a type=merge
{stringData: {k: w}}
---
PATCH /api/v1/namespaces/$NS/secrets/a type=merge
{immutable: false}`,
		"a ConfigMap has at most a MiB": `
POST /api/v1/namespaces/$NS/configmaps
{metadata: {name: a}, data: {k: "` + strings.Repeat("x", 1<<20) + `", l: x}}
---
POST /api/v1/namespaces/$NS/secrets
{metadata: {name: a}, stringData: {k: "` + strings.Repeat("x", 1<<20) + `", l: x}}
---
POST /api/v1/namespaces/$NS/configmaps
{metadata: {name: a}, data: {k: v}, binaryData: {k: dg==}}
---
POST /api/v1/namespaces/$NS/configmaps
{metadata: {name: a}, data: {k: "` + strings.Repeat("x", 3<<20) + `"}}`,
		"an Ingress has backends": `
POST /apis/networking.k8s.io/v1/namespaces/$NS/ingresses
{metadata: {name: a}, spec: {defaultBackend: {service: {name: a, port: {number: 80, name: web}}}}}
---
POST /apis/networking.k8s.io/v1/namespaces/$NS/ingresses
{metadata: {name: a}, spec: {rules: [{host: "*.example.com", http: {paths: []}}, {http: {paths: [{pathType: Magic, path: /, backend: {}}, {pathType: ImplementationSpecific, backend: {service: {name: "", port: {number: 80}}}}]}}]}}
---
POST /apis/networking.k8s.io/v1/namespaces/$NS/ingresses
{metadata: {name: a}, spec: {defaultBackend: {resource: {kind: Bucket, name: a}}, tls: [{hosts: ["a*"]}]}}`,
		"a Service has ports that can be": `
POST /api/v1/namespaces/$NS/services
{metadata: {name: a}, spec: {ports: [{port: 0, protocol: HTTP}, {port: 70000, name: B, targetPort: nope_}]}}
---
POST /api/v1/namespaces/$NS/services
{metadata: {name: a}, spec: {type: LoadBalancer, clusterIP: None, ports: [{port: 80}]}}
---
POST /api/v1/namespaces/$NS/services
{metadata: {name: a}, spec: {type: LoadBalancer, loadBalancerSourceRanges: [10.0.0.0], ports: [{port: 80}]}}`,
		"a claim stays as it is": `
!POST /api/v1/namespaces/$NS/persistentvolumeclaims
{metadata: {name: a}, spec: {storageClassName: none-$X, accessModes: [ReadWriteOnce], resources: {requests: {storage: 2Gi}}}}
---
!PATCH /api/v1/namespaces/$NS/persistentvolumeclaims/a type=merge
{spec: {storageClassName: other}}
---
!PATCH /api/v1/namespaces/$NS/persistentvolumeclaims/a type=merge
{spec: {resources: {requests: {storage: 1Gi}}}}
---
!PATCH /api/v1/namespaces/$NS/persistentvolumeclaims/a type=merge
{metadata: {labels: {x: z}}}`,
		"a StorageClass stays as it is": `
POST /apis/storage.k8s.io/v1/storageclasses
{metadata: {name: conf-$X}, provisioner: example.com/p}
---
PATCH /apis/storage.k8s.io/v1/storageclasses/conf-$X type=merge
{provisioner: example.com/q, reclaimPolicy: Retain}`,
		"a StatefulSet changes in few ways": `
POST /apis/apps/v1/namespaces/$NS/statefulsets
{metadata: {name: a}, spec: {replicas: 0, serviceName: a, selector: {matchLabels: {app: a}}, template: {metadata: {labels: {app: a}}, spec: {containers: [{name: one, image: one, volumeMounts: [{name: data, mountPath: /data}]}]}}, volumeClaimTemplates: [{metadata: {name: data}, spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}}]}}
---
PATCH /apis/apps/v1/namespaces/$NS/statefulsets/a type=merge
{spec: {serviceName: b}}`,
	}
}

// workloadScripts show defaults, generations and statuses.
func workloadScripts() map[string]string {
	return map[string]string{
		"a Deployment gets its defaults": `
POST /apis/apps/v1/namespaces/$NS/deployments
{metadata: {name: a}, spec: {replicas: 0, selector: {matchLabels: {app: a}}, template: {metadata: {labels: {app: a}}, spec: {containers: [{name: one, image: one, ports: [{containerPort: 80}], readinessProbe: {httpGet: {port: 80}}, resources: {limits: {cpu: 1, memory: 64Mi}}}], volumes: [{name: a, secret: {secretName: a}}, {name: b}, {name: c, configMap: {name: c}}]}}}}`,
		"a Deployment counts its generations": `
!POST /apis/apps/v1/namespaces/$NS/deployments
{metadata: {name: a}, spec: {replicas: 0, selector: {matchLabels: {app: a}}, template: {metadata: {labels: {app: a}}, spec: {containers: [{name: one, image: one}]}}}}
---
!UNTIL /apis/apps/v1/namespaces/$NS/deployments/a status.conditions.Progressing.reason=NewReplicaSetAvailable
---
!PATCH /apis/apps/v1/namespaces/$NS/deployments/a type=merge
{metadata: {labels: {x: z}}}
---
!PATCH /apis/apps/v1/namespaces/$NS/deployments/a type=merge
{spec: {minReadySeconds: 1}}
---
UNTIL /apis/apps/v1/namespaces/$NS/deployments/a status.observedGeneration=2
---
!PATCH /apis/apps/v1/namespaces/$NS/deployments/a/status type=merge
{spec: {replicas: 5}, status: {replicas: 7}}
---
UNTIL /apis/apps/v1/namespaces/$NS/deployments/a status.conditions.Available.status=True`,
		"a DaemonSet and a CronJob get their defaults": `
POST /apis/apps/v1/namespaces/$NS/daemonsets
{metadata: {name: a}, spec: {selector: {matchLabels: {app: a}}, template: {metadata: {labels: {app: a}}, spec: {nodeSelector: {none: here}, containers: [{name: one, image: "one:latest"}]}}}}
---
POST /apis/batch/v1/namespaces/$NS/cronjobs
{metadata: {name: a}, spec: {schedule: "0 0 1 1 *", suspend: true, jobTemplate: {spec: {template: {spec: {restartPolicy: Never, containers: [{name: one, image: one}]}}}}}}`,
		"a Job selects its own pods": `
POST /apis/batch/v1/namespaces/$NS/jobs
{metadata: {name: a}, spec: {suspend: true, template: {spec: {restartPolicy: Never, containers: [{name: one, image: one}]}}}}
---
PATCH /apis/batch/v1/namespaces/$NS/jobs/a type=merge
{spec: {completions: 2}}
---
!PATCH /apis/batch/v1/namespaces/$NS/jobs/a type=merge
{spec: {template: {spec: {restartPolicy: OnFailure}}}}`,
		"a pod on no node goes at once": `
!POST /api/v1/namespaces/$NS/pods
{metadata: {name: a}, spec: {schedulerName: nobody, nodeSelector: {none: here}, containers: [{name: one, image: one}]}}
---
!PATCH /api/v1/namespaces/$NS/pods/a type=merge
{spec: {serviceAccountName: other}}
---
!DELETE /api/v1/namespaces/$NS/pods/a
---
GET /api/v1/namespaces/$NS/pods/a`,
		"a NetworkPolicy and an autoscaler get their defaults": `
POST /apis/networking.k8s.io/v1/namespaces/$NS/networkpolicies
{metadata: {name: a}, spec: {podSelector: {}}}
---
POST /apis/networking.k8s.io/v1/namespaces/$NS/networkpolicies
{metadata: {name: b}, spec: {podSelector: {}, egress: [{}]}}
---
POST /api/v1/persistentvolumes?dryRun=All
{metadata: {name: conf-$X}, spec: {capacity: {storage: 1Gi}, accessModes: [ReadWriteOnce], hostPath: {path: /data}}}
---
POST /apis/autoscaling/v2/namespaces/$NS/horizontalpodautoscalers
{metadata: {name: a}, spec: {maxReplicas: 3, scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: none}, metrics: [{type: Resource, resource: {name: cpu, target: {type: Utilization, averageUtilization: 50}}}]}}
---
POST /apis/policy/v1/namespaces/$NS/poddisruptionbudgets
{metadata: {name: a}, spec: {minAvailable: 1, selector: {matchLabels: {app: a}}}}`,
	}
}

// accessScripts show who may do what.
func accessScripts() map[string]string {
	const role = `
!POST /apis/rbac.authorization.k8s.io/v1/clusterroles
{metadata: {name: conf-$X}, rules: [{apiGroups: [""], resources: [configmaps, pods/log], verbs: [get, list]}, {apiGroups: [""], resources: [secrets], resourceNames: [one], verbs: [get]}]}
---
!POST /apis/rbac.authorization.k8s.io/v1/namespaces/$NS/rolebindings
{metadata: {name: a}, roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: conf-$X}, subjects: [{kind: Group, name: readers-$X, apiGroup: rbac.authorization.k8s.io}]}
---
UNTIL /api/v1/namespaces/$NS/configmaps 200 as=ann-$X group=readers-$X
---`
	return map[string]string{
		"who is bound to a role may do what it says": role + `
!GET /api/v1/namespaces/$NS/configmaps as=ann-$X group=readers-$X
---
POST /api/v1/namespaces/$NS/configmaps as=ann-$X group=readers-$X
{metadata: {name: a}}
---
GET /api/v1/namespaces/default/configmaps as=ann-$X group=readers-$X
---
GET /api/v1/namespaces/$NS/secrets/one as=ann-$X group=readers-$X
---
GET /api/v1/namespaces/$NS/secrets/two as=ann-$X group=readers-$X
---
GET /api/v1/namespaces/$NS/pods/a/log as=ann-$X group=readers-$X
---
GET /api/v1/nodes as=ann-$X group=readers-$X
---
!GET /version as=ann-$X
---
GET /metrics as=ann-$X
---
PATCH /apis/apps/v1/namespaces/$NS/deployments/a/scale type=merge as=ann-$X
{spec: {replicas: 1}}`,
		"access is reviewed": role + `
POST /apis/authorization.k8s.io/v1/subjectaccessreviews
{spec: {user: ann, groups: [readers-$X], resourceAttributes: {namespace: $NS, verb: get, resource: configmaps}}}
---
POST /apis/authorization.k8s.io/v1/subjectaccessreviews
{spec: {user: ann, groups: [readers-$X], resourceAttributes: {namespace: $NS, verb: delete, resource: configmaps}}}
---
POST /apis/authorization.k8s.io/v1/selfsubjectaccessreviews as=ann-$X group=readers-$X
{spec: {resourceAttributes: {namespace: $NS, verb: get, resource: pods, subresource: log}}}
---
POST /apis/authorization.k8s.io/v1/selfsubjectaccessreviews as=ann-$X
{spec: {nonResourceAttributes: {verb: get, path: /apis}}}
---
POST /apis/authentication.k8s.io/v1/selfsubjectreviews as=ann-$X group=readers-$X
{}`,
		"a binding keeps its role": role + `
PATCH /apis/rbac.authorization.k8s.io/v1/namespaces/$NS/rolebindings/a type=merge
{roleRef: {name: view}}
---
PATCH /apis/rbac.authorization.k8s.io/v1/namespaces/$NS/rolebindings/a type=merge
{subjects: [{kind: User, name: bob}]}`,
		"roles and bindings are checked": `
POST /apis/rbac.authorization.k8s.io/v1/namespaces/$NS/roles
{metadata: {name: "a:b"}, rules: [{apiGroups: [""], resources: [pods]}, {verbs: [get]}, {nonResourceURLs: [/x], verbs: [get]}]}
---
POST /apis/rbac.authorization.k8s.io/v1/namespaces/$NS/rolebindings
{metadata: {name: a}, roleRef: {kind: Widget, name: ""}, subjects: [{kind: Robot, name: x}, {kind: ServiceAccount, name: x}]}
---
POST /apis/rbac.authorization.k8s.io/v1/clusterrolebindings
{metadata: {name: conf-$X}, roleRef: {kind: Role, name: x}, subjects: [{kind: ServiceAccount, name: x}]}
---
POST /apis/rbac.authorization.k8s.io/v1/clusterroles
{metadata: {name: conf-$X}, rules: [{apiGroups: [rbac.authorization.k8s.ioo], resources: [rolez], verbs: [gett]}]}`,
		"nobody gives what they do not hold": `
!POST /apis/rbac.authorization.k8s.io/v1/namespaces/$NS/roles
{metadata: {name: maker}, rules: [{apiGroups: [rbac.authorization.k8s.io], resources: [roles, rolebindings], verbs: ["*"]}, {apiGroups: [""], resources: [pods], verbs: [get]}]}
---
!POST /apis/rbac.authorization.k8s.io/v1/namespaces/$NS/rolebindings
{metadata: {name: maker}, roleRef: {kind: Role, name: maker, apiGroup: rbac.authorization.k8s.io}, subjects: [{kind: User, name: ann-$X}]}
---
UNTIL /api/v1/namespaces/$NS/pods/none 404 as=ann-$X
---
POST /apis/rbac.authorization.k8s.io/v1/namespaces/$NS/roles?dryRun=All as=ann-$X
{metadata: {name: a}, rules: [{apiGroups: [""], resources: [pods], verbs: [get]}]}
---
POST /apis/rbac.authorization.k8s.io/v1/namespaces/$NS/roles as=ann-$X
{metadata: {name: a}, rules: [{apiGroups: [""], resources: [pods, secrets], verbs: [get, list]}]}`,
	}
}

// customScripts show CustomResourceDefinitions and what they define.
func customScripts() map[string]string {
	const widget = `
!POST /apis/apiextensions.k8s.io/v1/customresourcedefinitions
{metadata: {name: widgets.conf-$X.example.com}, spec: {group: conf-$X.example.com, scope: Namespaced, names: {plural: widgets, kind: Widget, shortNames: [wd]}, versions: [{name: v1, served: true, storage: true, subresources: {status: {}}, schema: {openAPIV3Schema: {type: object, properties: {spec: {type: object, required: [size], properties: {size: {type: integer, minimum: 1}, color: {type: string, enum: [red, blue], default: red}, tags: {type: array, items: {type: string, pattern: "^[a-z]+$"}}, extra: {type: object, x-kubernetes-preserve-unknown-fields: true}}}, status: {type: object, properties: {phase: {type: string}}}}}}}]}}
---
UNTIL /apis/apiextensions.k8s.io/v1/customresourcedefinitions/widgets.conf-$X.example.com status.conditions.Established.status=True
---
UNTIL /apis/conf-$X.example.com/v1/namespaces/$NS/widgets 200
---`
	const path = `/apis/conf-$X.example.com/v1/namespaces/$NS/widgets`
	return map[string]string{
		"a definition is established": widget + `
GET /apis/apiextensions.k8s.io/v1/customresourcedefinitions/widgets.conf-$X.example.com accept=application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io
---
UNTIL /apis/conf-$X.example.com/v1 groupVersion=conf-$X.example.com/v1
---
UNTIL /apis/conf-$X.example.com name=conf-$X.example.com
---
GET /apis/conf-$X.example.com`,
		"a custom object is pruned, defaulted and checked": widget + `
POST ` + path + `
{apiVersion: conf-$X.example.com/v1, kind: Widget, metadata: {name: a}, spec: {size: 2, shape: round, extra: {any: [1]}}, status: {phase: Done}}
---
POST ` + path + `
{apiVersion: conf-$X.example.com/v1, kind: Widget, metadata: {name: b}, spec: {size: 0}}
---
POST ` + path + `
{apiVersion: conf-$X.example.com/v1, kind: Widget, metadata: {name: b}, spec: {size: 1, color: green}}
---
POST ` + path + `
{apiVersion: conf-$X.example.com/v1, kind: Widget, metadata: {name: b}, spec: {size: 1, tags: [ok, "No"]}}
---
POST ` + path + `
{apiVersion: conf-$X.example.com/v1, kind: Widget, metadata: {name: b, labels: {x: 1}}, spec: {size: 1}}
---
POST ` + path + `
{apiVersion: conf-$X.example.com/v1, kind: Widget, metadata: {name: b}, spec: {size: big}}
---
POST ` + path + `
{apiVersion: conf-$X.example.com/v1, kind: Widget, metadata: {name: b}, spec: {}}`,
		"a custom object has a status of its own": widget + `
!POST ` + path + `
{apiVersion: conf-$X.example.com/v1, kind: Widget, metadata: {name: a}, spec: {size: 2}}
---
PATCH ` + path + `/a/status type=merge
{spec: {size: 9}, status: {phase: Done}}
---
PATCH ` + path + `/a type=merge
{spec: {size: 3}, status: {phase: Lost}}
---
PUT ` + path + `/a
{apiVersion: conf-$X.example.com/v1, kind: Widget, metadata: {name: a}, spec: {size: 4}}
---
PATCH ` + path + `/a type=strategic
{spec: {size: 5}}`,
		"a custom object can be applied": widget + `
PATCH ` + path + `/a?fieldManager=ann type=apply
{apiVersion: conf-$X.example.com/v1, kind: Widget, metadata: {name: a, labels: {x: z}}, spec: {size: 2}}
---
PATCH ` + path + `/a?fieldManager=bob type=apply
{apiVersion: conf-$X.example.com/v1, kind: Widget, metadata: {name: a}, spec: {size: 3}}`,
		"a definition that goes takes its objects along": widget + `
!POST ` + path + `
{apiVersion: conf-$X.example.com/v1, kind: Widget, metadata: {name: a}, spec: {size: 2}}
---
!DELETE /apis/apiextensions.k8s.io/v1/customresourcedefinitions/widgets.conf-$X.example.com
---
UNTIL /apis/apiextensions.k8s.io/v1/customresourcedefinitions/widgets.conf-$X.example.com 404
---
UNTIL ` + path + ` 404`,
		"a definition is checked": `
POST /apis/apiextensions.k8s.io/v1/customresourcedefinitions
{metadata: {name: wrong-$X}, spec: {group: conf-$X.example.com, scope: Namespaced, names: {plural: widgets, kind: Widget}, versions: [{name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object}}}]}}
---
POST /apis/apiextensions.k8s.io/v1/customresourcedefinitions
{metadata: {name: widgets.conf-$X.example.com}, spec: {group: conf-$X.example.com, scope: Namespaced, names: {plural: widgets, kind: Widget}, versions: [{name: v1, served: true, storage: true}]}}
---
POST /apis/apiextensions.k8s.io/v1/customresourcedefinitions
{metadata: {name: widgets.conf-$X.example.com}, spec: {group: conf-$X.example.com, scope: Namespaced, names: {plural: widgets, kind: Widget}, versions: [{name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: string}}}]}}
---
!POST /apis/apiextensions.k8s.io/v1/customresourcedefinitions
{metadata: {name: widgets.conf-$X.example.com}, spec: {group: conf-$X.example.com, scope: Namespaced, names: {plural: widgets, kind: Widget}, versions: [{name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object}}}, {name: v2, served: true, storage: true, schema: {openAPIV3Schema: {type: object}}}]}}`,
	}
}
