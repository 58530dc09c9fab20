package envname_test

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/mettel-automation/delivery/envname"
)

func ExampleResolve() {
	for _, branch := range []string{"master", "dev/feature/login", "release/1.2"} {
		env, err := envname.Resolve(branch)
		if errors.Is(err, envname.ErrNoEnvironment) {
			fmt.Println(err)
			continue
		}
		fmt.Println(env.Name, env.Kind, env.KRE)
	}
	// Output:
	// automation-master production production
	// automation-8527fec8 ephemeral dev
	// resolve branch "release/1.2": no environment: production is master; ephemeral is what begins with dev/feature or dev/fix
}

func ExampleRules() {
	rules := envname.Rules{Project: "shop", ProductionBranches: []string{"main", "master"}, EphemeralPrefixes: []string{"review/"}}
	env, err := rules.Resolve("review/login")
	if err != nil {
		fmt.Println(err)
		return
	}
	b, _ := json.Marshal(env)
	fmt.Println(string(b))
	// Output:
	// {"name":"shop-59b4c661","id":"59b4c661","kind":"ephemeral","kre":"dev","branch":"review/login"}
}

func ExampleRules_FromCI() {
	job := map[string]string{"CI_COMMIT_REF_NAME": "dev/fix/42"} // os.Getenv in a job
	env, err := envname.Rules{}.FromCI(func(name string) string { return job[name] })
	fmt.Println(env.Name, err)

	job["CI_COMMIT_TAG"] = "dev/fix/42"
	_, err = envname.Rules{}.FromCI(func(name string) string { return job[name] })
	fmt.Println(err)
	// Output:
	// automation-f2218430 <nil>
	// find the branch: no branch: GitLab CI runs for tag "dev/fix/42", and tags have no environment
}

func ExampleEnvironment_ResourceName() {
	env, err := envname.Resolve("dev/feature/login")
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, t := range []envname.ResourceType{envname.CacheCluster, envname.ReplicationGroup} {
		name, err := env.ResourceName(t, "tnba-feedback", "cache-redis")
		fmt.Println(len(name), name, err)
	}
	// Output:
	// 45 automation-8527fec8-tnba-feedback-cache-redis <nil>
	// 40 automation-8527fec8-tnba-feedba-0ed06331 <nil>
}

func ExampleEnvironment_CheckOwner() {
	env, err := envname.Resolve("dev/feature/login")
	if err != nil {
		fmt.Println(err)
		return
	}
	tags := env.Tags() // as they were read from a stack that exists
	fmt.Println(env.CheckOwner(tags))

	tags["Environment"] = "automation-master"
	fmt.Println(env.CheckOwner(tags))
	// Output:
	// <nil>
	// check the owner of automation-8527fec8: not tagged as this environment's: tag Environment is "automation-master", not "automation-8527fec8"
}

func ExampleBranchFromTags() {
	env, err := envname.Resolve("dev/fix/#42")
	if err != nil {
		fmt.Println(err)
		return
	}
	tags := env.Tags()
	branch, ok := envname.BranchFromTags(tags)
	fmt.Println(tags["Branch"], branch, ok)
	// Output:
	// dev/fix/=2342 dev/fix/#42 true
}
