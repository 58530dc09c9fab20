package envname

// ResourceType is a type of resource whose names are limited. Its text is how
// people call it, as "cache cluster".
type ResourceType string

// The types of resource that have a [Limit].
const (
	LoadBalancer        ResourceType = "load balancer"
	TargetGroup         ResourceType = "target group"
	ReplicationGroup    ResourceType = "replication group"
	CacheCluster        ResourceType = "cache cluster"
	CacheSubnetGroup    ResourceType = "cache subnet group"
	Bucket              ResourceType = "bucket"
	Role                ResourceType = "role"
	Policy              ResourceType = "policy"
	InstanceProfile     ResourceType = "instance profile"
	User                ResourceType = "user"
	DNSLabel            ResourceType = "DNS label"
	LogGroup            ResourceType = "log group"
	ECSCluster          ResourceType = "ECS cluster"
	ECSService          ResourceType = "ECS service"
	TaskFamily          ResourceType = "task family"
	Repository          ResourceType = "image repository"
	Stack               ResourceType = "stack"
	Alarm               ResourceType = "alarm"
	Dashboard           ResourceType = "dashboard"
	Topic               ResourceType = "topic"
	SecurityGroup       ResourceType = "security group"
	AutoScalingGroup    ResourceType = "Auto Scaling group"
	LaunchTemplate      ResourceType = "launch template"
	EKSCluster          ResourceType = "EKS cluster"
	NodeGroup           ResourceType = "node group"
	CloudMapNamespace   ResourceType = "Cloud Map namespace"
	CloudMapService     ResourceType = "Cloud Map service"
	KubernetesNamespace ResourceType = "Kubernetes namespace"
	HelmRelease         ResourceType = "Helm release"
)

// Limit is what the names of one type of resource have to keep to. ASCII
// letters and digits are always admitted, and every name begins with a letter,
// since that of an environment does.
type Limit struct {
	Type ResourceType
	// Min and Max are the characters of a name.
	Min, Max int
	// Punctuation are the characters admitted beside letters and digits. For
	// alarms and Auto Scaling groups, which admit more, it is that of ASCII.
	Punctuation string
	// Lower says that upper case is refused, or folded by the service, which
	// would make two names one.
	Lower bool
	// End says that the last character is a letter or a digit.
	End bool
	// Single are characters of which no two may stand side by side. For image
	// repositories, which admit some pairs, it is all of Punctuation.
	Single string
	// Reserved are how a name must not begin, ReservedEnds how it must not end.
	Reserved, ReservedEnds []string
	// Source is where the rule stands: a page of the AWS API reference, or the
	// document named.
	Source string
}

// Limit returns the limit of t, and whether t is one of the types above.
func (t ResourceType) Limit() (Limit, bool) {
	for _, l := range Limits() {
		if l.Type == t {
			return l, true
		}
	}
	return Limit{}, false
}

