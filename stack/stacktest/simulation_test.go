package stacktest_test

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	"github.com/google/go-cmp/cmp"

	"github.com/mettel-automation/delivery/stack/stacktest"
)

var (
	runs = flag.Int("simulations", 100, "how many random lives of a stack")
	seed = flag.Uint64("seed", 0, "of the only simulation to run; 0 runs them all")
)

// TestRandomLives takes stacks through random updates with random faults, and
// checks what must hold whatever happens.
func TestRandomLives(t *testing.T) {
	first, last := uint64(1), uint64(*runs)
	if *seed != 0 {
		first, last = *seed, *seed
	}
	for s := first; s <= last; s++ {
		synctest.Test(t, func(t *testing.T) {
			cloud := stacktest.New(stacktest.Options{Timing: quick, PageSize: 7})
			l := &life{bench: bench{t, cloud, cloud.Client()}, random: rand.New(rand.NewPCG(s, s)), needs: map[string][]string{}}
			defer func() {
				if t.Failed() {
					t.Logf("run it again by -run TestRandomLives -seed %d; its events:\n%s", s, strings.Join(l.tell(), "\n"))
				}
			}()
			l.live()
		})
		if t.Failed() {
			return
		}
	}
}

// life is the life of one stack, "demo".
type life struct {
	bench
	random *rand.Rand
	needs  map[string][]string  // of the newest template
	sound  []stacktest.Resource // when the stack last was as its template says, or as before
}

func (l *life) live() {
	const inside = "Parameters: {P: {Type: String}}\nResources:\n  I0: {Type: AWS::EC2::SecurityGroup, Properties: {GroupDescription: %s}}\n"
	l.cloud.AddTemplate("https://t/0", fmt.Appendf(nil, inside, "!Ref P"))
	l.cloud.AddTemplate("https://t/1", fmt.Appendf(nil, inside+"  I1: {Type: AWS::EC2::SecurityGroup, DependsOn: I0}\n", "same"))
	l.faults()
	l.begin()
	for range 1 + l.random.IntN(5) {
		if status := l.status("demo"); strings.HasPrefix(status, "ROLLBACK") {
			break
		}
		l.step()
		l.check()
		if l.Failed() {
			break
		}
	}
	id := l.id("demo")
	for _, r := range l.ids() {
		l.cloud.Heal(r)
		if l.random.IntN(15) == 0 {
			l.cloud.Inject(r, stacktest.Fault{On: []stacktest.Phase{stacktest.Delete}, Times: 1})
		}
	}
	for range 4 { // a fault within a nested stack strikes in each of them
		got := l.delete(id)
		if got == "DELETE_COMPLETE" {
			break
		}
		if got != "DELETE_FAILED" {
			l.Errorf("in the end the stack is %s", got)
		}
		for _, r := range l.ids() {
			l.cloud.Heal(r)
		}
	}
	if got := l.status(id); got != "DELETE_COMPLETE" {
		l.Errorf("in the end the stack is %s", got)
	}
	l.balance(id)
	if l.Failed() {
		return
	}
	for _, s := range l.stacks() {
		if s.StackStatus != types.StackStatusDeleteComplete {
			l.Errorf("%s is left as %s", *s.StackName, s.StackStatus)
		}
	}
}

// stacks are all there were, the nested ones among them.
func (l *life) stacks() []types.StackSummary {
	var all []types.StackSummary
	pages := cloudformation.NewListStacksPaginator(l.client, &cloudformation.ListStacksInput{})
	for pages.HasMorePages() {
		page, err := pages.NextPage(l.Context())
		if err != nil {
			l.Fatal(err)
		}
		all = append(all, page.StackSummaries...)
	}
	return all
}

func (l *life) ids() []string {
	return []string{"R0", "R1", "R2", "R3", "N4", "R5", "N6", "R7", "I0", "I1"}
}

