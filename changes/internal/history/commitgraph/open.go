package commitgraph

import (
	"bytes"
	"path/filepath"

	"github.com/mettel-automation/delivery/changes/internal/file"
	"github.com/mettel-automation/delivery/changes/internal/git"
)

// Open opens the graph of a repository with these object directories: its own,
// and its alternates after it. The first graph counts, as in git. It is nil
// where there is none, or none that can be used.
func Open(objectDirs []string) *Graph {
	for _, dir := range objectDirs {
		layers := openSingle(dir)
		if layers == nil {
			layers = openChain(dir, objectDirs)
		}
		if layers == nil {
			continue
		}
		g := &Graph{layers: layers, dated: true}
		for _, l := range layers {
			g.dated = g.dated && l.offsets != nil
		}
		return g
	}
	return nil
}

// openSingle opens the file that rests on no other.
func openSingle(dir string) []layer {
	l, err := openFile(filepath.Join(dir, "info", "commit-graph"))
	if err != nil {
		return nil
	}
	if !l.restsOn(nil, nil) {
		_ = l.file.Close() // read only: nothing is lost
		return nil
	}
	return []layer{l}
}

func openFile(path string) (layer, error) {
	content, err := file.Read(path)
	if err != nil {
		return layer{}, err
	}
	l, err := parseLayer(content.Bytes())
	if err != nil {
		_ = content.Close()
		return layer{}, err
	}
	l.path, l.file = path, content
	return l, nil
}

// openChain opens the files that dir lists, the oldest first, up to the first
// that cannot be used: what lies below is a graph as well. A file may be in any
// of the object directories.
func openChain(dir string, objectDirs []string) []layer {
	list, err := file.ReadAll(filepath.Join(dir, "info", "commit-graphs", "commit-graph-chain"))
	if err != nil {
		return nil
	}
	var layers []layer
	var hashes []git.Hash
	for line := range bytes.Lines(list) {
		h, ok := git.ParseHash(string(bytes.TrimSpace(line)))
		if !ok {
			break
		}
		l, ok := openLink(h, objectDirs, layers, hashes)
		if !ok {
			break
		}
		layers, hashes = append(layers, l), append(hashes, h)
	}
	return layers
}

func openLink(h git.Hash, objectDirs []string, below []layer, hashes []git.Hash) (layer, bool) {
	name := "graph-" + h.String() + ".graph"
	for _, dir := range objectDirs {
		l, err := openFile(filepath.Join(dir, "info", "commit-graphs", name))
		if err != nil {
			continue
		}
		if l.restsOn(below, hashes) {
			return l, true
		}
		_ = l.file.Close()
	}
	return layer{}, false
}
