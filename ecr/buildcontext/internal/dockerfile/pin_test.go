package dockerfile

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const someDigest = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

func TestFixed(t *testing.T) {
	const commit = "0123456789abcdef0123456789abcdef01234567"
	tests := map[string]bool{
		"FROM a":                 false,
		"FROM a@sha256:":         false,
		"FROM a@sha256:1234":     false,
		"FROM a@sha256:$D":       false,
		"FROM a:1@" + someDigest: true,
		"# syntax=a@" + someDigest + "\nFROM scratch":                      true,
		"# syntax=a\nFROM scratch":                                         false,
		"FROM scratch\nCOPY --from=a@" + someDigest + " / /":               true,
		"FROM scratch\nADD http://a /":                                     false,
		"FROM scratch\nADD --checksum=" + someDigest + " http://a /":       true,
		"FROM scratch\nADD --checksum=sha256:1 http://a /":                 false,
		"FROM scratch\nADD http://a/b.git#" + commit + " /":                true,
		"FROM scratch\nADD http://a/b.git#" + commit + ":sub /":            true,
		"FROM scratch\nADD http://a/b#" + commit + " /":                    false, // a file
		"FROM scratch\nADD http://a/b.git#" + commit[:12] + " /":           false,
		"FROM scratch\nADD --keep-git-dir git@a:b#" + commit + " /":        true,
		"FROM scratch\nADD --checksum=" + commit + " https://a/b.git#v1 /": true,
		"FROM scratch\nADD --checksum=$SUM http://a /":                     false,
	}
	for file, want := range tests {
		images, err := Images([]byte(file), "", map[string]string{"D": ""})
		if err != nil || len(images) != 1 {
			t.Fatalf("%q: %+v, %v", file, images, err)
		}
		if images[0].Fixed != want {
			t.Errorf("%q: fixed is %t", file, images[0].Fixed)
		}
	}
}

func TestPin(t *testing.T) {
	tests := map[string]struct {
		file string
		args map[string]string
		want string // D stands for the digest
	}{
		"every place of an image, in all stages": {
			file: "# syntax=a:1 x\nFROM --platform=linux/amd64 a:1 AS b\nFROM b\nCOPY --chown=1 --from=a:1 /a /b\nRUN --mount=type=bind,from=a:1,target=/x a:1\nCOPY --from=b / /\nFROM a:1\n",
			want: "# syntax=a:1@D x\nFROM --platform=linux/amd64 a:1@D AS b\nFROM b\nCOPY --chown=1 --from=a:1@D /a /b\nRUN --mount=type=bind,from=a:1@D,target=/x a:1\nCOPY --from=b / /\nFROM a:1@D\n",
		},
		"variables": {
			file: "ARG V\nFROM \"a\":${V} AS b\n",
			args: map[string]string{"V": "1"},
			want: "ARG V\nFROM a:1@D AS b\n",
		},
		"what goes over lines, with comments": {
			file: "\ufeffFROM \\\r\n# a:1\r\n  a:1 \\\r\n AS b\r\nCOPY \\\r\n  --from=a:1 \\\r\n a b\r\n",
			want: "\ufeffFROM \\\r\n# a:1\r\n  a:1@D \\\r\n AS b\r\nCOPY \\\r\n  --from=a:1@D \\\r\n a b\r\n",
		},
		"what an ONBUILD holds": {
			file: "FROM x\nONBUILD COPY --from=a:1 a b\nONBUILD RUN --mount=from=a:1,target=/b c\n",
			want: "FROM x\nONBUILD COPY --from=a:1@D a b\nONBUILD RUN --mount=from=a:1@D,target=/b c\n",
		},
		"what looks like an image and is text": {
			file: "FROM a:1\nRUN <<EOF\nFROM a:1\nEOF\nCMD FROM a:1\n",
			want: "FROM a:1@D\nRUN <<EOF\nFROM a:1\nEOF\nCMD FROM a:1\n",
		},
		"other images and those that have a digest": {
			file: "FROM a:1@" + someDigest + "\nFROM a:12\nFROM scratch\n",
			want: "FROM a:1@D\nFROM a:12\nFROM scratch\n",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := Pin([]byte(tt.file), tt.args, map[string]string{"a:1": someDigest, "scratch": someDigest, "b": someDigest})
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(tt.want, strings.ReplaceAll(string(got), someDigest, "D")); d != "" {
				t.Errorf("pinned (-want +got):\n%s", d)
			}
		})
	}
}

func TestPinFaults(t *testing.T) {
	tests := map[string]struct {
		file, arg string
		want      string
	}{
		"odd quotes":              {"FROM scratch\nRUN --mount='type=bind,\"from=a\"\"b\",target=/x' c\n", "", `line 2: the digest of a"b cannot be put behind it: write the name in one piece and without quotes`},
		"an address":              {"FROM scratch\nADD http://x /\n", "", "line 2: the digest of http://x cannot be put behind it: give ADD a --checksum"},
		"a frontend by argument":  {"FROM scratch\n", "mine:1", "the digest of mine:1 cannot be put behind it: give it in the build argument BUILDKIT_SYNTAX"},
		"a Dockerfile that is no": {"FROM a b\n", "", "line 1: FROM takes an image, and AS with a name"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			digests := map[string]string{`a"b`: someDigest, "http://x": someDigest, "mine:1": someDigest}
			if _, err := Pin([]byte(tt.file), map[string]string{"BUILDKIT_SYNTAX": tt.arg}, digests); err == nil || err.Error() != tt.want {
				t.Errorf("got  %v\nwant %s", err, tt.want)
			}
		})
	}
}

func TestDeclares(t *testing.T) {
	got := Declares([]byte("ARG A=1 B\nFROM x\nARG C='ARG D'\nONBUILD ARG E\nRUN ARG F\n"))
	if d := cmp.Diff(map[string]bool{"A": true, "B": true, "C": true, "E": true}, got); d != "" {
		t.Errorf("arguments (-want +got):\n%s", d)
	}
	if got := Declares([]byte("# escape=x\nARG A\n")); len(got) != 0 {
		t.Errorf("of a Dockerfile that nobody can build: %v", got)
	}
}
