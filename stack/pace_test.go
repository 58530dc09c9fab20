package stack_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cloudformation"

	"github.com/mettel-automation/delivery/stack"
	"github.com/mettel-automation/delivery/stack/stacktest"
)

// polled notes when the events of each stack were read.
type polled struct {
	*cloudformation.Client
	mu    sync.Mutex
	reads map[string][]time.Time // by name or ARN: those that were answered
	pages int                    // further ones
}

func (p *polled) DescribeStackEvents(ctx context.Context, in *cloudformation.DescribeStackEventsInput, opts ...func(*cloudformation.Options)) (*cloudformation.DescribeStackEventsOutput, error) {
	out, err := p.Client.DescribeStackEvents(ctx, in, opts...)
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case err != nil:
	case in.NextToken != nil:
		p.pages++
	default:
		p.reads[*in.StackName] = append(p.reads[*in.StackName], time.Now())
	}
	return out, err
}

// TestManyStacksAtOnce applies 50 stacks and one with a nested one by one Manager,
// with the throttling of AWS: the events of each are read once a poll.
func TestManyStacksAtOnce(t *testing.T) {
	bubble(t, stacktest.Options{Throttle: true}, func(t *testing.T, cloud *stacktest.Cloud) {
		const stacks, interval = crowd, 5 * time.Second
		const url = "https://templates.s3.us-east-1.amazonaws.com/metrics.yaml"
		cloud.AddTemplate(url, []byte(metrics))
		api := &polled{Client: cloud.Client(), reads: make(map[string][]time.Time)}
		m := stack.New(api, stack.Options{PollInterval: interval, MaxPollInterval: interval})
		all := []stack.Stack{{Name: "nest", Body: []byte(house), Parameters: map[string]string{"Environment": "nest"}}}
		for i := range stacks {
			s := demo()
			s.Name = fmt.Sprintf("demo-%d", i)
			s.Parameters = map[string]string{"Environment": s.Name, "Redis": fmt.Sprintf("r-%d", i)}
			all = append(all, s)
		}
		began := time.Now()
		var group sync.WaitGroup
		for _, s := range all {
			group.Go(func() {
				if err := run(t.Context(), m, s); err != nil {
					t.Errorf("%s: %v", s.Name, err)
				}
			})
		}
		group.Wait()
		if took := time.Since(began); took > 15*time.Minute {
			t.Errorf("it took %s, and one stack takes 7 minutes", took)
		}
		if len(api.reads) != stacks+2 || api.pages > 0 {
			t.Errorf("the events of %d stacks were read, with %d further pages", len(api.reads), api.pages)
		}
		for id, at := range api.reads {
			// One read is for the last event before the operation. The interval has up to a fifth of jitter.
			if polls := polls(at, interval*4/5); len(at) > polls+2 {
				t.Errorf("%s: %d reads in %d polls", id, len(at), polls)
			}
		}
		if nested := slices.IndexFunc(slices.Collect(maps.Keys(api.reads)), func(id string) bool { return strings.Contains(id, "nest-Metrics") }); nested < 0 {
			t.Error("the nested stack was not looked into")
		}
		if cloud.Calls("DescribeStackEvents") <= stacks {
			t.Error("nothing was polled")
		}
	})
}

// polls are how many reads there can be where two are as long apart as that.
func polls(at []time.Time, apart time.Duration) int {
	n, last := 0, time.Time{}
	for _, when := range at {
		if when.Sub(last) >= apart {
			n, last = n+1, when
		}
	}
	return n
}

func TestEventsAreReadOnceAPoll(t *testing.T) {
	bubble(t, stacktest.Options{}, func(t *testing.T, cloud *stacktest.Cloud) {
		const interval = 5 * time.Second
		m := stack.New(cloud.Client(), stack.Options{PollInterval: interval, MaxPollInterval: interval})
		p := plan(t, m, demo())
		before := cloud.Calls("DescribeStackEvents")
		r, err := m.Apply(t.Context(), p)
		if err != nil {
			t.Fatal(err)
		}
		// The interval has up to a fifth of jitter; one call is that for the last event before.
		most := int(r.Ended.Sub(r.Started)/(interval*4/5)) + 2
		if n := cloud.Calls("DescribeStackEvents") - before; n > most {
			t.Errorf("%d calls in %s, want at most %d", n, r.Ended.Sub(r.Started), most)
		}
	})
}
