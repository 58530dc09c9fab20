package main

import (
	"time"

	"github.com/mettel-automation/delivery/ecr/ecrtest"
	"github.com/mettel-automation/delivery/ecr/repository"
)

// sample is an ECR in memory that has desired as somebody made them by hand, each
// with a few images; the first of several may be missing, so that one sees it made.
func sample(desired []repository.Repository, missing bool) api {
	cloud := ecrtest.New(ecrtest.Options{})
	images := []struct {
		days int // since it was pushed
		tags []string
	}{
		{200, []string{"inputs-3f9c", "latest-master", "master-7"}},
		{100, []string{"20260704-13"}},
		{45, []string{"inputs-90ab"}},
		{20, []string{"c721e158-9", "latest-c721e158"}},
		{3, []string{"inputs-77d0", "8527fec8-131", "latest-8527fec8"}},
		{0, []string{"0f0f0f0f-1"}}, // of an environment in the making
	}
	if missing && len(desired) > 1 {
		desired = desired[1:]
	}
	for _, r := range desired {
		for _, i := range images {
			cloud.AddImage(r.Name, ecrtest.Image{Tags: i.tags, Pushed: time.Now().AddDate(0, 0, -i.days)})
		}
	}
	return cloud.Client()
}
