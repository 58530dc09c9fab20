package buildcontext

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"hash"
	"io/fs"
	"maps"
	"slices"
	"strings"

	"github.com/mettel-automation/delivery/ecr/buildcontext/internal/dockerfile"
	"github.com/mettel-automation/delivery/internal/clean"
)

// hashFormat is the first input of every hash. It changes with whatever changes
// the hash of an image that has not changed.
const hashFormat = "delivery build inputs 1"

// Inputs are what makes an image besides the files of its context. Each of them
// changes the hash; a nil map is an empty one.
type Inputs struct {
	Target   string // stage to build
	Platform string // such as "linux/amd64"; "linux/x86_64" is the same, as for BuildKit
	Network  string // network of RUN; "" is "default"

	// Args are the build arguments. Those that every build knows and that are only
	// about the way to the internet (HTTP_PROXY, HTTPS_PROXY, FTP_PROXY, NO_PROXY,
	// ALL_PROXY, also in lower case) are no inputs, unless the Dockerfile declares them.
	// Source: Dockerfile reference, "Predefined ARGs".
	Args map[string]string

	Bases   map[string]string // digests of base images, by the name in the Dockerfile
	Epoch   string            // stands for base images without a digest: a new one makes all images anew
	Labels  map[string]string // labels that are not about the build itself, as a revision or a time are
	Secrets []string          // ids of secrets, in any order; never their values
}

// Hash returns the hash of all that makes an image, 64 hexadecimal digits: in,
// the text of the Dockerfile, and of each file its path, its type, whether it may be
// executed, where it links to and its content. It depends neither on times and
// owners, nor on permissions that come from a umask, nor on what is left out. It
// reads files once in the life of a context; see [Context.Sums].
//
// Two images have the same hash only if all of that is the same: every input is
// hashed with its length before it.
func (c *Context) Hash(ctx context.Context, in Inputs) (string, error) {
	contents, err := c.allSums(ctx)
	if err != nil {
		return "", fmt.Errorf("hash build context %s: %w", clean.Text(c.dir), err)
	}
	h := fieldHash{sha256.New()}
	h.text(hashFormat)
	h.text(string(c.dockerfile.read))
	h.text(in.Target)
	h.text(normalPlatform(in.Platform))
	h.text(normalNetwork(in.Network))
	h.texts(withoutProxies(in.Args, c.dockerfile.read))
	h.texts(in.Bases)
	h.text(in.Epoch)
	h.texts(in.Labels)
	secrets := slices.Sorted(slices.Values(in.Secrets))
	h.number(int64(len(secrets)))
	for _, id := range secrets {
		h.text(id)
	}
	h.number(int64(len(c.files)))
	for i, f := range c.files {
		if err := h.file(f, contents[i]); err != nil {
			return "", fmt.Errorf("hash build context %s: %w", clean.Text(c.dir), err)
		}
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// normalNetwork returns the one spelling of a network.
func normalNetwork(network string) string {
	if network == "default" {
		return ""
	}
	return network
}

// withoutProxies returns args without those of Inputs.Args that are no inputs.
func withoutProxies(args map[string]string, source []byte) map[string]string {
	isProxy := func(name, _ string) bool {
		switch name {
		case strings.ToUpper(name), strings.ToLower(name):
			switch strings.ToUpper(name) {
			case "HTTP_PROXY", "HTTPS_PROXY", "FTP_PROXY", "NO_PROXY", "ALL_PROXY":
				return true
			}
		}
		return false
	}
	kept := maps.Clone(args)
	maps.DeleteFunc(kept, isProxy)
	if len(kept) == len(args) {
		return args
	}
	for name := range dockerfile.Declares(source) {
		if value, ok := args[name]; ok {
			kept[name] = value
		}
	}
	return kept
}

// fieldHash hashes fields, each of which says where it ends.
type fieldHash struct{ hash.Hash }

func (h fieldHash) number(n int64) {
	var b [8]byte
	binary.BigEndian.PutUint64(b[:], uint64(n))
	h.Write(b[:])
}

func (h fieldHash) text(s string) {
	h.number(int64(len(s)))
	h.Write([]byte(s))
}

func (h fieldHash) texts(m map[string]string) {
	h.number(int64(len(m)))
	for _, k := range slices.Sorted(maps.Keys(m)) {
		h.text(k)
		h.text(m[k])
	}
}

// hashedMode is all in which the modes of two files of a context can differ, see sent.
const hashedMode = fs.ModeType | fs.ModeSetuid | fs.ModeSetgid | 0o100

func (h fieldHash) file(f File, content [sha256.Size]byte) error {
	mode := f.Mode & fs.ModeType
	if f.Mode.IsRegular() {
		mode = f.Mode & hashedMode
	}
	h.text(f.Path)
	h.number(int64(mode))
	switch {
	case f.Mode.IsRegular():
		h.Write(content[:])
	case f.Mode&fs.ModeSymlink != 0:
		h.text(f.Link)
	case f.Mode&fs.ModeDevice != 0:
		device, err := header(f)
		if err != nil {
			return err
		}
		h.number(device.Devmajor)
		h.number(device.Devminor)
	}
	return nil
}
