package ecrtest

import (
	"time"

	"github.com/mettel-automation/delivery/internal/throttle"
)

// documented are the rates of ECR, in calls a second for an account in a region.
// A push counts too: its layers and its manifest are InitiateLayerUpload,
// UploadLayerPart, CompleteLayerUpload and PutImage. Operations that have no
// documented rate are not throttled.
// Source: Amazon ECR user guide, "Amazon ECR service quotas".
func documented() map[string]*throttle.Bucket {
	rates := make(map[string]*throttle.Bucket)
	for op, perSecond := range map[string]float64{
		"BatchCheckLayerAvailability": 1000,
		"BatchGetImage":               2000,
		"CompleteLayerUpload":         100,
		"GetAuthorizationToken":       500,
		"GetDownloadUrlForLayer":      3000,
		"InitiateLayerUpload":         100,
		"PutImage":                    10,
		"UploadLayerPart":             500,
	} {
		rates[op] = throttle.New(perSecond, perSecond)
	}
	return rates
}

// throttled counts a call of operation op, and reports whether it is one too many.
func (c *Cloud) throttled(op string, now time.Time) bool {
	b := c.rates[op]
	return c.opts.Throttle && b != nil && !b.Take(now)
}
