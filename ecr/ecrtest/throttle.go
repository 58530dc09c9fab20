package ecrtest

import "time"

// documented are the rates of ECR, in calls a second for an account in a region.
// A push counts too: its layers and its manifest are InitiateLayerUpload,
// UploadLayerPart, CompleteLayerUpload and PutImage. Operations that have no
// documented rate are not throttled.
// Source: Amazon ECR user guide, "Amazon ECR service quotas".
func documented() map[string]*bucket {
	rates := make(map[string]*bucket)
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
		rates[op] = &bucket{size: perSecond, tokens: perSecond}
	}
	return rates
}

// throttled counts a call of operation op, and reports whether it is one too many.
func (c *Cloud) throttled(op string, now time.Time) bool {
	b := c.rates[op]
	return c.opts.Throttle && b != nil && !b.take(now)
}

// bucket refills within a second, and each call takes a token.
type bucket struct {
	size, tokens float64
	last         time.Time
}

func (b *bucket) take(now time.Time) bool {
	if !b.last.IsZero() {
		b.tokens = min(b.size, b.tokens+b.size*now.Sub(b.last).Seconds())
	}
	b.last = now
	const rounding = 1e-6
	if b.tokens < 1-rounding {
		return false
	}
	b.tokens--
	return true
}
