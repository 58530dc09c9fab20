package buildcontext_test

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mettel-automation/delivery/ecr/buildcontext"
)

// archived returns what the archive of c holds, a line a file.
func archived(t testing.TB, c *buildcontext.Context) []string {
	t.Helper()
	var b bytes.Buffer
	must(t, c.WriteTar(t.Context(), &b))
	var lines []string
	for r := tar.NewReader(&b); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return lines
		}
		must(t, err)
		content, err := io.ReadAll(r)
		must(t, err)
		if h.Uid != 0 || h.Gid != 0 || h.Uname != "" || h.Gname != "" {
			t.Errorf("%s belongs to %d:%d %q:%q, want root", h.Name, h.Uid, h.Gid, h.Uname, h.Gname)
		}
		lines = append(lines, fmt.Sprintf("%c %04o %s%s %q", h.Typeflag, h.Mode, h.Name, h.Linkname, content))
	}
}

func TestWriteTar(t *testing.T) {
	long := strings.Repeat("long-", 50)
	dir := tree(t, map[string]string{
		"a/run": "#!/bin/sh\n", "a/b.txt": "b", "a.txt": "", "empty/": "",
		"out": "-> ../outside", "in": "-> a/b.txt", "nowhere": "-> missing",
		"-dash": "1", "line\nbreak": "2", "latin-\xe9": "3", "é": "4", long + "/" + long[:250]: "5",
	})
	must(t, os.Chmod(filepath.Join(dir, "a/run"), 0o750|fs.ModeSetuid))
	must(t, os.Chmod(filepath.Join(dir, "empty"), 0o700))
	must(t, os.Link(filepath.Join(dir, "a/b.txt"), filepath.Join(dir, "hard")))
	want := []string{
		`0 0644 -dash "1"`,
		`0 0644 Dockerfile "FROM scratch\n"`,
		`5 0755 a/ ""`,
		`0 0644 a/b.txt "b"`,
		`0 4755 a/run "#!/bin/sh\n"`,
		`0 0644 a.txt ""`,
		`5 0755 empty/ ""`,
		`0 0644 hard "b"`,
		`2 0777 ina/b.txt ""`,
		"0 0644 latin-\xe9 \"3\"",
		"0 0644 line\nbreak \"2\"",
		`5 0755 ` + long + `/ ""`,
		`0 0644 ` + long + `/` + long[:250] + ` "5"`,
		`2 0777 nowheremissing ""`,
		`2 0777 out../outside ""`,
		`0 0644 é "4"`,
	}
	if d := cmp.Diff(want, archived(t, open(t, dir, buildcontext.Options{}))); d != "" {
		t.Errorf("archive (-want +got):\n%s", d)
	}
}

func TestWriteTarKeepsTimes(t *testing.T) {
	dir := tree(t, map[string]string{"a": ""})
	when := time.Date(2026, 3, 1, 12, 0, 0, 999, time.UTC)
	must(t, os.Chtimes(filepath.Join(dir, "a"), when, when))
	var first, second bytes.Buffer
	c := open(t, dir, buildcontext.Options{})
	must(t, c.WriteTar(t.Context(), &first))
	must(t, c.WriteTar(t.Context(), &second))
	if !bytes.Equal(first.Bytes(), second.Bytes()) {
		t.Error("two archives of one context differ")
	}
	for r := tar.NewReader(&first); ; {
		h, err := r.Next()
		must(t, err)
		if h.Name != "a" {
			continue
		}
		if want := when.Truncate(time.Second); !h.ModTime.Equal(want) {
			t.Errorf("time of a is %v, want %v", h.ModTime, want)
		}
		return
	}
}

