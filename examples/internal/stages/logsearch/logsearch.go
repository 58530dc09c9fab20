// Package logsearch is what deploying and destroying an environment have in common
// about the searches of its logs.
package logsearch

import (
	"cmp"
	"fmt"
	"time"

	"github.com/mettel-automation/delivery/examples/internal/cloud"
	"github.com/mettel-automation/delivery/examples/internal/config"
	"github.com/mettel-automation/delivery/examples/internal/job"
	"github.com/mettel-automation/delivery/papertrail"
	"github.com/mettel-automation/delivery/papertrail/httpapi"
)

// The environment variables by which Papertrail is found.
const (
	TokenVariable = "PAPERTRAIL_API_TOKEN"
	URLVariable   = "PAPERTRAIL_URL" // of its API; default that of Papertrail
)

// FromEnv connects to Papertrail by the variables of the job, or to the one of a cloud in
// memory. It is nil where there is no token, or nothing to search for.
func FromEnv(c *cloud.Cloud, j *job.Job) (papertrail.API, error) {
	token := j.Getenv(TokenVariable)
	if c.Papertrail != nil {
		token = cmp.Or(token, "local")
	}
	if token == "" {
		return nil, nil
	}
	opts := httpapi.Options{Token: httpapi.Token(token), BaseURL: j.Getenv(URLVariable), Transport: c.Papertrail}
	if c.Speed != 1 {
		opts.Window = c.Pace(5 * time.Second)
	}
	client, err := httpapi.New(opts)
	if err != nil {
		return nil, fmt.Errorf("connect to Papertrail: %w", err)
	}
	return client, nil
}

// Environment is that of the job as Papertrail has it. Its groups go by its name, which
// holds the project, so that those of two systems in one account stay apart.
func Environment(j *job.Job) papertrail.Environment {
	e := papertrail.Environment{ID: j.Env.Name, Branch: j.Env.Branch, Wildcard: j.Config.Papertrail.Wildcard}
	e.Notifications, e.Alarms = searches(j.Config.Papertrail.Notifications), searches(j.Config.Papertrail.Alarms)
	return e
}

func searches(list []config.Search) (all []papertrail.Search) {
	for _, s := range list {
		all = append(all, papertrail.Search(s))
	}
	return all
}
