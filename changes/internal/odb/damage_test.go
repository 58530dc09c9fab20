package odb_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/mettel-automation/delivery/changes/internal/git"
	"github.com/mettel-automation/delivery/changes/internal/odb"
	"github.com/mettel-automation/delivery/changes/internal/pack"
	"github.com/mettel-automation/delivery/changes/internal/pack/packtest"
)

func TestDamagedLooseObjects(t *testing.T) {
	stream := func(s string) string { return string(packtest.Deflate([]byte(s))) }
	sound := stream("blob 3\x00abc")
	tests := map[string]struct{ file, want string }{
		"empty":                       {"", "cut off"},
		"cut off":                     {sound[:len(sound)-5], "cut off"},
		"noise":                       {"this is no object", "not a zlib stream"},
		"a wrong checksum":            {sound[:len(sound)-1] + "x", "checksum"},
		"something behind it":         {sound + "x", "something behind"},
		"no header":                   {stream(""), "does not begin with"},
		"a header without end":        {stream("blob 3"), "does not begin with"},
		"a header that is too long":   {stream("blob " + strings.Repeat("0", 40) + "3\x00abc"), "does not begin with"},
		"a type that there is not":    {stream("blub 3\x00abc"), "does not begin with"},
		"no type":                     {stream(" 3\x00abc"), "does not begin with"},
		"no size":                     {stream("blob \x00abc"), "does not begin with"},
		"a negative size":             {stream("blob -3\x00abc"), "does not begin with"},
		"a size with a zero in front": {stream("blob 03\x00abc"), "does not begin with"},
		"a size no number holds":      {stream("blob 99999999999999999999\x00abc"), "does not begin with"},
		"a size that is too small":    {stream("blob 2\x00abc"), "longer than its header says"},
		"a size that is too large":    {stream("blob 4\x00abc"), "shorter than its header says"},
		"more than it can need":       {sound + strings.Repeat("x", 100_000), "longer than its object can be"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			o := newObjects(t)
			h := packtest.Hash(git.Blob, []byte("abc"))
			o.write(loosePath(h), tt.file)
			wantError(t, o.open(odb.Options{}), h, git.ErrDamaged, o.dir, loosePath(h), tt.want)
		})
	}
}

func TestLooseObjectsThatAreNoFiles(t *testing.T) {
	o := newObjects(t)
	h := git.Hash{1}
	o.mkdir(loosePath(h))
	_, _, err := o.open(odb.Options{}).Append(nil, h)
	if err == nil || !strings.HasSuffix(err.Error(), loosePath(h)+": not a regular file") {
		t.Errorf("error = %v, want one that says that it is no file", err)
	}
}

// FuzzLoose reads loose objects that may hold anything.
func FuzzLoose(f *testing.F) {
	sound := packtest.Deflate([]byte("blob 3\x00abc"))
	f.Add(sound)
	f.Add(sound[:7])
	f.Add(packtest.Deflate([]byte("commit 1000000000\x00")))
	f.Add([]byte{})
	o := newObjects(f)
	h := packtest.Hash(git.Blob, []byte("abc"))
	s := o.open(odb.Options{MaxSize: 1 << 20})
	f.Fuzz(func(t *testing.T, content []byte) {
		objects{t, o.dir}.write(loosePath(h), string(content))
		kind, got, err := s.Append(nil, h)
		switch {
		case err == nil && (kind < git.Commit || kind > git.Tag || len(got) > 1<<20):
			t.Errorf("= %v of %d bytes", kind, len(got))
		case err != nil && !errors.Is(err, git.ErrDamaged) && !errors.Is(err, pack.ErrTooLarge):
			t.Errorf("error = %v, want ErrDamaged or ErrTooLarge", err)
		}
	})
}

// FuzzAlternates reads alternates that may hold anything.
func FuzzAlternates(f *testing.F) {
	f.Add("# comment\n\n/tmp\n\"/tmp\"\n")
	f.Add("\"\\303\\244\\n\"\r\n\"\\4\"\n\"\\")
	f.Fuzz(func(t *testing.T, content string) {
		o := newObjects(t)
		o.write("info/alternates", content)
		want(t, o.open(odb.Options{}), o.loose(git.Blob, "x"), git.Blob, "x")
	})
}