func TestArchivedDockerfile(t *testing.T) {
	const text = "FROM scratch\n"
	tests := map[string]struct {
		files    map[string]string
		file     string
		want     []string // of the archive
		wantName string   // "" for one that we make
	}{
		"one that belongs to the context is sent as it is": {
			files:    map[string]string{"a": ""},
			want:     []string{`0 0644 Dockerfile "FROM scratch\n"`, `0 0644 a ""`},
			wantName: "Dockerfile",
		},
		"one that .dockerignore leaves out, and the engine as well": {
			files:    map[string]string{".dockerignore": "Dockerfile", "a": ""},
			want:     []string{`0 0644 .dockerignore "Dockerfile"`, `0 0644 a ""`, `0 0644 Dockerfile "FROM scratch\n"`},
			wantName: "Dockerfile",
		},
		"one that is left out with .dockerignore": {
			files: map[string]string{".dockerignore": "*\n!a", "a": ""},
			want:  []string{`0 0644 a ""`, `0 0644 NAME "FROM scratch\n"`, `0 0644 .dockerignore ".dockerignore\nNAME\n"`},
		},
		"one that its own ignore file leaves out": {
			files: map[string]string{".dockerignore": "b", "Dockerfile.dockerignore": "Dockerfile*", "a": ""},
			want:  []string{`0 0644 a ""`, `0 0644 NAME "FROM scratch\n"`, `0 0644 .dockerignore "b\n!.dockerignore\nNAME\n"`},
		},
		"one in a directory that is left out": {
			files: map[string]string{".dockerignore": "docker", "docker/prod": text, "a": ""},
			file:  "docker/prod",
			want: []string{
				`0 0644 Dockerfile "FROM scratch\n"`, `0 0644 a ""`,
				`0 0644 NAME "FROM scratch\n"`, `0 0644 .dockerignore "docker\n!.dockerignore\nNAME\n"`,
			},
		},
		"one that its own ignore file keeps and that of the context names": {
			files: map[string]string{".dockerignore": "Dockerfile*\n.dockerignore", "Dockerfile.dockerignore": "x"},
			want: []string{
				`0 0644 Dockerfile "FROM scratch\n"`, `0 0644 Dockerfile.dockerignore "x"`,
				`0 0644 NAME "FROM scratch\n"`, `0 0644 .dockerignore "Dockerfile*\n.dockerignore\n!.dockerignore\nNAME\n"`,
			},
		},
		"a link": {
			files: map[string]string{"real": text, "link": "-> real"},
			file:  "link",
			want: []string{
				`0 0644 Dockerfile "FROM scratch\n"`, `2 0777 linkreal ""`, `0 0644 real "FROM scratch\n"`,
				`0 0644 NAME "FROM scratch\n"`, `0 0644 .dockerignore ".dockerignore\nNAME\n"`,
			},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			c := open(t, tree(t, tt.files), buildcontext.Options{Dockerfile: tt.file})
			name := c.ArchivedDockerfile()
			if made := strings.HasPrefix(name, ".dockerfile."); made != (tt.wantName == "") || !made && name != tt.wantName {
				t.Errorf("it is called %q", name)
			}
			got := archived(t, c)
			for i := range got {
				if tt.wantName == "" {
					got[i] = strings.ReplaceAll(got[i], name, "NAME")
				}
			}
			if d := cmp.Diff(tt.want, got); d != "" {
				t.Errorf("archive (-want +got):\n%s", d)
			}
		})
	}
	t.Run("one outside, by a name that the context has", func(t *testing.T) {
		outside := filepath.Join(t.TempDir(), "Dockerfile.ci")
		must(t, os.WriteFile(outside, []byte("FROM scratch\n"), 0o644))
		dir := tree(t, nil)
		first := open(t, dir, buildcontext.Options{Dockerfile: outside}).ArchivedDockerfile()
		add(t, dir, map[string]string{first: "taken"})
		c := open(t, dir, buildcontext.Options{Dockerfile: outside})
		if second := c.ArchivedDockerfile(); second == first {
			t.Errorf("%s is the name of a file of the context", second)
		}
		if got := c.Dockerfile(); string(got.Content) != text || got.Path != filepath.ToSlash(outside) {
			t.Errorf("Dockerfile is %+v", got)
		}
	})
}

func TestSpecialFiles(t *testing.T) {
	dir := tree(t, nil)
	listener, err := net.Listen("unix", filepath.Join(dir, "socket"))
	must(t, err)
	defer func() { must(t, listener.Close()) }()
	c := open(t, dir, buildcontext.Options{})
	if d := cmp.Diff([]string{"Dockerfile"}, paths(c)); d != "" {
		t.Errorf("a socket is left out, as docker build does (-want +got):\n%s", d)
	}
}

func TestChanged(t *testing.T) {
	tests := map[string]struct {
		change func(path string) error
	}{
		"longer":    {func(p string) error { return os.WriteFile(p, []byte("12345678901"), 0o644) }},
		"shorter":   {func(p string) error { return os.Truncate(p, 3) }},
		"removed":   {os.Remove},
		"rewritten": {func(p string) error { return touchLater(p) }},
		"replaced":  {func(p string) error { return replace(p) }},
		"become a link": {func(p string) error {
			return errors.Join(os.Rename(p, p+".old"), os.Symlink("/etc/passwd", p))
		}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			dir := tree(t, map[string]string{"a": "1234567890", "b": ""})
			c := open(t, dir, buildcontext.Options{})
			must(t, tt.change(filepath.Join(dir, "a")))
			_, hashErr := c.Hash(t.Context(), buildcontext.Inputs{})
			tarErr := c.WriteTar(t.Context(), io.Discard)
			for _, err := range []error{hashErr, tarErr} {
				if !errors.Is(err, buildcontext.ErrChanged) || !strings.Contains(err.Error(), "read a: ") {
					t.Errorf("got %v, want ErrChanged of a", err)
				}
			}
		})
	}
	t.Run("with the same size and time", func(t *testing.T) {
		dir := tree(t, map[string]string{"a": "1234567890", "b": ""})
		c := open(t, dir, buildcontext.Options{})
		before := hash(t, c, inputs())
		info, err := os.Stat(filepath.Join(dir, "a"))
		must(t, err)
		must(t, os.WriteFile(filepath.Join(dir, "a"), []byte("0987654321"), 0o644))
		must(t, os.Chtimes(filepath.Join(dir, "a"), info.ModTime(), info.ModTime()))
		if err := c.WriteTar(t.Context(), io.Discard); !errors.Is(err, buildcontext.ErrChanged) {
			t.Errorf("got %v, want ErrChanged: it is not what was hashed", err)
		}
		if hash(t, c, inputs()) != before {
			t.Error("the context has another hash")
		}
	})
	t.Run("while it is read", func(t *testing.T) {
		dir := tree(t, map[string]string{"a": "1234567890"})
		r, err := open(t, dir, buildcontext.Options{}).Open("a")
		must(t, err)
		defer r.Close()
		_, err = io.ReadFull(r, make([]byte, 4))
		must(t, err)
		must(t, os.WriteFile(filepath.Join(dir, "a"), []byte("12345678901"), 0o644))
		if rest, err := io.ReadAll(r); !errors.Is(err, buildcontext.ErrChanged) {
			t.Errorf("got %q and %v, want ErrChanged", rest, err)
		}
	})
}

