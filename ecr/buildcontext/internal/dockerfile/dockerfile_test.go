package dockerfile

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestImages(t *testing.T) {
	tests := map[string]struct {
		file   string
		target string
		args   map[string]string
		want   string // "line:name", separated by spaces
	}{
		"one image": {
			file: "FROM alpine:3.20\nRUN true\n",
			want: "1:alpine:3.20",
		},
		"stages are no images, whatever the case of AS and of the command": {
			file: "from golang:1.26 as build\nFROM build AS test\nFROM scratch\nCOPY --from=build /a /a\nCOPY --from=0 /b /b\nCOPY --from=TEST /c /c\n",
			want: "1:golang:1.26",
		},
		"a stage of the same name as an image counts only from there on": {
			file: "FROM alpine AS alpine\nFROM alpine\n",
			want: "1:alpine",
		},
		"images that are copied from and mounted": {
			file: "FROM scratch\nCOPY --chown=1:1 --from=nginx:1.27 /a /a\nRUN --mount=type=bind,from=busybox@sha256:abc,target=/b --network=none true\nRUN --mount=type=cache,target=/c true\n",
			want: "2:nginx:1.27 3:busybox@sha256:abc",
		},
		"each image once": {
			file: "FROM alpine AS a\nFROM alpine AS b\nCOPY --from=alpine / /\n",
			want: "1:alpine",
		},
		"stages behind the target do not count": {
			file:   "FROM a AS one\nFROM b AS two\nFROM c AS three\n",
			target: "Two",
			want:   "1:a 2:b",
		},
		"but for those that it takes something from": {
			file:   "FROM scratch AS one\nCOPY --from=two /a /a\nFROM b AS two\nRUN --mount=from=3 true\nFROM c AS three\nFROM d AS four\n",
			target: "one",
			want:   "3:b 6:d",
		},
		"what a stage does to those that begin with it": {
			file: "FROM a AS one\nONBUILD COPY --from=b / /\nONBUILD RUN --mount=from=c,target=/c true\nFROM one\n",
			want: "1:a 2:b 3:c",
		},
		"the frontend, which the directive syntax or an argument names": {
			file: "#!/usr/bin/env docker\n# syntax = docker/dockerfile:1 more\nFROM a\n",
			args: map[string]string{"BUILDKIT_SYNTAX": "mine:2"},
			want: "0:mine:2 2:docker/dockerfile:1 3:a",
		},
		"a directive that stands too low is a comment": {
			file: "# hello\n# syntax=docker/dockerfile:1\nFROM a\n",
			want: "3:a",
		},
		"addresses that are added from": {
			file: "ARG V=2\nFROM scratch AS a\nARG V\nENV AT=https://x.test S=/s\nADD a b https://x.test/$V.tar /\nADD [\"$AT/j\", \"/\"]\nADD $S https.txt ./http:// /\nADD git@x.test:a/b.git#main /\nADD github.com/a/b /\n",
			want: "5:https://x.test/2.tar 6:https://x.test/j 8:git@x.test:a/b.git#main 9:github.com/a/b",
		},
		"the target may be a number": {
			file:   "FROM a\nFROM b\n",
			target: "0",
			want:   "1:a",
		},
		"arguments before the first FROM": {
			file: "ARG VERSION=3.20 NAME=\"alp\"ine\nARG SUFFIX\nARG FULL=${NAME}:$VERSION\nFROM $FULL$SUFFIX\n",
			want: "4:alpine:3.20",
		},
		"arguments that are given": {
			file: "ARG VERSION=3.20\nARG SUFFIX\nFROM alpine:$VERSION$SUFFIX\n",
			args: map[string]string{"VERSION": "3.21", "SUFFIX": "-slim", "OTHER": "x"},
			want: "3:alpine:3.21-slim",
		},
		"arguments that nothing declares do not count": {
			file: "FROM alpine:3$VERSION\n",
			args: map[string]string{"VERSION": ".21"},
			want: "1:alpine:3",
		},
		"arguments of a stage do not either": {
			file: "ARG V=1\nFROM a:$V\nARG V=2\nFROM b:$V\n",
			want: "2:a:1 4:b:1",
		},
		"the architecture needs no declaration": {
			file: "FROM base-$TARGETARCH\n",
			args: map[string]string{"TARGETARCH": "arm64"},
			want: "1:base-arm64",
		},
		"what may stand behind a variable": {
			file: "ARG A=1.2.3 E= N\nFROM a:${A:-x}-${N:-y}-${E:-z}-${E-w}-${A:+p}-${N+q}-${A%.*}-${A%%.*}-${A#*.}-${A##*.}-${A/./_}-${A//./_}-${A:?}\n",
			want: "2:a:1.2.3-y-z--p--1.2-1-2.3-3-1_2.3-1_2_3-1.2.3",
		},
		"quotes and escapes": {
			file: "ARG A='$B' B=\"a b\" C=a\\ b\nFROM \"x\"'y':\\$A\n",
			want: "2:xy:$A",
		},
		"continuation lines, with comments and blank lines within": {
			file: "FROM \\\n  # the base\n\n  alpine:3.20 \\  \n AS base\nFROM base\n",
			want: "1:alpine:3.20",
		},
		"another escape character": {
			file: "# syntax=docker/dockerfile:1\n#escape = `\nFROM a `\n  AS b\nRUN dir c:\\\nFROM c\n",
			want: "1:docker/dockerfile:1 3:a 6:c",
		},
		"which counts at the top only": {
			file: "# a comment\n# escape=`\nFROM a \\\n AS b\n",
			want: "3:a",
		},
		"here-documents may look like anything": {
			file: "FROM a\nRUN <<EOF\nFROM b\nEOF\nCOPY <<-'END ONE' <<\"TWO\" /x/\n\tFROM c\n\tEND ONE\nFROM d\nTWO\nONBUILD RUN <<E cat\nFROM e\nE\nFROM f\n",
			want: "1:a 13:f",
		},
		"shifts and strings are no here-documents": {
			file: "FROM a\nRUN [\"sh\", \"<<EOF\"]\nRUN echo $((1<<2)) '<<EOF'\nRUN echo <<<word\nENV X <<EOF\nFROM b\n",
			want: "1:a 6:b",
		},
		"Windows lines and a mark of the byte order": {
			file: "\ufeffFROM a \\\r\n AS b\r\n# c\r\nFROM d\r\n",
			want: "1:a 4:d",
		},
		"no newline at the end": {
			file: "FROM a",
			want: "1:a",
		},
		"flags before the image": {
			file: "FROM --platform=$BUILDPLATFORM a AS b\nFROM --platform='linux/amd64' c\n",
			want: "1:a 2:c",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			images, err := Images([]byte(tt.file), tt.target, tt.args)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, i := range images {
				got = append(got, fmt.Sprintf("%d:%s", i.Line, i.Name))
			}
			if d := cmp.Diff(tt.want, strings.Join(got, " ")); d != "" {
				t.Errorf("images (-want +got):\n%s", d)
			}
		})
	}
}

