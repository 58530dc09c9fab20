package report

import (
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"slices"
	"strings"

	"github.com/mettel-automation/delivery/validate"
)

const (
	sarifSchema = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
	// rootBase is what the paths of findings are relative to: the name that
	// readers of SARIF know for the top of the repository.
	rootBase = "%SRCROOT%"
	// fingerprintName has a version, since another way to make fingerprints
	// would need another name.
	fingerprintName = "delivery/v1"
)

// The parts of SARIF 2.1.0 that are written.
// Source: https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
type (
	sarifLog struct {
		Schema  string     `json:"$schema"`
		Version string     `json:"version"`
		Runs    []sarifRun `json:"runs"`
	}
	sarifRun struct {
		Tool        sarifTool         `json:"tool"`
		Invocations []sarifInvocation `json:"invocations"`
		Results     []sarifResult     `json:"results"`
	}
	sarifTool struct {
		Driver sarifDriver `json:"driver"`
	}
	sarifDriver struct {
		Name  string      `json:"name"`
		Rules []sarifRule `json:"rules"`
	}
	sarifRule struct {
		ID string `json:"id"`
	}
	sarifInvocation struct {
		Successful    bool                `json:"executionSuccessful"`
		Notifications []sarifNotification `json:"toolExecutionNotifications,omitempty"`
	}
	sarifNotification struct {
		Level   string    `json:"level"`
		Message sarifText `json:"message"`
	}
	sarifResult struct {
		RuleID       string            `json:"ruleId,omitempty"`
		RuleIndex    *int              `json:"ruleIndex,omitempty"`
		Level        string            `json:"level"`
		Message      sarifText         `json:"message"`
		Locations    []sarifLocation   `json:"locations"`
		Fingerprints map[string]string `json:"partialFingerprints"`
		Properties   map[string]string `json:"properties"`
	}
	sarifText struct {
		Text string `json:"text"`
	}
	sarifLocation struct {
		Physical sarifPhysical `json:"physicalLocation"`
	}
	sarifPhysical struct {
		Artifact sarifArtifact `json:"artifactLocation"`
		Region   *sarifRegion  `json:"region,omitempty"`
	}
	sarifArtifact struct {
		URI  string `json:"uri"`
		Base string `json:"uriBaseId,omitempty"`
	}
	sarifRegion struct {
		StartLine   int `json:"startLine"`
		StartColumn int `json:"startColumn,omitempty"`
		EndLine     int `json:"endLine,omitempty"`
		EndColumn   int `json:"endColumn,omitempty"`
	}
)

// WriteSARIF writes a SARIF 2.1.0 log with a run for each check. Known findings
// and those elsewhere are left out. The run of a check that did not do its work
// everywhere says that its execution was not successful, and why.
func WriteSARIF(w io.Writer, r validate.Result) error {
	log := sarifLog{Schema: sarifSchema, Version: "2.1.0", Runs: []sarifRun{}}
	index := map[string]int{}
	for _, v := range r.Verdicts {
		i, ok := index[v.Check]
		if !ok {
			i = len(log.Runs)
			index[v.Check] = i
			log.Runs = append(log.Runs, sarifRun{
				Tool:        sarifTool{Driver: sarifDriver{Name: v.Check, Rules: []sarifRule{}}},
				Invocations: []sarifInvocation{{Successful: true}},
				Results:     []sarifResult{},
			})
		}
		for _, f := range v.Findings {
			log.Runs[i].add(f)
		}
	}
	for _, v := range failures(r) {
		in := &log.Runs[index[v.Check]].Invocations[0]
		in.Successful = false
		in.Notifications = append(in.Notifications, sarifNotification{Level: "error", Message: sarifText{complaint(v)}})
	}
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(log); err != nil {
		return fmt.Errorf("write SARIF: %w", err)
	}
	return nil
}

func (run *sarifRun) add(f validate.Finding) {
	res := sarifResult{
		RuleID: f.Rule, Level: f.Severity.String(), Message: sarifText{f.Message},
		Locations:    []sarifLocation{{Physical: sarifPhysical{Artifact: artifact(f.Path), Region: region(f)}}},
		Fingerprints: map[string]string{fingerprintName: f.Fingerprint},
		Properties:   map[string]string{"module": f.Module},
	}
	if f.Rule != "" {
		rules := &run.Tool.Driver.Rules
		i := slices.Index(*rules, sarifRule{f.Rule})
		if i < 0 {
			i = len(*rules)
			*rules = append(*rules, sarifRule{f.Rule})
		}
		res.RuleIndex = &i
	}
	run.Results = append(run.Results, res)
}

// artifact names a file: relative to the root, or as a file URI where it lies
// elsewhere.
func artifact(path string) sarifArtifact {
	if strings.HasPrefix(path, "/") {
		return sarifArtifact{URI: (&url.URL{Scheme: "file", Path: path}).String()}
	}
	return sarifArtifact{URI: (&url.URL{Path: path}).String(), Base: rootBase}
}

func region(f validate.Finding) *sarifRegion {
	if f.Line == 0 {
		return nil
	}
	r := &sarifRegion{StartLine: f.Line, StartColumn: f.Column}
	if f.EndLine > f.Line || f.EndLine == f.Line && f.EndColumn >= f.Column {
		r.EndLine, r.EndColumn = f.EndLine, f.EndColumn
	}
	return r
}
