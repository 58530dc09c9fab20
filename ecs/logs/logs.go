// Package logs reads what the containers of failed tasks have written last, so
// that the report of a failed rollout says why.
//
// A [Reader] is the log reader of a rollout:
//
//	reader := logs.New(cloudwatchlogs.NewFromConfig(cfg), logs.Options{})
//	deployer := ecs.New(client, ecs.Options{Cluster: "automation-master", Logs: reader})
//
// It reads what the awslogs driver has sent to CloudWatch Logs, from the group
// and the region that the container's own log configuration names. A container
// with another driver (awsfirelens, splunk), or without a stream prefix, has no
// lines here.
//
// It neither follows nor searches logs, and does not look for secrets in them:
// whoever shows lines decides who may read them. Control characters stay as
// they are; renderers must not hand them to a terminal.
package logs

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
	ecstypes "github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/mettel-automation/delivery/ecs/internal/grant"
)

// API is what reading needs of a [cloudwatchlogs.Client]. It takes the
// permission logs:GetLogEvents.
type API interface {
	GetLogEvents(context.Context, *cloudwatchlogs.GetLogEventsInput, ...func(*cloudwatchlogs.Options)) (*cloudwatchlogs.GetLogEventsOutput, error)
}

// Options tune a Reader. The zero value is ready to use.
type Options struct {
	// LineLength is how many characters of a line are kept; default 1000. What is
	// cut off is marked by "…".
	LineLength int
}

// Reader reads the ends of log streams. It is an ecs.LogReader.
type Reader struct {
	api  API
	opts Options
}

// New returns a Reader that asks api.
func New(api API, opts Options) *Reader {
	if opts.LineLength <= 0 {
		opts.LineLength = 1000
	}
	return &Reader{api: api, opts: opts}
}

// Limits of one call, and of how many a Tail makes: a page holds as many events
// as fit in 1 MB, so that a few pages are plenty of text for people.
// Source: CloudWatch Logs API reference, GetLogEvents, "limit".
const (
	pageEvents = 10_000
	pages      = 5
)

// Tail returns the last lines, at most n, that a container of a task wrote,
// oldest first. An event of several lines is split. There are none, and no
// error, where the container logs elsewhere, or where its stream does not exist
// yet: lines arrive some seconds late.
func (r *Reader) Tail(ctx context.Context, def ecstypes.ContainerDefinition, taskID string, n int) ([]string, error) {
	s, ok := streamOf(def, taskID)
	if !ok || n <= 0 {
		return nil, nil
	}
	var lines []string
	in := &cloudwatchlogs.GetLogEventsInput{
		LogGroupName: &s.group, LogStreamName: &s.name, StartFromHead: new(false), Limit: new(int32(min(n, pageEvents))),
	}
	for range pages {
		out, err := r.api.GetLogEvents(ctx, in, s.inRegion)
		if missing(err) {
			return nil, nil
		}
		if err != nil {
			return nil, fmt.Errorf("read log stream %s of group %s: %w", s.name, s.group, grant.Explain(err, "logs:GetLogEvents"))
		}
		var page []string
		for _, e := range out.Events {
			page = append(page, r.split(e)...)
		}
		lines = append(page, lines...)
		// The token of the call comes back where the stream begins.
		if len(lines) >= n || out.NextBackwardToken == nil || in.NextToken != nil && *out.NextBackwardToken == *in.NextToken {
			break
		}
		in.NextToken = out.NextBackwardToken
	}
	return slices.Clone(lines[max(0, len(lines)-n):]), nil
}

// stream is where a container of one task writes.
type stream struct{ group, name, region string }

// streamOf reads the log configuration of a container.
// Source: ECS developer guide, "Using the awslogs log driver": with a prefix, a
// stream is named prefix/container/task.
func streamOf(def ecstypes.ContainerDefinition, taskID string) (stream, bool) {
	c := def.LogConfiguration
	if c == nil || c.LogDriver != ecstypes.LogDriverAwslogs || def.Name == nil || taskID == "" {
		return stream{}, false
	}
	group, prefix := c.Options["awslogs-group"], c.Options["awslogs-stream-prefix"]
	return stream{group, prefix + "/" + *def.Name + "/" + taskID, c.Options["awslogs-region"]}, group != "" && prefix != ""
}

// inRegion sends a call to where the stream is.
func (s stream) inRegion(o *cloudwatchlogs.Options) {
	if s.region != "" {
		o.Region = s.region
	}
}

// missing reports whether there is no such stream, or group, yet.
func missing(err error) bool {
	_, missing := errors.AsType[*types.ResourceNotFoundException](err)
	return missing
}

// split returns the lines of an event, cut to a sane length.
func (r *Reader) split(e types.OutputLogEvent) []string {
	if e.Message == nil {
		return nil
	}
	text := strings.TrimRight(strings.ReplaceAll(*e.Message, "\r\n", "\n"), "\r\n")
	var lines []string
	for line := range strings.SplitSeq(text, "\n") {
		lines = append(lines, cut(line, r.opts.LineLength))
	}
	return lines
}

// cut shortens a line to n characters, the mark included.
func cut(line string, n int) string {
	if utf8.RuneCountInString(line) <= n {
		return line
	}
	return string([]rune(line)[:n-1]) + "…"
}
