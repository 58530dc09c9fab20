package localcloud

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"net/url"

	"github.com/aws/smithy-go/encoding/cbor"

	"github.com/mettel-automation/delivery/internal/double"
)

// object is a JSON object of a wire protocol.
type object = map[string]any

// targets are what stands before an operation in the header X-Amz-Target, by the
// service's name in signatures and in IAM, which for all of them is the same.
func targets() map[string]string {
	return map[string]string{
		"ecs":              "AmazonEC2ContainerServiceV20141113",
		"ecr":              "AmazonEC2ContainerRegistry_V20150921",
		"servicediscovery": "Route53AutoNaming_v20170314",
		"logs":             "Logs_20140328",
	}
}

// refusal is an answer of a service that is not a success.
type refusal struct{ Code, Message string }

func (r *refusal) Error() string { return r.Message + " (Error Code: " + r.Code + ")" }

// tell calls an operation of ECS or ECR on behalf of CloudFormation or of whoever
// looks at the Cloud from outside; it is counted nowhere. A nil out ignores the answer.
func (c *Cloud) tell(service, op string, in, out any) error {
	body, err := json.Marshal(in)
	if err != nil {
		return err
	}
	var to http.RoundTripper = c.containers
	if service == "ecr" {
		to = c.images
	}
	answer, err := to.RoundTrip(&http.Request{
		Method: http.MethodPost, URL: &url.URL{Scheme: "https", Host: service, Path: "/"},
		Header: http.Header{"X-Amz-Target": {targets()[service] + "." + op}, "Content-Type": {"application/x-amz-json-1.1"}},
		Body:   io.NopCloser(bytes.NewReader(body)),
	})
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		return err
	}
	if answer.StatusCode != http.StatusOK {
		var told struct {
			Code    string `json:"__type"`
			Message string
		}
		if err := json.Unmarshal(text, &told); err != nil {
			return fmt.Errorf("%s: %d: %s", op, answer.StatusCode, text)
		}
		return &refusal{told.Code, told.Message}
	}
	if out == nil {
		return nil
	}
	return json.Unmarshal(text, out)
}

// answerXML writes v as the query protocol of AWS does.
func answerXML(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "text/xml")
	w.WriteHeader(status)
	_ = xml.NewEncoder(w).Encode(v) // whoever has gone needs no answer
}

// notThere is the answer to what the Cloud does not have.
func notThere(action string) *double.Error {
	return &double.Error{
		Status: http.StatusNotImplemented, Code: "NotImplemented", Message: "the cloud in memory does not have " + action,
	}
}

// refuse answers with a fault, in the form in which service was asked.
func refuse(w http.ResponseWriter, r *http.Request, service string, fault *double.Error) {
	switch {
	case isForm(r), service == "route53":
		var answer struct {
			XMLName xml.Name `xml:"ErrorResponse"`
			Type    string   `xml:"Error>Type"`
			Code    string   `xml:"Error>Code"`
			Message string   `xml:"Error>Message"`
		}
		answer.Type, answer.Code, answer.Message = "Sender", fault.Code, fault.Message
		answerXML(w, fault.HTTPStatus(), answer)
	case r.Header.Get("Smithy-Protocol") == "rpc-v2-cbor":
		w.Header().Set("Smithy-Protocol", "rpc-v2-cbor")
		double.Write(w, fault.HTTPStatus(), "application/cbor", cbor.Encode(cbor.Map{
			"__type": cbor.String(fault.Code), "message": cbor.String(fault.Message),
		}))
	default:
		w.Header().Set("X-Amzn-Errortype", fault.Code)
		double.WriteJSON(w, nil, fault)
	}
}

// RoundTrip answers one request in this process, as ServeHTTP does.
func (c *Cloud) RoundTrip(r *http.Request) (*http.Response, error) { return double.RoundTrip(c, r) }
