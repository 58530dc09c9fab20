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
//   - ecs: services rolled out in the order of their dependencies, and what they need
//   - eks: clients of a Kubernetes cluster, who may do what in it, and its secrets
//   - kre: Helm releases as desired, the charts of a cluster, and the runtimes on it
//   - papertrail: the log searches of an environment
//   - nuke: an aws-nuke configuration of exactly one environment, and its proof
//   - report: what a run did, as one HTML page
//   - progress: the events of all of these, and what renders them
//
// No package composes the others: the mains below examples do. This one is empty.
package delivery
