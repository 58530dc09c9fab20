package infra

// EnvironmentOutputs are what an environment has that rollouts and people need.
type EnvironmentOutputs struct {
	Cluster          string            // name of the ECS cluster
	VPC              string            // its id
	Subnets          []string          // ids of the subnets for tasks
	SecurityGroup    string            // id of the security group for tasks
	LoadBalancer     string            // its ARN
	LoadBalancerName string            // the DNS name that AWS gave it
	LoadBalancerZone string            // the hosted zone of that name, for alias records
	Listener         string            // ARN of the listener that has the rules
	URL              string            // where the environment answers
	TargetGroups     map[string]string // ARNs by public service
	Namespace        string            // id of the Cloud Map namespace
	LogGroup         string            // its name
	Topic            string            // ARN of the topic of alarms
	Bucket           string            // name of the bucket of Thanos
	Caches           map[string]string // host:port for writes by cache; "" is the one without a name
	Dashboard        string            // its URL
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
		Namespace:        r.text("Namespace"),
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
	for _, c := range e.withDefaults().Caches {
		out.Caches[c.Name] = r.text(c.id() + "Endpoint")
	}
	return out, r.err()
}
