package ecstest

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Log scripts what the first container of each task of the named service, in
// any cluster, writes before it crashes, a message an event. Without a script
// it is a line or two of no matter. Only a container whose log configuration
// has the awslogs driver, a group and a stream prefix is heard.
func (c *Cloud) Log(service string, messages ...string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.scripts[service] = slices.Clone(messages)
}

// stream is a log stream, by group and name.
type stream struct{ group, name string }

type logEvent struct {
	at      time.Time
	message string
}

// write has the first container of t write its last words. They can be read
// after a while.
func (c *Cloud) write(t *task, timing Timing, now time.Time) {
	def := t.deployment.definition.containers()[0]
	config, _ := def["logConfiguration"].(object)
	options, _ := config["options"].(object)
	group, _ := options["awslogs-group"].(string)
	prefix, _ := options["awslogs-stream-prefix"].(string)
	name, _ := def["name"].(string)
	if config["logDriver"] != "awslogs" || group == "" || prefix == "" {
		return
	}
	messages, scripted := c.scripts[t.service.name]
	if !scripted {
		messages = []string{t.service.name + " starts", "fatal: " + t.service.name + " cannot go on"}
	}
	c.agenda.Plan(now.Add(timing.Log), func(time.Time) {
		key := stream{group, prefix + "/" + name + "/" + t.id}
		for _, m := range messages {
			c.streams[key] = append(c.streams[key], logEvent{now, m})
		}
	})
}

type eventsInput struct {
	Group    string `json:"logGroupName"`
	Stream   string `json:"logStreamName"`
	Limit    int    `json:"limit"`
	Token    string `json:"nextToken"`
	FromHead bool   `json:"startFromHead"`
}

// What one GetLogEvents call gives at most, and what counts beside the message.
// Source: CloudWatch Logs API reference, GetLogEvents and PutLogEvents.
const (
	eventPage     = 10_000
	eventBytes    = 1 << 20
	eventOverhead = 26
)

// getLogEvents gives a page of a stream: its end, or what a token points to. A
// token that has nothing behind it comes back as it was.
func (c *Cloud) getLogEvents(in eventsInput) (object, *Error) {
	events, exists := c.streams[stream{in.Group, in.Stream}]
	if !exists {
		return nil, &Error{Code: "ResourceNotFoundException", Message: "The specified log stream does not exist."}
	}
	if in.Limit < 0 || in.Limit > eventPage {
		return nil, invalid("1 validation error detected: Value at 'limit' failed to satisfy constraint: Member must have value between 1 and 10000")
	}
	start, end, ok := in.slice(events)
	if !ok {
		return nil, invalid("The specified nextToken is invalid.")
	}
	page := []object{}
	for _, e := range events[start:end] {
		page = append(page, object{"timestamp": e.at.UnixMilli(), "ingestionTime": e.at.UnixMilli(), "message": e.message})
	}
	return object{
		"events": page, "nextForwardToken": "f/" + strconv.Itoa(end), "nextBackwardToken": "b/" + strconv.Itoa(start),
	}, nil
}

// slice says which events make the page: those after the place of a forward
// token, or before that of a backward one, as many as fit.
func (in eventsInput) slice(events []logEvent) (start, end int, ok bool) {
	direction, place, given := strings.Cut(in.Token, "/")
	at, err := strconv.Atoi(place)
	switch {
	case !given && in.FromHead:
		direction, at = "f", 0
	case !given:
		direction, at = "b", len(events)
	case err != nil || at < 0 || at > len(events):
		return 0, 0, false
	}
	start, end = at, at
	limit, size := cmp.Or(in.Limit, eventPage), 0
	fits := func(e logEvent) bool {
		size += len(e.message) + eventOverhead
		return end-start < limit && size <= eventBytes
	}
	switch direction {
	case "f":
		for end < len(events) && fits(events[end]) {
			end++
		}
	case "b":
		for start > 0 && fits(events[start-1]) {
			start--
		}
	}
	return start, end, direction == "f" || direction == "b"
}