// faults harms some resources, sometimes.
func (l *life) faults() {
	for _, id := range l.ids() {
		l.cloud.Heal(id)
		if l.random.IntN(10) > 0 {
			continue
		}
		phases := []stacktest.Phase{stacktest.Create, stacktest.Update, stacktest.Rollback}
		l.cloud.Inject(id, stacktest.Fault{
			On: []stacktest.Phase{phases[l.random.IntN(3)]}, Early: l.random.IntN(3) == 0, Times: l.random.IntN(3),
			After: time.Duration(l.random.IntN(15)) * time.Second,
		})
	}
}

// template is a random one: some of the ids, each needing some of those before it.
func (l *life) template() string {
	var b strings.Builder
	b.WriteString("Resources:\n")
	l.needs = make(map[string][]string)
	var have []string
	for _, id := range l.ids()[:8] {
		if l.random.IntN(4) == 0 && (id != "R7" || len(have) > 0) {
			continue
		}
		var refs []string
		for _, need := range have {
			if l.random.IntN(3) == 0 {
				refs = append(refs, need)
				l.needs[id] = append(l.needs[id], need)
			}
		}
		if id[0] == 'N' {
			fmt.Fprintf(&b, "  %s: {Type: AWS::CloudFormation::Stack, DependsOn: [%s], Properties: {TemplateURL: https://t/%d, Parameters: {P: p%d}}}\n",
				id, strings.Join(refs, ", "), l.random.IntN(2), l.random.IntN(2))
			have = append(have, id)
			continue
		}
		for i := range refs {
			refs[i] = "!Ref " + refs[i]
		}
		// A description replaces, a note changes in place, and what is referred to may, too.
		fmt.Fprintf(&b, "  %s: {Type: AWS::EC2::SecurityGroup, Properties: {GroupDescription: d%d, Note: n%d, Refs: [%s]}}\n",
			id, l.random.IntN(2), l.random.IntN(3), strings.Join(refs, ", "))
		have = append(have, id)
	}
	return b.String()
}

func (l *life) begin() {
	_, err := l.client.CreateStack(l.Context(), &cloudformation.CreateStackInput{
		StackName: new("demo"), TemplateBody: new(l.template()), DisableRollback: new(l.random.IntN(3) == 0), Capabilities: expand,
	})
	if err != nil {
		l.Fatal(err)
	}
	l.rest("demo")
	l.check()
	l.order()
}

// step updates, rolls back, or goes on with a rollback.
func (l *life) step() {
	l.faults()
	failed := l.status("demo") == "UPDATE_FAILED" || l.status("demo") == "CREATE_FAILED"
	if failed && l.random.IntN(2) == 0 {
		if _, err := l.client.RollbackStack(l.Context(), &cloudformation.RollbackStackInput{StackName: new("demo")}); err != nil {
			l.Error(err)
		}
		l.rest("demo")
		return
	}
	if l.status("demo") == "UPDATE_ROLLBACK_FAILED" {
		if l.random.IntN(2) == 0 {
			for _, id := range l.ids() {
				l.cloud.Heal(id)
			}
		}
		if _, err := l.client.ContinueUpdateRollback(l.Context(), &cloudformation.ContinueUpdateRollbackInput{StackName: new("demo")}); err != nil {
			l.Error(err)
		}
		l.rest("demo")
		return
	}
	_, err := l.client.UpdateStack(l.Context(), &cloudformation.UpdateStackInput{
		StackName: new("demo"), TemplateBody: new(l.template()), DisableRollback: new(l.random.IntN(4) == 0 || failed), Capabilities: expand,
	})
	if err != nil {
		if answer(err) != "ValidationError: No updates are to be performed." {
			l.Error(answer(err))
		}
		return
	}
	if l.random.IntN(4) == 0 {
		time.Sleep(time.Duration(l.random.IntN(40)) * time.Second)
		_, err := l.client.CancelUpdateStack(l.Context(), &cloudformation.CancelUpdateStackInput{StackName: new("demo")})
		if err != nil && answer(err) != "ValidationError: CancelUpdateStack cannot be called from current stack status" {
			l.Error(answer(err))
		}
	}
	l.rest("demo")
}

