package keys

import (
	"slices"
	"strings"
	"testing"
)

func FuzzParseSMTP(f *testing.F) {
	for _, seed := range []string{
		`{"host":"h","port":587,"username":"AKIA","password":"p4ssw0rd","user":"u","region":"us-east-1","replaced":["A"]}`,
		`{}`, `[]`, ``, `null`, `{"password":"p4ssw0rd"}`, `{"username":1,"password":"p4ssw0rd"}`, `{"port":"587","password":"p4ssw0rd"`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		file, err := parseSMTP(Hide(text))
		if err != nil {
			if strings.Contains(err.Error(), "p4ssw0rd") {
				t.Errorf("the error tells the password: %v", err)
			}
			return
		}
		body, err := file.encode()
		if err != nil {
			t.Fatal(err)
		}
		again, err := parseSMTP(body)
		if err != nil || !again.Password.Equal(file.Password) || again.Username != file.Username || !slices.Equal(again.replaced, file.replaced) {
			t.Errorf("%q became %q, error %v", text, body.Reveal(), err)
		}
	})
}
