package stack

import (
	"errors"
	"testing"

	"github.com/mettel-automation/delivery/stack/internal/template"
)

func parse(t *testing.T, body string) *template.Template {
	t.Helper()
	parsed, err := template.Parse([]byte(body))
	if err != nil {
		t.Fatal(err)
	}
	return parsed
}

func TestSecretsFeed(t *testing.T) {
	body := parse(t, `
Parameters:
  Password: {Type: String, NoEcho: true}
  Name: {Type: String}
Resources:
  Topic:
    Type: AWS::SNS::Topic
    Properties:
      TopicName: !Ref Name
      DisplayName: !Ref Password
      KmsMasterKeyId: !Sub "key-${Password}"
      Tags:
        - {Key: a, Value: !Sub ["${x}", {x: !Ref Password}]}
      ArchivePolicy: !Sub "${Name}${!Password}"
      TracingConfig: !Join ["", [a, !If [C, !Ref Password, b]]]
      Other: {Ref: Password, Not: a reference}
Conditions:
  C: !Equals [a, b]
`)
	s := secretsOf(nil, body)
	tests := map[string]bool{
		"TopicName": false, "DisplayName": true, "KmsMasterKeyId": true, "Tags": true, "Tags.0.Value": true,
		"ArchivePolicy": false, "TracingConfig": true, "Other": false, "Missing": false,
	}
	for path, want := range tests {
		if got := s.feeds("Topic", path, true); got != want {
			t.Errorf("a secret goes into %s: %t, want %t", path, got, want)
		}
	}
	if s.feeds("Topic", "DisplayName", false) {
		t.Error("a resource of a nested stack is taken for one of the stack")
	}
}

func TestSecretsMask(t *testing.T) {
	body := parse(t, `
Parameters:
  Long: {Type: String, NoEcho: true}
  Pin: {Type: String, NoEcho: true}
  Quoted: {Type: String, NoEcho: true}
  Default: {Type: String, NoEcho: true, Default: from-default}
  Open: {Type: String}
Resources:
  Topic: {Type: AWS::SNS::Topic}
`)
	s := secretsOf(map[string]string{"Long": "s3cret", "Pin": "12", "Quoted": `q"uot\`, "Open": "public"}, body)
	tests := map[string]string{
		"public":               "public",
		"s3cret":               masked,
		"url:s3cret@host":      masked,
		"12":                   masked,
		"1234":                 "1234", // a short secret stands in many texts by chance
		"the from-default one": masked,
		`{"a":"q\"uot\\"}`:     masked,
		"":                     "",
	}
	if got, want := s.redact("12 s3cret from-default"), "12 **** ****"; got != want {
		t.Errorf("redact: %q, want %q", got, want)
	}
	if err := errors.New("nothing to hide"); s.redactError(err) != err { //nolint:errorlint // the very same
		t.Error("an error without a secret is another")
	}
	for text, want := range tests {
		if got := s.mask(text); got != want {
			t.Errorf("mask(%q) = %q, want %q", text, got, want)
		}
	}
}
