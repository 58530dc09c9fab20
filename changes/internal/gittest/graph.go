package gittest

import (
	"bytes"
	"crypto/sha1"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/mettel-automation/delivery/changes/internal/git"
)

// commit is what a graph wants to know of one.
type commit struct {
	hash, tree git.Hash
	time       uint64
	parents    []git.Hash
	level      uint32 // topological
	date       uint64 // corrected
	position   uint32
}

// WriteGraph writes a commit-graph below an object directory. One list of
// commits is one file, several are a chain, the lowest first; the parents of a
// commit are in its list or in one before it. The first files, as many as
// dated says, have corrected commit dates. Source: gitformat-commit-graph(5).
func (o *Objects) WriteGraph(dir string, dated int, lists ...[]git.Hash) error {
	known := map[git.Hash]*commit{}
	var names []git.Hash
	for i, hashes := range lists {
		content := o.graphFile(hashes, i < dated, known, names)
		name := git.Hash(content[len(content)-git.HashSize:])
		path := filepath.Join(dir, "info", "commit-graphs", "graph-"+name.String()+".graph")
		if len(lists) == 1 {
			path = filepath.Join(dir, "info", "commit-graph")
		}
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(path, content, 0o644); err != nil {
			return err
		}
		names = append(names, name)
	}
	if len(lists) == 1 {
		return nil
	}
	var chain strings.Builder
	for _, name := range names {
		fmt.Fprintln(&chain, name)
	}
	return os.WriteFile(filepath.Join(dir, "info", "commit-graphs", "commit-graph-chain"), []byte(chain.String()), 0o644)
}

// Commits returns all commits that there are.
func (o *Objects) Commits() []git.Hash {
	var found []git.Hash
	for h, object := range o.objects {
		if object.kind == git.Commit {
			found = append(found, h)
		}
	}
	slices.SortFunc(found, git.Hash.Compare)
	return found
}

func (o *Objects) graphFile(hashes []git.Hash, dated bool, known map[git.Hash]*commit, bases []git.Hash) []byte {
	hashes = slices.SortedFunc(slices.Values(hashes), git.Hash.Compare)
	below := uint32(len(known))
	for i, h := range hashes {
		known[h] = o.parse(h)
		known[h].position = below + uint32(i)
	}
	chunks := map[string][]byte{"OIDF": nil, "OIDL": nil, "CDAT": nil}
	counts := [256]uint32{}
	for _, h := range hashes {
		c := known[h]
		generation(c, known)
		for first := int(h[0]); first < len(counts); first++ {
			counts[first]++
		}
		chunks["OIDL"] = append(chunks["OIDL"], h[:]...)
		chunks["CDAT"] = append(chunks["CDAT"], c.data(known, chunks)...)
		if dated {
			c.addDate(chunks)
		}
	}
	for _, n := range counts {
		chunks["OIDF"] = binary.BigEndian.AppendUint32(chunks["OIDF"], n)
	}
	for _, base := range bases {
		chunks["BASE"] = append(chunks["BASE"], base[:]...)
	}
	return assemble(chunks, len(bases))
}

func (o *Objects) parse(h git.Hash) *commit {
	c := &commit{hash: h}
	for line := range strings.Lines(string(o.objects[h].content)) {
		key, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		switch key {
		case "tree":
			c.tree, _ = git.ParseHash(value)
		case "parent":
			p, _ := git.ParseHash(value)
			c.parents = append(c.parents, p)
		case "committer":
			if _, err := fmt.Sscan(value[strings.LastIndexByte(value, '>')+1:], &c.time); err != nil {
				panic(fmt.Sprintf("gittest: commit %s: %v", h, err))
			}
		}
	}
	return c
}

func generation(c *commit, known map[git.Hash]*commit) {
	if c.level > 0 {
		return
	}
	c.level, c.date = 1, c.time
	for _, p := range c.parents {
		parent := known[p]
		generation(parent, known)
		c.level, c.date = max(c.level, parent.level+1), max(c.date, parent.date+1)
	}
}

func (c *commit) data(known map[git.Hash]*commit, chunks map[string][]byte) []byte {
	const none, more, last = 0x70000000, 0x80000000, 0x80000000
	positions := []uint32{none, none}
	for i, p := range c.parents {
		positions[min(i, 1)] = known[p].position
	}
	if len(c.parents) > 2 {
		positions[1] = more | uint32(len(chunks["EDGE"])/4)
		for i, p := range c.parents[1:] {
			edge := known[p].position
			if i == len(c.parents)-2 {
				edge |= last
			}
			chunks["EDGE"] = binary.BigEndian.AppendUint32(chunks["EDGE"], edge)
		}
	}
	data := slices.Clone(c.tree[:])
	data = binary.BigEndian.AppendUint32(data, positions[0])
	data = binary.BigEndian.AppendUint32(data, positions[1])
	return binary.BigEndian.AppendUint64(data, uint64(c.level)<<34|c.time&(1<<34-1))
}

func (c *commit) addDate(chunks map[string][]byte) {
	offset := c.date - c.time&(1<<34-1)
	if offset >= 1<<31 {
		large := chunks["GDO2"]
		chunks["GDO2"] = binary.BigEndian.AppendUint64(large, offset)
		offset = 1<<31 | uint64(len(large)/8)
	}
	chunks["GDA2"] = binary.BigEndian.AppendUint32(chunks["GDA2"], uint32(offset))
}

func assemble(chunks map[string][]byte, bases int) []byte {
	var ids []string
	for _, id := range []string{"OIDF", "OIDL", "CDAT", "GDA2", "GDO2", "EDGE", "BASE"} {
		if _, ok := chunks[id]; ok {
			ids = append(ids, id)
		}
	}
	var b bytes.Buffer
	b.WriteString("CGPH")
	b.Write([]byte{1, 1, byte(len(ids)), byte(bases)})
	at := uint64(8 + (len(ids)+1)*12)
	for _, id := range append(ids, "\x00\x00\x00\x00") {
		b.WriteString(id)
		b.Write(binary.BigEndian.AppendUint64(nil, at))
		at += uint64(len(chunks[id]))
	}
	for _, id := range ids {
		b.Write(chunks[id])
	}
	sum := sha1.Sum(b.Bytes())
	return append(b.Bytes(), sum[:]...)
}
