package kubetest

import "time"

// Timing says how long things take in a cluster. A field that is zero has its
// default; a negative one is no time at all.
type Timing struct {
	React    time.Duration // until a controller sees a change; default 50 ms
	Schedule time.Duration // until a pod has its node; default 200 ms
	Pull     time.Duration // from then until its images are there and it runs; default 2 s
	Ready    time.Duration // from its start until a container is ready; default 3 s
	Run      time.Duration // how long a container runs that ends, as in a Job; default 5 s
	Crash    time.Duration // how long one runs that crashes; default 1 s
	Backoff  time.Duration // the first pause before a restart; doubles up to 5 minutes; default 10 s
	Stop     time.Duration // until the containers of a deleted pod have ended, within its grace period; default 1 s
	Volume   time.Duration // until a volume is provisioned; default 3 s
	Balance  time.Duration // until a load balancer has its host name; default 10 s
	Ingress  time.Duration // until an Ingress has its address; default 5 s
}

// DefaultTiming is that of a zero Timing.
func DefaultTiming() Timing {
	return Timing{
		React: 50 * time.Millisecond, Schedule: 200 * time.Millisecond, Pull: 2 * time.Second, Ready: 3 * time.Second,
		Run: 5 * time.Second, Crash: time.Second, Backoff: 10 * time.Second, Stop: time.Second,
		Volume: 3 * time.Second, Balance: 10 * time.Second, Ingress: 5 * time.Second,
	}
}

// Quick is a Timing in which nothing takes more than some milliseconds, for
// tests in real time.
func Quick() Timing {
	const short = 2 * time.Millisecond
	return Timing{
		React: short, Schedule: short, Pull: short, Ready: short, Run: short, Crash: short,
		Backoff: 10 * short, Stop: short, Volume: short, Balance: short, Ingress: short,
	}
}

// filled is t with defaults for what is zero.
func (t Timing) filled() Timing {
	fill := func(d *time.Duration, v time.Duration) {
		switch {
		case *d == 0:
			*d = v
		case *d < 0:
			*d = 0
		}
	}
	v := DefaultTiming()
	fill(&t.React, v.React)
	fill(&t.Schedule, v.Schedule)
	fill(&t.Pull, v.Pull)
	fill(&t.Ready, v.Ready)
	fill(&t.Run, v.Run)
	fill(&t.Crash, v.Crash)
	fill(&t.Backoff, v.Backoff)
	fill(&t.Stop, v.Stop)
	fill(&t.Volume, v.Volume)
	fill(&t.Balance, v.Balance)
	fill(&t.Ingress, v.Ingress)
	// Without any time between a change and what follows, two controllers could
	// answer each other for ever at the same moment.
	t.React = max(t.React, time.Millisecond)
	return t
}
