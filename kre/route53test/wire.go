package route53test

import (
	"encoding/xml"
	"net/http"
	"strings"
	"time"

	"github.com/mettel-automation/delivery/internal/double"
)

// RoundTrip answers one request as Route 53 would.
func (c *Cloud) RoundTrip(r *http.Request) (*http.Response, error) { return double.RoundTrip(c, r) }

// ServeHTTP serves the Cloud to other programs, such as the AWS CLI with
// --endpoint-url. The Cloud itself opens no socket.
func (c *Cloud) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	raw, fault := double.Body(w, r)
	route, id := find(r.Method, r.URL.Path), ""
	status := route.success
	var out any
	if fault == nil {
		out, id, fault = c.call(route, request{route.id, r.URL.Query(), raw})
	}
	if fault != nil {
		out, status = errorResponse{Error: errorBody{Type: "Sender", Code: fault.Code, Message: fault.Message}, RequestID: id}, fault.HTTPStatus()
	}
	body, err := xml.Marshal(out)
	if err != nil {
		fault := double.Unencodable(err)
		http.Error(w, fault.Error(), fault.HTTPStatus())
		return
	}
	double.Write(w, status, "text/xml", append([]byte(xml.Header), body...))
}

// call does what an operation asks for.
func (c *Cloud) call(route route, r request) (out any, id string, fault *Error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if route.writes {
		c.writes++
	}
	id = strings.ToLower(c.id("R"))
	out, fault = double.Do(&c.calls, route.op, func(now time.Time) (any, *Error) {
		if c.opts.Throttle && !c.bucket.Take(now) {
			return nil, Throttled()
		}
		if route.serve == nil {
			return nil, &Error{Status: http.StatusNotFound, Code: "UnknownOperationException", Message: "route53test does not have " + route.op}
		}
		return route.serve(c, r, now)
	})
	return out, id, fault
}

// request is what a call brought.
type request struct {
	id    string // of the zone or the change that its path names
	query interface{ Get(string) string }
	body  []byte
}

// route is one operation of the service.
type route struct {
	op, id  string
	success int
	writes  bool
	serve   func(c *Cloud, r request, now time.Time) (any, *Error)
}

// find returns the operation of a method and a path such as
// "/2013-04-01/hostedzone/Z123/rrset".
func find(method, path string) route {
	_, rest, _ := strings.Cut(strings.Trim(path, "/"), "/") // without the version
	segments, place, id := strings.Split(rest, "/"), 1, ""
	if segments[0] == "tags" {
		place = 2
	}
	if len(segments) > place {
		id, segments[place] = segments[place], "*"
	}
	pattern := method + " " + strings.Join(segments, " ")
	if r, ok := routes()[pattern]; ok {
		r.id = id
		if r.success == 0 {
			r.success = http.StatusOK
		}
		return r
	}
	return route{op: method + " " + path}
}

// routes are all operations that the Cloud has; "*" is an id.
func routes() map[string]route {
	return map[string]route{
		"POST hostedzone":         {op: "CreateHostedZone", success: http.StatusCreated, writes: true, serve: body((*Cloud).createZone)},
		"GET hostedzone":          {op: "ListHostedZones", serve: plainly((*Cloud).listZones)},
		"GET hostedzonesbyname":   {op: "ListHostedZonesByName", serve: plainly((*Cloud).listByName)},
		"GET hostedzonecount":     {op: "GetHostedZoneCount", serve: plainly((*Cloud).countZones)},
		"GET hostedzone *":        {op: "GetHostedZone", serve: plainly((*Cloud).getZone)},
		"POST hostedzone *":       {op: "UpdateHostedZoneComment", writes: true, serve: body((*Cloud).updateComment)},
		"DELETE hostedzone *":     {op: "DeleteHostedZone", writes: true, serve: plainly((*Cloud).deleteZone)},
		"POST hostedzone * rrset": {op: "ChangeResourceRecordSets", writes: true, serve: body((*Cloud).changeRecords)},
		"GET hostedzone * rrset":  {op: "ListResourceRecordSets", serve: plainly((*Cloud).listRecords)},
		"GET change *":            {op: "GetChange", serve: plainly(func(c *Cloud, r request, now time.Time) (*getChangeResponse, *Error) { return c.getChange(r.id, now) })},
		"POST tags hostedzone *":  {op: "ChangeTagsForResource", writes: true, serve: body((*Cloud).changeTags)},
		"GET tags hostedzone *":   {op: "ListTagsForResource", serve: plainly((*Cloud).listTags)},
		"POST tags hostedzone":    {op: "ListTagsForResources", serve: body((*Cloud).listTagsOfSeveral)},
	}
}

// plainly is an operation without a body.
func plainly[Out any](do func(*Cloud, request, time.Time) (*Out, *Error)) func(*Cloud, request, time.Time) (any, *Error) {
	return func(c *Cloud, r request, now time.Time) (any, *Error) { return do(c, r, now) }
}

// body is an operation whose body is decoded first.
func body[In, Out any](do func(*Cloud, request, In, time.Time) (*Out, *Error)) func(*Cloud, request, time.Time) (any, *Error) {
	return func(c *Cloud, r request, now time.Time) (any, *Error) {
		var in In
		if err := xml.Unmarshal(r.body, &in); err != nil {
			return nil, &Error{Code: "MalformedXML", Message: "The XML you provided is not well-formed: " + err.Error()}
		}
		return do(c, r, in, now)
	}
}
