package infra

// EnvironmentOutputs are what an environment has that rollouts and people need.
type EnvironmentOutputs struct {
	Cluster          string            `json:"cluster"`          // name of the ECS cluster
	VPC              string            `json:"vpc"`              // its id
	Subnets          []string          `json:"subnets"`          // ids of the subnets for tasks
	SecurityGroup    string            `json:"securityGroup"`    // id of the security group for tasks
	LoadBalancer     string            `json:"loadBalancer"`     // its ARN
	LoadBalancerName string            `json:"loadBalancerName"` // the DNS name that AWS gave it
	LoadBalancerZone string            `json:"loadBalancerZone"` // the hosted zone of that name, for alias records
	Protected        bool              `json:"protected"`        // whether it refuses to be deleted
	Listener         string            `json:"listener"`         // ARN of the listener that has the rules
	URL              string            `json:"url"`              // where the environment answers
	TargetGroups     map[string]string `json:"targetGroups"`     // ARNs by public service
	Namespace        string            `json:"namespace"`        // id of the Cloud Map namespace
	NamespaceName    string            `json:"namespaceName"`    // its name, which the DNS names of services end in
	LogGroup         string            `json:"logGroup"`         // its name
	Topic            string            `json:"topic"`            // ARN of the topic of alarms
	Bucket           string            `json:"bucket"`           // name of the bucket of Thanos
	// Caches are the URLs for writes by cache, as rediss://HOST:PORT, or redis://
	// without TLS; "" is the one without a name.
	Caches    map[string]string `json:"caches"`
	Dashboard string            `json:"dashboard"` // its URL
}

// Read finds what the environment has in the outputs of its stack. Each output
// that is missing is a [*MissingOutputError] in the joined error.
func (e Environment) Read(outputs map[string]string) (EnvironmentOutputs, error) {
	r := reader{stack: e.StackName, outputs: outputs}
	out := EnvironmentOutputs{
		Cluster:          r.text("Cluster"),
		VPC:              r.text("Vpc"),
		Subnets:          r.list("Subnets"),
		SecurityGroup:    r.text("SecurityGroup"),
		LoadBalancer:     r.text("LoadBalancer"),
		LoadBalancerName: r.text("LoadBalancerName"),
		LoadBalancerZone: r.text("LoadBalancerZone"),
		Listener:         r.text("Listener"),
		URL:              r.text("Url"),
		TargetGroups:     map[string]string{},
		Protected:        r.text("DeletionProtection") == "true",
		Namespace:        r.text("Namespace"),
		NamespaceName:    r.text("NamespaceName"),
		LogGroup:         r.text("LogGroup"),
		Topic:            r.text("Topic"),
		Bucket:           r.text("Bucket"),
		Caches:           map[string]string{},
		Dashboard:        r.text("Dashboard"),
	}
	for _, s := range e.Services {
		if s.Route != nil {
			out.TargetGroups[s.Name] = r.text("Route" + s.id() + "TargetGroup")
		}
	}
	caches, scheme := e.withDefaults().Caches, "redis://"
	if len(caches) > 0 && r.text("RedisInTransit") == "true" {
		scheme = "rediss://"
	}
	for _, c := range caches {
		if endpoint := r.text(c.id() + "Endpoint"); endpoint != "" {
			out.Caches[c.Name] = scheme + endpoint
		}
	}
	return out, r.err()
}