func touchLater(path string) error {
	later := time.Now().Add(time.Minute)
	return os.Chtimes(path, later, later)
}

// replace puts another file of the same size and time into the place of path.
func replace(path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	return errors.Join(
		os.WriteFile(path+".new", []byte("0987654321"), 0o644),
		os.Chtimes(path+".new", info.ModTime(), info.ModTime()),
		os.Rename(path+".new", path),
	)
}

func TestSums(t *testing.T) {
	c := open(t, tree(t, map[string]string{"a": "1", "d/": ""}), buildcontext.Options{})
	got, err := c.Sums(t.Context())
	must(t, err)
	want := [][sha256.Size]byte{sha256.Sum256([]byte("FROM scratch\n")), sha256.Sum256([]byte("1")), {}}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("sums (-want +got):\n%s", d)
	}
	if !c.Has("a") || !c.Has("d") || c.Has("b") {
		t.Error("the context has a and d, and no b")
	}
}

func TestOpenFile(t *testing.T) {
	c := open(t, tree(t, map[string]string{"a": "1", "d/": "", ".dockerignore": "hidden", "hidden": "2"}), buildcontext.Options{})
	r, err := c.Open("a")
	must(t, err)
	defer r.Close()
	if content, err := io.ReadAll(r); string(content) != "1" || err != nil {
		t.Errorf("a holds %q, %v", content, err)
	}
	for path, want := range map[string]error{"hidden": fs.ErrNotExist, "../x": fs.ErrNotExist, "d": fs.ErrInvalid} {
		if _, err := c.Open(path); !errors.Is(err, want) {
			t.Errorf("open %s: %v, want %v", path, err, want)
		}
	}
}

func TestOpenFaults(t *testing.T) {
	dir := tree(t, map[string]string{"d/": "", "file": "", "large": strings.Repeat("#\n", 2<<20) + "#"})
	tests := map[string]struct {
		dir  string
		file string
		want string
	}{
		"no such directory":          {filepath.Join(dir, "nope"), "", "/nope: no such file or directory"},
		"not a directory":            {filepath.Join(dir, "file"), "", "/file: it is not a directory"},
		"no such Dockerfile":         {dir, "Dockerfile.prod", ": read Dockerfile Dockerfile.prod: no such file or directory"},
		"a Dockerfile without end":   {dir, "large", ": read Dockerfile large: it has more than 4 MiB"},
		"a directory for Dockerfile": {dir, "d", ": read Dockerfile d: it is not a regular file"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := buildcontext.Open(t.Context(), tt.dir, buildcontext.Options{Dockerfile: tt.file})
			if err == nil || !strings.HasPrefix(err.Error(), "open build context /") || !strings.HasSuffix(err.Error(), tt.want) {
				t.Errorf("got %v, want it to end in %q", err, tt.want)
			}
		})
	}
}

func TestCanceled(t *testing.T) {
	dir := tree(t, map[string]string{"a": "1"})
	c := open(t, dir, buildcontext.Options{})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, openErr := buildcontext.Open(ctx, dir, buildcontext.Options{})
	_, hashErr := c.Hash(ctx, buildcontext.Inputs{})
	for what, err := range map[string]error{"open": openErr, "hash": hashErr, "archive": c.WriteTar(ctx, io.Discard)} {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v, want context.Canceled", what, err)
		}
	}
}

// endless is a reader of an archive that goes away.
type endless struct{ left int }

var errGone = errors.New("gone")

func (e *endless) Write(p []byte) (int, error) {
	if e.left -= len(p); e.left < 0 {
		return 0, errGone
	}
	return len(p), nil
}

func TestWriteTarToNobody(t *testing.T) {
	dir := tree(t, map[string]string{"a": strings.Repeat("x", 1<<20)})
	if err := open(t, dir, buildcontext.Options{}).WriteTar(t.Context(), &endless{left: 1 << 18}); !errors.Is(err, errGone) {
		t.Errorf("got %v, want the error of the writer", err)
	}
}
