// Package kresystem is what the jobs of KRE share: an environment of delivery.yaml, the AWS
// and the cluster that it is kept in, and the steps that make it, run it and destroy it.
//
//	environment, err := kresystem.New(file, "dev")
//	system, err := options.Open(ctx, job, environment, kresystem.Empty, console)
//	foundation, err := system.Foundation(ctx, true) // stack, keys, access, charts
//	runtimes, err := system.Runtimes(ctx, "", true)
//	destruction, err := system.Destroy(ctx, kresystem.Destroy{Apply: true})
//
// Each step plans, shows its plan, and carries it out; of what fails it says what was
// done and what was not come to. In memory there is everything that real runs need, the
// charts too, which are small ones of the same names and keys.
package kresystem
