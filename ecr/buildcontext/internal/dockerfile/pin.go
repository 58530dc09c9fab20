package dockerfile

import (
	"fmt"
	"slices"
	"strings"
)

// Pin returns the Dockerfile with "@" and the digest behind each image that digests
// has one for, by its name with the variables expanded. All else stays as it is, so
// that a line keeps its number, but for a name that goes over several lines.
//
// It reads what it has written: an image that does not come out with its digest,
// such as one in odd quotes, is an error.
func Pin(source []byte, args, digests map[string]string) ([]byte, error) {
	f, err := read(source, args)
	if err != nil {
		return nil, err
	}
	if name := syntaxImage(args); digests[name] != "" && !digest(name) {
		return nil, fmt.Errorf("the digest of %s cannot be put behind it: give it in the build argument %s", name, syntaxArgument)
	}
	pinned := slices.Clone(source)
	for _, r := range slices.Backward(f.references) {
		d, ok := pinnable(r, digests)
		if ok && r.form == addAddress {
			return nil, fmt.Errorf("line %d: the digest of %s cannot be put behind it: give ADD a --checksum", r.Line, r.Name)
		}
		if ok {
			text := r.pinned(string(source[r.place.begin:r.place.end]), d)
			pinned = slices.Replace(pinned, r.place.begin, r.place.end, []byte(text)...)
		}
	}
	again, err := read(pinned, args)
	for i, r := range f.references {
		want := r.Name
		if d, ok := pinnable(r, digests); ok {
			want += "@" + d
		}
		if err != nil || i >= len(again.references) || again.references[i].Name != want {
			return nil, fmt.Errorf("line %d: the digest of %s cannot be put behind it: write the name in one piece and without quotes", r.Line, r.Name)
		}
	}
	return pinned, nil
}

// pinnable returns the digest that is to stand behind r.
func pinnable(r reference, digests map[string]string) (string, bool) {
	d, ok := digests[r.Name]
	return d, ok && !r.Fixed && r.Name != scratch
}

// pinned returns text, which is the place of r, with the digest.
func (r reference) pinned(text, digest string) string {
	name := r.Name + "@" + digest
	switch r.form {
	case copyFlag:
		return copyFlag + "=" + name
	case mountFlag:
		if i := strings.LastIndex(strings.ToLower(text), "from="+strings.ToLower(r.Name)); i >= 0 {
			return text[:i] + text[i:i+len("from=")] + name + text[i+len("from=")+len(r.Name):]
		}
		return text
	}
	return name
}
