package lifecycle_test

import (
	"fmt"
	"time"

	"github.com/mettel-automation/delivery/ecr/lifecycle"
)

func ExamplePolicy_Risks() {
	now := time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)
	images := []lifecycle.Image{
		{Digest: "sha256:aa", Tags: []string{"inputs-3f9c", "latest-master"}, Pushed: now.AddDate(0, -8, 0)}, // unchanged since spring
		{Digest: "sha256:bb", Tags: []string{"inputs-77d0"}, Pushed: now.AddDate(0, 0, -1)},
	}
	old, err := lifecycle.Parse([]byte(`{"rules": [{
		"rulePriority": 1,
		"selection": {"tagStatus": "any", "countType": "sinceImagePushed", "countUnit": "days", "countNumber": 90},
		"action": {"type": "expire"}
	}]}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	safe, err := lifecycle.Default([]string{"latest-*"}, 500)
	if err != nil {
		fmt.Println(err)
		return
	}

	running := []string{"sha256:aa"}
	for _, policy := range []lifecycle.Policy{old, safe} {
		risks := policy.Risks(images, running, lifecycle.RiskOptions{Now: now})
		fmt.Println(len(risks), "risks")
		for _, r := range risks {
			fmt.Println(r.Tags, "rule", r.Rule)
		}
	}
	// Output:
	// 1 risks
	// [inputs-3f9c latest-master] rule 1
	// 0 risks
}
