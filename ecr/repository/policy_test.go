package repository

import (
	"encoding/json"
	"testing"
)

func TestSamePolicy(t *testing.T) {
	wrap := func(statement string) string { return `{"Version":"2012-10-17","Statement":` + statement + `}` }
	tests := map[string]struct {
		a, b string
		want bool
	}{
		"none and none":                    {"", "", true},
		"none and one":                     {"", wrap(`[]`), false},
		"blanks and the order of keys":     {`{"Statement":[],"Version":"1"}`, "{ \"Version\" : \"1\",\n\"Statement\": [] }", true},
		"one statement, not in a list":     {wrap(`[{"Action":"a"}]`), wrap(`{"Action":"a"}`), true},
		"one action in a list":             {wrap(`[{"Action":["a"]}]`), wrap(`[{"Action":"a"}]`), true},
		"actions in another order":         {wrap(`[{"Action":["b","a"]}]`), wrap(`[{"Action":["a","b"]}]`), true},
		"an action twice":                  {wrap(`[{"Action":["a","a"]}]`), wrap(`[{"Action":"a"}]`), true},
		"another action":                   {wrap(`[{"Action":["a","b"]}]`), wrap(`[{"Action":["a"]}]`), false},
		"statements in another order":      {wrap(`[{"Sid":"1"},{"Sid":"2"}]`), wrap(`[{"Sid":"2"},{"Sid":"1"}]`), true},
		"an account and its root":          {wrap(`[{"Principal":{"AWS":"111122223333"}}]`), wrap(`[{"Principal":{"AWS":["arn:aws:iam::111122223333:root"]}}]`), true},
		"another account":                  {wrap(`[{"Principal":{"AWS":"111122223333"}}]`), wrap(`[{"Principal":{"AWS":"111122223334"}}]`), false},
		"a role is not its account":        {wrap(`[{"Principal":{"AWS":"111122223333"}}]`), wrap(`[{"Principal":{"AWS":"arn:aws:iam::111122223333:role/x"}}]`), false},
		"anybody":                          {wrap(`[{"Principal":"*"}]`), wrap(`[{"Principal":"*"}]`), true},
		"an account elsewhere stays text":  {wrap(`[{"Sid":"arn:aws:iam::111122223333:root"}]`), wrap(`[{"Sid":"111122223333"}]`), false},
		"a condition with one value":       {wrap(`[{"Condition":{"StringLike":{"aws:x":"y"}}}]`), wrap(`[{"Condition":{"StringLike":{"aws:x":["y"]}}}]`), true},
		"another condition":                {wrap(`[{"Condition":{"StringLike":{"aws:x":"y"}}}]`), wrap(`[{"Condition":{"StringLike":{"aws:x":"z"}}}]`), false},
		"allowing is not denying":          {wrap(`[{"Effect":"Allow"}]`), wrap(`[{"Effect":"Deny"}]`), false},
		"what is no JSON is like itself":   {"{", "{", true},
		"and unlike anything else":         {"{", "{}", false},
		"the letter case of actions stays": {wrap(`[{"Action":"ecr:A"}]`), wrap(`[{"Action":"ecr:a"}]`), false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if got := samePolicy(tt.a, tt.b); got != tt.want {
				t.Errorf("%s and %s: %t\n%s\n%s", tt.a, tt.b, got, normal(tt.a), normal(tt.b))
			}
			if got := samePolicy(tt.b, tt.a); got != tt.want {
				t.Errorf("the other way round: %t", got)
			}
		})
	}
}

func FuzzNormal(f *testing.F) {
	f.Add(`{"Statement":{"Principal":{"AWS":["111122223333","*"]},"Action":"a","Condition":{"Bool":{"x":true}}}}`)
	f.Add(`[1,[2,{"Action":[[3]]}]]`)
	f.Fuzz(func(t *testing.T, text string) {
		if !json.Valid([]byte(text)) {
			return
		}
		once := normal(text)
		if twice := normal(once); twice != once {
			t.Errorf("%s\n%s\n%s", text, once, twice)
		}
		statements(text)
	})
}