// Limits returns the limits of all types, in the order of the constants.
func Limits() []Limit {
	const (
		word  = "-_"
		iam   = "_+=,.@-"
		graph = "!\"#$%&'()*+,-./;<=>?@[\\]^_`{|}~" // ASCII 33 to 126 but the colon
	)
	return []Limit{
		{Type: LoadBalancer, Min: 1, Max: 32, Punctuation: "-", End: true, Reserved: []string{"internal-"}, Source: "ELBv2 CreateLoadBalancer"},
		{Type: TargetGroup, Min: 1, Max: 32, Punctuation: "-", End: true, Source: "ELBv2 CreateTargetGroup"},
		{Type: ReplicationGroup, Min: 1, Max: 40, Punctuation: "-", Lower: true, End: true, Single: "-", Source: "ElastiCache CreateReplicationGroup"},
		{Type: CacheCluster, Min: 1, Max: 50, Punctuation: "-", Lower: true, End: true, Single: "-", Source: "ElastiCache CreateCacheCluster"},
		{Type: CacheSubnetGroup, Min: 1, Max: 255, Punctuation: "-", Lower: true, Source: "ElastiCache CreateCacheSubnetGroup"},
		{
			Type: Bucket, Min: 3, Max: 63, Punctuation: "-.", Lower: true, End: true, Single: ".",
			Reserved:     []string{"xn--", "sthree-", "amzn-s3-demo-"},
			ReservedEnds: []string{"-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3", "-an"},
			Source:       "Amazon S3 User Guide, General purpose bucket naming rules",
		},
		{Type: Role, Min: 1, Max: 64, Punctuation: iam, Source: "IAM CreateRole"},
		{Type: Policy, Min: 1, Max: 128, Punctuation: iam, Source: "IAM CreatePolicy"},
		{Type: InstanceProfile, Min: 1, Max: 128, Punctuation: iam, Source: "IAM CreateInstanceProfile"},
		{Type: User, Min: 1, Max: 64, Punctuation: iam, Source: "IAM CreateUser"},
		{Type: DNSLabel, Min: 1, Max: 63, Punctuation: "-", Lower: true, End: true, Source: "RFC 1035, 2.3.1"},
		{Type: LogGroup, Min: 1, Max: 512, Punctuation: "._-/#", Reserved: []string{"aws/"}, Source: "CloudWatch Logs CreateLogGroup"},
		{Type: ECSCluster, Min: 1, Max: 255, Punctuation: word, Source: "ECS CreateCluster"},
		{Type: ECSService, Min: 1, Max: 255, Punctuation: word, Source: "ECS CreateService"},
		{Type: TaskFamily, Min: 1, Max: 255, Punctuation: word, Source: "ECS RegisterTaskDefinition"},
		{Type: Repository, Min: 2, Max: 256, Punctuation: "-_./", Lower: true, End: true, Single: "-_./", Source: "ECR CreateRepository"},
		{Type: Stack, Min: 1, Max: 128, Punctuation: "-", Source: "CloudFormation CreateStack"},
		{Type: Alarm, Min: 1, Max: 255, Punctuation: graph + ": ", Source: "CloudWatch PutMetricAlarm"},
		{Type: Dashboard, Min: 1, Max: 255, Punctuation: word, Source: "CloudWatch PutDashboard"},
		{Type: Topic, Min: 1, Max: 256, Punctuation: word, Source: "SNS CreateTopic"},
		{Type: SecurityGroup, Min: 1, Max: 255, Punctuation: "._-:/()#,@[]+=&;{}!$*", Reserved: []string{"sg-"}, Source: "EC2 CreateSecurityGroup"},
		{Type: AutoScalingGroup, Min: 1, Max: 255, Punctuation: graph, Source: "Auto Scaling CreateAutoScalingGroup"},
		{Type: LaunchTemplate, Min: 3, Max: 128, Punctuation: "().-/_", Source: "EC2 CreateLaunchTemplate"},
		{Type: EKSCluster, Min: 1, Max: 100, Punctuation: word, Source: "EKS CreateCluster"},
		{Type: NodeGroup, Min: 1, Max: 63, Punctuation: word, Source: "EKS CreateNodegroup"},
		{Type: CloudMapNamespace, Min: 1, Max: 63, Punctuation: "-", Lower: true, End: true, Source: "Cloud Map CreatePrivateDnsNamespace"},
		{Type: CloudMapService, Min: 1, Max: 63, Punctuation: "-", Lower: true, End: true, Source: "Cloud Map CreateService"},
		{Type: KubernetesNamespace, Min: 1, Max: 63, Punctuation: "-", Lower: true, End: true, Reserved: []string{"kube-"}, Source: "Kubernetes, Namespaces and Object Names and IDs (RFC 1123 label)"},
		{Type: HelmRelease, Min: 1, Max: 53, Punctuation: "-", Lower: true, End: true, Source: "Helm, chartutil.ValidateReleaseName"},
	}
}
