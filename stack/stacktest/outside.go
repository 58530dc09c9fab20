package stacktest

import (
	"context"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
)

// Snapshot is what a stack looks like inside the Cloud, without any lag.
type Snapshot struct {
	ID, Status, Reason string
	Outputs            map[string]string
	Parameters         map[string]string // also those that NoEcho hides from callers
	Tags               map[string]string
	Protected          bool
	ChangeSets         int // that could be listed
}

// Stack returns the present state of a stack by its name or id, and whether there
// is one. Deleted stacks have only the id.
func (c *Cloud) Stack(nameOrID string) (Snapshot, bool) {
	defer c.present()()
	s := c.find(nameOrID)
	if s == nil {
		return Snapshot{}, false
	}
	out := Snapshot{
		ID: s.id, Status: string(s.status), Reason: s.reason, Parameters: s.deployed.parameters, Tags: s.deployed.tags, Protected: s.protected,
		Outputs: make(map[string]string),
	}
	for _, o := range s.outputs {
		out.Outputs[*o.OutputKey] = *o.OutputValue
	}
	for _, cs := range s.changeSets {
		if !cs.gone && cs.execution != types.ExecutionStatusExecuteComplete {
			out.ChangeSets++
		}
	}
	return out, true
}

// Stacks returns the names of the stacks that there are, those of nested stacks
// included, sorted.
func (c *Cloud) Stacks() []string {
	defer c.present()()
	var names []string
	for _, s := range c.stacks {
		if s.status != types.StackStatusDeleteComplete {
			names = append(names, s.name)
		}
	}
	slices.Sort(names)
	return names
}

// Resource is what a resource looks like inside the Cloud.
type Resource struct {
	LogicalID, Type, PhysicalID, Status, Reason string
	Properties                                  map[string]any    // as they are outside
	Tags                                        map[string]string // of the stack, where they reach it
}

// Resources returns the resources of a stack, by its name or id, sorted by
// logical id; those of a nested stack are found by its own.
func (c *Cloud) Resources(nameOrID string) []Resource {
	defer c.present()()
	s := c.find(nameOrID)
	if s == nil {
		return nil
	}
	var out []Resource
	for _, r := range s.sorted() {
		out = append(out, r.outside())
	}
	return out
}

// AddTemplate stores a template under a URL, as a bucket of S3 would, for the
// TemplateURL of calls and of nested stacks.
func (c *Cloud) AddTemplate(url string, body []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.templates[url] = body
}

// Upload stores a template under a URL that is made of its content. It makes a
// Cloud the place of large templates of package stack.
func (c *Cloud) Upload(ctx context.Context, body []byte) (url string, err error) {
	if err := ctx.Err(); err != nil {
		return "", fmt.Errorf("upload template: %w", err)
	}
	url = "https://templates.s3." + Region + ".amazonaws.com/" + digest(string(body)) + ".template"
	c.AddTemplate(url, body)
	return url, nil
}

// SetObjects says how many objects a bucket holds; one with any cannot be deleted.
func (c *Cloud) SetObjects(bucket string, n int) {
	defer c.present()()
	c.objects[bucket] = n
}

// Objects returns how many objects a bucket holds.
func (c *Cloud) Objects(bucket string) int {
	defer c.present()()
	return c.objects[bucket]
}

// Empty deletes the objects of a bucket, and returns how many there were. It makes
// a Cloud what empties the buckets of package stack. All its buckets belong to Account.
func (c *Cloud) Empty(ctx context.Context, bucket, account string) (deleted int, err error) {
	if err := ctx.Err(); err != nil {
		return 0, fmt.Errorf("empty bucket %s: %w", bucket, err)
	}
	if account != "" && account != Account {
		return 0, fmt.Errorf("empty bucket %s: it belongs to account %s, not to %s", bucket, Account, account)
	}
	defer c.present()()
	deleted = c.objects[bucket]
	delete(c.objects, bucket)
	return deleted, nil
}

// Take makes a name of a resource type be taken in AWS, outside any stack: a stack
// that wants it fails.
func (c *Cloud) Take(resourceType, name string) {
	defer c.present()()
	c.claims[claim{resourceType, name}] = ""
}