// check looks at a stack that rests.
func (l *life) check() {
	status := l.status("demo")
	now := l.standing()
	switch status {
	case "CREATE_COMPLETE", "UPDATE_COMPLETE":
		if got, want := len(l.cloud.Resources("demo")), strings.Count(l.body(), "Type:"); got != want {
			l.Errorf("%s: %d resources, and the template has %d", status, got, want)
		}
		l.sound = now
	case "UPDATE_ROLLBACK_COMPLETE":
		if d := cmp.Diff(l.sound, now); d != "" {
			l.Errorf("rolled back (-before +after):\n%s", d)
		}
	case "CREATE_FAILED", "UPDATE_FAILED", "ROLLBACK_COMPLETE", "UPDATE_ROLLBACK_FAILED":
		return
	default:
		l.Errorf("the stack rests as %s", status)
	}
	for _, r := range l.cloud.Resources("demo") {
		if !strings.HasSuffix(r.Status, "_COMPLETE") || r.PhysicalID == "" {
			l.Errorf("%s: %s is %s as %q", status, r.LogicalID, r.Status, r.PhysicalID)
		}
	}
}

// standing are the resources of the stack, and what those in nested stacks are
// like, whether or not they had to be made again.
func (l *life) standing() (all []stacktest.Resource) {
	for _, r := range l.cloud.Resources("demo") {
		r.Status, r.Reason = "", ""
		all = append(all, r)
		if r.Type != "AWS::CloudFormation::Stack" {
			continue
		}
		for _, inside := range l.cloud.Resources(r.PhysicalID) {
			all = append(all, stacktest.Resource{LogicalID: r.LogicalID + "/" + inside.LogicalID, Properties: inside.Properties})
		}
	}
	return all
}

func (l *life) body() string {
	out, err := l.client.GetTemplate(l.Context(), &cloudformation.GetTemplateInput{StackName: new("demo")})
	if err != nil {
		l.Fatal(err)
	}
	return *out.TemplateBody
}

// order checks that nothing of the creation began before what it needs was there.
func (l *life) order() {
	complete := make(map[string]bool)
	for _, e := range l.rawEvents("demo") {
		id := *e.LogicalResourceId
		switch e.ResourceStatus {
		case types.ResourceStatusCreateComplete:
			complete[id] = true
		case types.ResourceStatusCreateInProgress:
			for _, need := range l.needs[id] {
				if !complete[need] {
					l.Errorf("%s began before %s was there", id, need)
				}
			}
		}
	}
}

// balance checks that all that was made is gone, and that nothing went twice.
func (l *life) balance(id string) {
	made, gone := make(map[string]int), make(map[string]int)
	l.tally(id, made, gone)
	for _, s := range l.stacks() {
		if *s.StackId != id {
			l.tally(*s.StackId, made, gone)
		}
	}
	if d := cmp.Diff(made, gone); d != "" {
		l.Errorf("resources in AWS (-made +deleted):\n%s", d)
	}
}

// tell returns the events of all stacks.
func (l *life) tell() (all []string) {
	for _, s := range l.stacks() {
		for _, e := range l.rawEvents(*s.StackId) {
			all = append(all, fmt.Sprint(*s.StackName, " ", e.Timestamp.Format("15:04:05 "), *e.LogicalResourceId, " ", e.ResourceStatus, " ",
				aws.ToString(e.PhysicalResourceId), " ", aws.ToString(e.ResourceStatusReason)))
		}
	}
	return all
}

// tally counts what the events of a stack make and delete.
func (l *life) tally(id string, made, gone map[string]int) {
	ids, last := make(map[string]bool), time.Time{}
	for _, e := range l.rawEvents(id) {
		physical := aws.ToString(e.PhysicalResourceId)
		if ids[*e.EventId] || e.Timestamp.Before(last) {
			l.Errorf("event %s comes twice, or too late", *e.EventId)
		}
		ids[*e.EventId], last = true, *e.Timestamp
		switch {
		case aws.ToString(e.ResourceStatusReason) == "Resource creation Initiated":
			made[physical]++
		case e.ResourceStatus == types.ResourceStatusDeleteComplete && physical != id && physical != "":
			gone[physical]++
		}
	}
}
