// Package delivery is a library of delivery primitives for a monorepo of
// microservices on AWS: packages that do one job of a pipeline each, and that
// can be used alone. In the order of a pipeline:
//
//   - envname: which environment a branch is, and names within the limits of AWS
//   - changes: which modules a push changes, and why
//   - validate: what linters find in these modules
//   - coverage: whether their tests cover enough
//   - ecr: images built and pushed only where their inputs changed; repositories, clean-up
//   - infra: what an environment is made of, as CloudFormation templates
//   - stack: such stacks planned, applied, deleted, with the root cause of a failure
//   - ecs: services rolled out in the order of their dependencies, and below it
//     task definitions, capacity, the cluster, service discovery and logs
//   - eks: clients of a Kubernetes cluster, who may do what in it, and its secrets
//   - kre: Helm releases as desired, the charts of a cluster, and the runtimes on it
//   - papertrail: the log searches of an environment
//   - nuke: an aws-nuke configuration of exactly one environment, and its proof
//   - progress: the events of all of these, and what renders them
//
// The directory examples holds a main for each job, and examples/pipeline, which
// delivers a sample system without a cloud. This package itself is empty, and no package
// but those mains composes the others: values go from one to the next.
package delivery
