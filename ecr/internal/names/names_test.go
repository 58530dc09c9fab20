package names

import (
	"fmt"
	"path"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestCheckRepository(t *testing.T) {
	for name, want := range map[string]string{
		"automation/notifier":          "",
		"a1":                           "",
		"team_a/some-thing.v2":         "",
		strings.Repeat("a", 256):       "",
		"":                             "must have 2 to 256 characters, not 0",
		"a":                            "must have 2 to 256 characters, not 1",
		strings.Repeat("a", 257):       "must have 2 to 256 characters, not 257",
		"Automation/notifier":          "must be lower-case letters and digits, with single . _ - or / between them",
		"a//b":                         "must be lower-case letters and digits, with single . _ - or / between them",
		"/ab":                          "must be lower-case letters and digits, with single . _ - or / between them",
		"ab/":                          "must be lower-case letters and digits, with single . _ - or / between them",
		"ab..c":                        "must be lower-case letters and digits, with single . _ - or / between them",
		"ab\n":                         "must be lower-case letters and digits, with single . _ - or / between them",
		"123456789012.dkr.ecr.aws:443": "must be lower-case letters and digits, with single . _ - or / between them",
	} {
		if diff := cmp.Diff(want, text(CheckRepository(name))); diff != "" {
			t.Errorf("CheckRepository(%q):\n%s", name, diff)
		}
	}
}

func TestCheckTag(t *testing.T) {
	for name, valid := range map[string]bool{
		"latest-8527fec8": true, "_x": true, "8527fec8-131": true, "V1.2_3-x": true, strings.Repeat("t", 128): true,
		"": false, "-x": false, ".x": false, "a b": false, "a/b": false, "a:b": false, "a\n": false, strings.Repeat("t", 129): false, "é": false,
	} {
		if got := CheckTag(name) == nil; got != valid {
			t.Errorf("CheckTag(%q): valid is %v, want %v", name, got, valid)
		}
	}
}

func TestIsDigest(t *testing.T) {
	hex := strings.Repeat("0a", 32)
	for name, valid := range map[string]bool{
		"sha256:" + hex:     true,
		"sha256:" + hex[1:]: false, "sha256:" + hex + "0": false, "sha256:" + strings.ToUpper(hex): false,
		hex: false, "sha512:" + hex: false, "": false, "sha256:" + hex + "\n": false,
	} {
		if got := IsDigest(name); got != valid || (CheckDigest(name) == nil) != valid {
			t.Errorf("IsDigest(%q) = %v, want %v", name, got, valid)
		}
	}
}

func FuzzMatch(f *testing.F) {
	for _, seed := range [][2]string{
		{"latest*", "latest-1"},
		{"*", ""},
		{"", ""},
		{"a*a", "a"},
		{"a*a", "aa"},
		{"*ab*ab*", "abab"},
		{"*ab*ab*", "ab-a"},
		{"a*b*c", "abcbc"},
		{"a", "b"},
		{"**", "x"},
		{"*-131", "8527fec8-131"},
		{"a*", "ba"},
	} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, pattern, name string) {
		if strings.ContainsAny(pattern, `?[\`) || strings.Contains(name, "/") || len(pattern) > 40 || len(name) > 40 {
			return // means more to path.Match, or is slow there
		}
		want, err := path.Match(pattern, name)
		if err != nil {
			t.Fatalf("path.Match does not know %q: %v", pattern, err)
		}
		if got := Match(pattern, name); got != want {
			t.Errorf("Match(%q, %q) = %v, want %v", pattern, name, got, want)
		}
	})
}

func TestParseImage(t *testing.T) {
	digest := "sha256:" + strings.Repeat("a1", 32)
	const host = "123456789012.dkr.ecr.us-east-1.amazonaws.com/"
	for name, test := range map[string]struct {
		text string
		want Image
	}{
		"a digest alone":                       {digest, Image{Digest: digest}},
		"a URI with a digest":                  {host + "automation/notifier@" + digest, Image{Repository: "automation/notifier", Digest: digest}},
		"a digest wins over a tag":             {host + "notifier:v1@" + digest, Image{Repository: "notifier", Digest: digest}},
		"a URI with a tag":                     {host + "notifier:v1", Image{Repository: "notifier", Tag: "v1"}},
		"without tag and digest it is latest":  {host + "notifier", Image{Repository: "notifier", Tag: "latest"}},
		"without a host":                       {"automation/notifier:v1", Image{Repository: "automation/notifier", Tag: "v1"}},
		"a host with a port":                   {"127.0.0.1:5000/notifier", Image{Repository: "notifier", Tag: "latest"}},
		"an image that is not ECR's":           {"quay.io/a/some__odd--name:v1", Image{Repository: "a/some__odd--name", Tag: "v1"}},
		"a host that is an address":            {"[::1]:5000/notifier:v1", Image{Repository: "notifier", Tag: "v1"}},
		"localhost is a host without a period": {"localhost/notifier:v1", Image{Repository: "notifier", Tag: "v1"}},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := ParseImage(test.text)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestParseImageRefuses(t *testing.T) {
	for in, want := range map[string]string{
		"":                     `its repository "" must be lower-case`,
		"  ":                   `its repository "  " must be lower-case letters and digits, with . _ - or / between them`,
		"sha256:abc":           "its digest must be sha256: and 64 hex digits",
		"notifier@sha256:abc":  "its digest must be sha256: and 64 hex digits",
		"notifier@":            "its digest must be sha256: and 64 hex digits",
		"notifier:":            "its tag must be 1 to 128 letters, digits, _ . or -, and not begin with . or -",
		"notifier:a b":         "its tag must be 1 to 128 letters, digits, _ . or -, and not begin with . or -",
		"localhost/":           `its repository "" must be lower-case`,
		"https://host.x/a:v1":  `its host "https:" is none`,
		"arn:aws:ecr:x:1:re/n": `its host "arn:aws:ecr:x:1:re" is none`,
	} {
		_, err := ParseImage(in)
		if err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("ParseImage(%q): error %v, want %s", in, err, want)
		}
	}
}

func FuzzParseImage(f *testing.F) {
	f.Add("host.x/notifier:v1")
	f.Add("notifier@sha256:" + strings.Repeat("a", 64))
	f.Add("sha256:" + strings.Repeat("a", 64))
	f.Fuzz(func(t *testing.T, in string) {
		image, err := ParseImage(in)
		if err != nil {
			return
		}
		if (image.Tag == "") == (image.Digest == "") {
			t.Errorf("ParseImage(%q) = %+v: neither or both of tag and digest", in, image)
		}
		out := image.Digest
		switch {
		case image.Tag != "":
			out = fmt.Sprintf("%s:%s", image.Repository, image.Tag)
		case image.Repository != "":
			out = fmt.Sprintf("%s@%s", image.Repository, image.Digest)
		}
		again, err := ParseImage("host.x/" + out)
		if image.Repository == "" {
			again, err = ParseImage(out)
		}
		if err != nil || again != image {
			t.Errorf("ParseImage(%q) = %+v, and of that %+v, %v", in, image, again, err)
		}
	})
}

func text(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
