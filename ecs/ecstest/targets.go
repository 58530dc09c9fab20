package ecstest

import (
	"encoding/xml"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/mettel-automation/delivery/internal/double"
)

// The states of a target.
const (
	targetInitial   = "initial"
	targetHealthy   = "healthy"
	targetUnhealthy = "unhealthy"
	targetDraining  = "draining"
	targetUnused    = "unused"
)

// TargetGroupARN is the ARN of the named target group where the Cloud is. A
// target group exists as soon as a service names it.
func TargetGroupARN(name string) string {
	return "arn:aws:elasticloadbalancing:" + Region + ":" + Account + ":targetgroup/" + name + "/0123456789abcdef"
}

// probe is the moment at which the load balancer knows how t's targets are. ECS
// stops a task whose targets are unhealthy, and counts it as failed.
func (c *Cloud) probe(t *task, timing Timing, now time.Time) {
	if c.faultOf(t.service, t.deployment.definition) == UnhealthyTarget {
		t.target = targetUnhealthy
		group := t.service.ties.LoadBalancers[0].TargetGroup
		c.after(t, now, timing.Target, func(now time.Time) {
			c.fail(t, "ServiceSchedulerInitiated", "Task failed ELB health checks in (target-group "+group+")", true, now)
		})
		return
	}
	t.target = targetHealthy
	if t.sound {
		t.passed()
	}
}

// targetHealth is a target on the wire.
type targetHealth struct {
	ID          string `xml:"Target>Id"`
	Port        int    `xml:"Target>Port"`
	State       string `xml:"TargetHealth>State"`
	Reason      string `xml:"TargetHealth>Reason,omitempty"`
	Description string `xml:"TargetHealth>Description,omitempty"`
}

func (h targetHealth) in(state string) targetHealth {
	h.State = state
	switch state {
	case targetInitial:
		h.Reason, h.Description = "Elb.RegistrationInProgress", "Target registration is in progress"
	case targetUnhealthy:
		h.Reason, h.Description = "Target.ResponseCodeMismatch", "Health checks failed with these codes: [502]"
	case targetDraining:
		h.Reason, h.Description = "Target.DeregistrationInProgress", "Target deregistration is in progress"
	case targetUnused:
		h.Reason, h.Description = "Target.NotRegistered", "Target is not registered to the target group"
	}
	return h
}

// describeTargetHealth answers with the targets of one group; where the call
// names some, with these alone.
func (c *Cloud) describeTargetHealth(body []byte) (object, *Error) {
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return nil, &Error{Code: "MalformedInput", Message: err.Error()}
	}
	all, known := c.targets(form.Get("TargetGroupArn"))
	if !known {
		return nil, &Error{Code: "TargetGroupNotFound", Message: "One or more target groups not found"}
	}
	var asked []targetHealth
	for i := 1; form.Has("Targets.member." + strconv.Itoa(i) + ".Id"); i++ {
		prefix := "Targets.member." + strconv.Itoa(i)
		want := targetHealth{ID: form.Get(prefix + ".Id")}
		want.Port, _ = strconv.Atoi(form.Get(prefix + ".Port")) // none is 0, any port
		j := slices.IndexFunc(all, func(h targetHealth) bool { return h.ID == want.ID && (want.Port == 0 || h.Port == want.Port) })
		if j >= 0 {
			asked = append(asked, all[j])
		} else {
			asked = append(asked, want.in(targetUnused))
		}
	}
	if asked != nil {
		all = asked
	}
	return object{"targets": all}, nil
}

// targets returns the targets of a group, and whether any service names it.
func (c *Cloud) targets(group string) (all []targetHealth, known bool) {
	for _, cl := range c.clusters {
		for _, s := range cl.services {
			for _, lb := range s.ties.LoadBalancers {
				if lb.TargetGroup != group {
					continue
				}
				known = true
				for _, t := range s.tasks {
					h := targetHealth{ID: t.address, Port: lb.Port}
					switch {
					case t.target == "" || t.status == stopped:
					case t.stopping:
						all = append(all, h.in(targetDraining))
					default:
						all = append(all, h.in(t.target))
					}
				}
			}
		}
	}
	slices.SortFunc(all, func(a, b targetHealth) int { return strings.Compare(a.ID, b.ID) })
	return all, known
}

// formType is the content type of the query protocol, which Elastic Load Balancing speaks.
const formType = "application/x-www-form-urlencoded"

// query answers a call of the query protocol: a form comes in, XML goes out.
func (c *Cloud) query(w http.ResponseWriter, body []byte) {
	action := ""
	if form, err := url.ParseQuery(string(body)); err == nil {
		action = form.Get("Action")
	}
	out, fault := c.call(elbPrefix+action, body)
	if fault != nil {
		var answer struct {
			XMLName xml.Name `xml:"ErrorResponse"`
			Type    string   `xml:"Error>Type"`
			Code    string   `xml:"Error>Code"`
			Message string   `xml:"Error>Message"`
		}
		answer.Type, answer.Code, answer.Message = "Sender", fault.Code, fault.Message
		writeXML(w, fault.HTTPStatus(), answer)
		return
	}
	var answer struct {
		XMLName xml.Name       `xml:"http://elasticloadbalancing.amazonaws.com/doc/2015-12-01/ DescribeTargetHealthResponse"`
		Targets []targetHealth `xml:"DescribeTargetHealthResult>TargetHealthDescriptions>member"`
	}
	answer.Targets, _ = out["targets"].([]targetHealth)
	writeXML(w, http.StatusOK, answer)
}

func writeXML(w http.ResponseWriter, status int, v any) {
	body, err := xml.Marshal(v)
	if err != nil {
		fault := double.Unencodable(err)
		http.Error(w, fault.Error(), fault.HTTPStatus())
		return
	}
	double.Write(w, status, "text/xml", body)
}
