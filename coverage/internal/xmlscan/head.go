package xmlscan

import "strings"

// Head is how a document begins, which tells what it is.
type Head struct {
	Root    string            // name of the root element
	Attrs   map[string]string // those of the root
	Child   string            // name of the first element in the root; "" where it has none
	Comment string            // the comments before that element, where some tools name themselves
}

// maxComment is how much of a comment is kept, and maxComments of all, in bytes.
const (
	maxComment  = 200
	maxComments = 2000
)

// Head reads up to the first element in the root. Next returns that element, or
// the end of the root, once more.
func (s *Scanner) Head() (Head, error) {
	var head Head
	for {
		kind, err := s.Next()
		if err != nil {
			return head, err
		}
		switch {
		case kind == Comment && len(head.Comment) < maxComments:
			head.Comment += strings.ToValidUTF8(string(s.text[:min(len(s.text), maxComment)]), "") + "\n"
		case kind == Start && s.depth == 1:
			head.Root, head.Attrs = string(s.name), map[string]string{}
			for _, a := range s.attrs {
				if _, known := head.Attrs[string(a.name)]; !known {
					head.Attrs[string(a.name)] = string(a.value)
				}
			}
		case kind == Start:
			head.Child = string(s.name)
			s.again = true
			return head, nil
		case kind == End:
			s.again = true
			return head, nil
		}
	}
}