func TestImagesFaults(t *testing.T) {
	tests := map[string]struct {
		file, target string
		want         string
	}{
		"nothing":                 {"# a comment\n", "", "it has no FROM"},
		"no image":                {"FROM\n", "", "line 1: FROM takes an image, and AS with a name"},
		"too many words":          {"FROM a b\n", "", "line 1: FROM takes an image, and AS with a name"},
		"another word than AS":    {"FROM a is b\n", "", `line 1: FROM a is followed by "is", which is not AS`},
		"an instruction too soon": {"\nRUN a\nFROM b", "", "line 2: RUN stands before the first FROM"},
		"a variable without a value": {
			"ARG BASE\nFROM $BASE", "",
			"line 2: FROM $BASE names no image: give its variable a value, by an ARG before the first FROM or as a build argument",
		},
		"the architecture, where nobody has said it": {
			"FROM base-${TARGETARCH}", "",
			"line 1: FROM base-${TARGETARCH}: TARGETARCH is not known: say for which platform to build, or give it as a build argument",
		},
		"a variable that must be set": {"FROM a:${V:?missing}", "", "line 1: FROM a:${V:?missing}: V: missing"},
		"an open brace":               {"FROM a:${V", "", "line 1: FROM a:${V: ${V...}: bad substitution"},
		"an open quote":               {"ARG A='x\nFROM a", "", "line 1: ARG A: missing closing '"},
		"an escape of its own":        {"# escape=x\nFROM a", "", "line 1: the escape character is to be \\ or `, not \"x\""},
		"two of them":                 {"# escape=`\n# ESCAPE=`\nFROM a", "", "line 2: the directive escape is given twice"},
		"a here-document without end": {"FROM a\nRUN <<EOF\nx\n", "", "line 2: the here-document EOF has no end"},
		"no such stage":               {"FROM a AS one\nFROM b AS two", "three", `"three"; there are one, two`},
		"no stage of that number":     {"FROM a", "1", `"1", and no stage has a name`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := Images([]byte(tt.file), tt.target, nil)
			if err == nil || err.Error() != tt.want {
				t.Errorf("got  %v\nwant %s", err, tt.want)
			}
			if errors.Is(err, ErrNoStage) != (tt.target != "") {
				t.Errorf("errors.Is(ErrNoStage) is wrong for %v", err)
			}
		})
	}
}
