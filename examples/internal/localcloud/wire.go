package localcloud

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

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

// answerJSON writes v as the JSON protocols of AWS do.
func answerJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // whoever has gone needs no answer
}

// answerXML writes v as the query protocol of AWS does.
func answerXML(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "text/xml")
	w.WriteHeader(status)
	_ = xml.NewEncoder(w).Encode(v) // whoever has gone needs no answer
}

// unknown refuses what the Cloud does not have, in the form in which it was asked.
func unknown(w http.ResponseWriter, r *http.Request, action string) {
	const code, status = "NotImplemented", http.StatusNotImplemented
	message := "the cloud in memory does not have " + action
	if strings.HasPrefix(r.Header.Get("Content-Type"), formType) {
		var answer struct {
			XMLName xml.Name `xml:"ErrorResponse"`
			Type    string   `xml:"Error>Type"`
			Code    string   `xml:"Error>Code"`
			Message string   `xml:"Error>Message"`
		}
		answer.Type, answer.Code, answer.Message = "Sender", code, message
		answerXML(w, status, answer)
		return
	}
	w.Header().Set("X-Amzn-Errortype", code)
	answerJSON(w, status, object{"__type": code, "message": message})
}

// RoundTrip answers one request in this process, as ServeHTTP does.
func (c *Cloud) RoundTrip(r *http.Request) (*http.Response, error) { return double.RoundTrip(c, r) }
