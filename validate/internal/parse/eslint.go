package parse

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
)

// ESLint reads the output of eslint --format json: an array of files, each with
// messages. It fails where data is anything else.
// Source: https://eslint.org/docs/latest/use/formatters/#json
func ESLint(data []byte) ([]Message, error) {
	if len(bytes.TrimSpace(data)) == 0 {
		return nil, ErrEmpty
	}
	var files []struct {
		FilePath *string `json:"filePath"`
		Messages []struct {
			RuleID    *string     `json:"ruleId"`
			Severity  int         `json:"severity"` // 1 is a warning, 2 an error
			Message   string      `json:"message"`
			Line      json.Number `json:"line"`
			Column    json.Number `json:"column"`
			EndLine   json.Number `json:"endLine"`
			EndColumn json.Number `json:"endColumn"`
			Fatal     bool        `json:"fatal"`
		} `json:"messages"`
	}
	if err := json.Unmarshal(data, &files); err != nil {
		return nil, fmt.Errorf("read eslint JSON: %w", err)
	}
	if files == nil {
		return nil, fmt.Errorf("read eslint JSON: it is no array of files")
	}
	var ms []Message
	for i, f := range files {
		if f.FilePath == nil {
			return nil, fmt.Errorf("read eslint JSON: file %d has no filePath", i+1)
		}
		for _, in := range f.Messages {
			m := Message{
				Path: *f.FilePath, Level: Error, Text: in.Message, Fatal: in.Fatal,
				Line: jsonPosition(in.Line), Column: jsonPosition(in.Column), EndLine: jsonPosition(in.EndLine), EndColumn: jsonPosition(in.EndColumn),
			}
			if in.Severity == 1 {
				m.Level = Warning
			}
			if in.RuleID != nil {
				m.Rule = *in.RuleID
			}
			m.Ignored = m.Rule == "" && m.Level == Warning && strings.HasPrefix(m.Text, "File ignored")
			ms = append(ms, m)
		}
	}
	return ms, nil
}

// jsonPosition takes what some plugins give, such as fractions and NaN (null),
// for no position.
func jsonPosition(n json.Number) int { return number(n.String()) }
