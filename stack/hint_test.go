package stack

import "testing"

// The reasons are those of AWS, with ids and accounts made up.
func TestHint(t *testing.T) {
	tests := map[string]struct{ kind, reason, want string }{
		"a bucket that is not empty": {
			"AWS::S3::Bucket", `Resource handler returned message: "The bucket you tried to delete is not empty (Service: S3, Status Code: 409, Request ID: 8NE6, Extended Request ID: k2)" (RequestToken: 4a, HandlerErrorCode: GeneralServiceException)`,
			"list it in EmptyBuckets to have it emptied first, or in Retain to keep it",
		},
		"a repository with images": {
			"AWS::ECR::Repository", `Resource handler returned message: "The repository with name 'notifier' in registry with id '111122223333' cannot be deleted because it still contains images (Service: Ecr, Status Code: 400, Request ID: 1)" (RequestToken: 4a, HandlerErrorCode: GeneralServiceException)`,
			"delete its images, or list it in Retain to keep it",
		},
		"a stack policy": {
			"AWS::ElastiCache::ReplicationGroup", "Action denied by stack policy: Statement [#1] does not allow [Update:Replace] for resource [*]",
			"the stack policy forbids it: allow it there first",
		},
		"a replacement where nothing is rolled back": {
			"AWS::S3::Bucket", "Replacement type updates not supported on stack with disable-rollback.",
			"an operation that does not roll back replaces nothing: let Recover bring the stack to rest, then plan again",
		},
		"a hosted zone with records of others": {
			"AWS::Route53::HostedZone", `The specified hosted zone contains non-required resource record sets and so cannot be deleted.`,
			"delete the records that were made in the zone by others, all but its NS and SOA",
		},
		"a cluster with services": {
			"AWS::ECS::Cluster", `Resource handler returned message: "The Cluster cannot be deleted while Services are active. (Service: AmazonECS; Status Code: 400; Error Code: ClusterContainsServicesException; Request ID: 1; Proxy: null)" (RequestToken: 4a, HandlerErrorCode: GeneralServiceException)`,
			"delete the services and stop the tasks of the cluster first",
		},
		"a cluster with instances": {
			"AWS::ECS::Cluster", `The Cluster cannot be deleted while Container Instances are active or draining. (Service: AmazonECS; Status Code: 400; Error Code: ClusterContainsContainerInstancesException; Request ID: 1)`,
			"stop the container instances of the cluster first, by deleting their Auto Scaling group",
		},
		"a namespace with services": {
			"AWS::ServiceDiscovery::PrivateDnsNamespace", `Namespace ns-abc has associated services (Service: AWSServiceDiscovery; Status Code: 400; Error Code: ResourceInUse; Request ID: 1)`,
			"delete the services that are registered in it first",
		},
		"a role with policies of others": {
			"AWS::IAM::Role", `Resource handler returned message: "Cannot delete entity, must detach all policies first. (Service: Iam, Status Code: 409, Request ID: 1)" (RequestToken: 4a, HandlerErrorCode: InvalidRequest)`,
			"take off what was attached to it outside of the stack",
		},
		"deletion protection": {
			"AWS::ElasticLoadBalancingV2::LoadBalancer", `Resource handler returned message: "Load balancer 'arn:aws:elasticloadbalancing:us-east-1:111122223333:loadbalancer/app/a/1' cannot be deleted because deletion protection is enabled (Service: ElasticLoadBalancingV2, Status Code: 400, Request ID: 1)"`,
			"lift the deletion protection of the resource itself",
		},
		"a security group in use": {
			"AWS::EC2::SecurityGroup", `Resource handler returned message: "resource sg-0123 has a dependent object (Service: Ec2, Status Code: 400, Request ID: 1)" (RequestToken: 4a, HandlerErrorCode: InvalidRequest)`,
			"something outside of the stack still uses it, such as a network interface: remove that first",
		},
		"a subnet in use": {
			"AWS::EC2::Subnet", `The subnet 'subnet-0123' has dependencies and cannot be deleted. (Service: AmazonEC2; Status Code: 400; Error Code: DependencyViolation; Request ID: 1; Proxy: null)`,
			"something outside of the stack still uses it, such as a network interface: remove that first",
		},
		"an export in use": {
			"AWS::CloudFormation::Stack", `Export network-VpcId cannot be deleted as it is in use by automation-master`,
			"another stack imports its export: update or delete that stack first",
		},
		"a named resource that must be replaced": {
			"AWS::ElastiCache::ReplicationGroup", `CloudFormation cannot update a stack when a custom-named resource requires replacing. Rename automation-8527fec8 and update the stack again.`,
			"give it another name, or none",
		},
		"a record that exists": {
			"AWS::Route53::RecordSet", `[Tried to create resource record set [name='api.example.com.', type='A'] but it already exists]`,
			"somebody else made that record: delete it, or leave it out of the template",
		},
		"a record of another zone": {
			"AWS::Route53::RecordSet", `[RRSet with DNS name api.example.org. is not permitted in zone example.com.]`,
			"name the hosted zone that the record's name ends in",
		},
		"a name of another stack": {
			"AWS::Logs::LogGroup", `/automation/8527fec8 already exists in stack arn:aws:cloudformation:us-east-1:111122223333:stack/old/1`,
			"another stack has a resource of that name: delete that stack, or give another name",
		},
		"a name that is taken": {
			"AWS::Logs::LogGroup", `Resource of type 'AWS::Logs::LogGroup' with identifier '{"/properties/LogGroupName":"/automation"}' already exists.`,
			"something of that name exists outside of the stack: delete it, import it, or give another name",
		},
		"a name that is taken, by its code": {
			"AWS::S3::Bucket", `thanos already exists (Service: S3, HandlerErrorCode: AlreadyExists)`,
			"something of that name exists outside of the stack: delete it, import it, or give another name",
		},
		"a name that is too long, by the service": {
			"AWS::ElastiCache::ReplicationGroup", `The parameter ReplicationGroupId must be less than or equal to 40 characters`,
			"the value is too long: shorten the name",
		},
		"a name that is too long, by the schema": {
			"AWS::ElasticLoadBalancingV2::LoadBalancer", `Properties validation failed for resource Alb with message: #/Name: expected maxLength: 32, actual: 36`,
			"the value is too long: shorten the name",
		},
		"a name that is too long, by IAM": {
			"AWS::IAM::Role", `1 validation error detected: Value 'x' at 'roleName' failed to satisfy constraint: Member must have length less than or equal to 64 (Service: AmazonIdentityManagement; Status Code: 400; Error Code: ValidationError)`,
			"the value is too long: shorten the name",
		},
		"a service-linked role that is too new": {
			"AWS::ECS::Cluster", `Invalid request provided: CreateCluster Invalid Request: Unable to assume the service linked role. Please verify that the ECS service linked role exists.`,
			"AWS has only now made the role, or may not: run again in a minute, or make it by `aws iam create-service-linked-role`",
		},
		"a certificate that is not issued": {
			"AWS::ElasticLoadBalancingV2::Listener", `Resource handler returned message: "The certificate 'arn:aws:acm:us-east-1:111122223333:certificate/1' must have a fully-qualified domain name, a supported signature, and a supported key size. (Service: ElasticLoadBalancingV2, Status Code: 400, Request ID: 1)"`,
			"the certificate must be issued, and in the region of the load balancer: see to its validation record first",
		},
		"one zone where two are needed": {
			"AWS::ElasticLoadBalancingV2::LoadBalancer", `Resource handler returned message: "At least two subnets in two different Availability Zones must be specified (Service: ElasticLoadBalancingV2, Status Code: 400, Request ID: 1)"`,
			"give subnets in at least two availability zones that the service has",
		},
		"zones without room for a control plane": {
			"AWS::EKS::Cluster", `Cannot create cluster 'kre' because us-east-1e, the targeted availability zone, does not currently have sufficient capacity to support the cluster. Retry and choose from these availability zones: us-east-1a, us-east-1b`,
			"give subnets in the zones that the reason names",
		},
		"no cache nodes": {
			"AWS::ElastiCache::CacheCluster", `InsufficientCacheClusterCapacity: cache.m3.medium is not available in us-east-1e (insufficient capacity)`,
			"AWS has no such nodes there now: take another node type or zone",
		},
		"a busy cache": {
			"AWS::ElastiCache::ReplicationGroup", `Replication group must be in available state to modify. (InvalidReplicationGroupState)`,
			"it is busy with something else: run again when it is available",
		},
		"a quota": {
			"AWS::EC2::EIP", `The maximum number of addresses has been reached. (Service: AmazonEC2; Status Code: 400; Error Code: AddressLimitExceeded; Request ID: 1; Proxy: null)`,
			"a quota of the account is used up: delete what is unused, or raise it in Service Quotas",
		},
		"throttling, which is no quota": {
			"AWS::Logs::MetricFilter", `Rate exceeded (Service: AWSLogs; Status Code: 400; Error Code: ThrottlingException; Request ID: 1)`,
			"AWS throttled CloudFormation: run again",
		},
		"a missing permission, with the action": {
			"AWS::IAM::Role", `API: iam:CreateRole User: arn:aws:sts::111122223333:assumed-role/ci/job is not authorized to perform: iam:CreateRole on resource: arn:aws:iam::111122223333:role/x because no identity-based policy allows the iam:CreateRole action`,
			"allow iam:CreateRole to whoever runs this, or to the role that the stack is given",
		},
		"a missing permission at the end": {
			"AWS::SNS::Topic", `User: arn:aws:iam::111122223333:user/ci is not authorized to perform: sns:CreateTopic`,
			"allow sns:CreateTopic to whoever runs this, or to the role that the stack is given",
		},
		"a missing permission, encoded": {
			"AWS::EC2::VPC", `You are not authorized to perform this operation. Encoded authorization failure message: abcdef (Service: AmazonEC2; Status Code: 403; Error Code: UnauthorizedOperation; Request ID: 1)`,
			"allow the action to whoever runs this, or to the role that the stack is given",
		},
		"credentials that ended": {
			"AWS::EKS::Cluster", `The security token included in the request is expired (Service: AmazonEKS; Status Code: 403)`,
			"the credentials ended before the operation did: give the stack a Role of its own",
		},
		"what did not stabilize": {
			"AWS::ECS::Service", `Resource handler returned message: "Exceeded attempts to wait" (RequestToken: 4a, HandlerErrorCode: NotStabilized)`,
			"it was made, and did not become healthy in time: look at its own log and events",
		},
		"a failure of AWS": {
			"AWS::CloudWatch::Dashboard", `Internal Failure`,
			"AWS failed: run again, and look at its health dashboard if that repeats",
		},
		"a text about buckets at something else": {"AWS::SNS::Topic", `the bucket is not empty`, ""},
		"nothing that is known":                  {"AWS::SNS::Topic", `Invalid parameter: DisplayName`, ""},
		"no reason at all":                       {"AWS::SNS::Topic", "", ""},
		"no action where one should be":          {"AWS::SNS::Topic", "not authorized to perform: ", "allow the action to whoever runs this, or to the role that the stack is given"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if got := hint(tt.kind, tt.reason); got != tt.want {
				t.Errorf("hint %q, want %q", got, tt.want)
			}
		})
	}
}
