package xmlscan

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"github.com/mettel-automation/delivery/coverage/internal/hits"
	"github.com/mettel-automation/delivery/coverage/internal/hitstest"
)

// newSlow returns a Scanner that leaves all to encoding/xml.
func newSlow(t testing.TB, r io.Reader) *Scanner {
	s := New(r)
	if err := s.handOver(); err != nil {
		t.Fatal(err)
	}
	return s
}

// all returns a line for each thing that s finds, and the fault that ends it.
func all(s *Scanner) []string {
	var out []string
	for {
		kind, err := s.Next()
		switch {
		case errors.Is(err, io.EOF):
			return out
		case err != nil:
			return append(out, "error: "+err.Error())
		case kind == Start:
			line := fmt.Sprintf("%d <%s", s.Depth(), s.Name())
			for _, a := range s.attrs {
				line += fmt.Sprintf(" %s=%q", a.name, a.value)
			}
			out = append(out, line)
		case kind == End:
			out = append(out, fmt.Sprintf("%d </%s", s.Depth(), s.Name()))
		case kind == Text:
			out = append(out, fmt.Sprintf("text %q", s.Text()))
		case kind == Comment:
			out = append(out, fmt.Sprintf("comment %q", s.Text()))
		}
	}
}

func TestNext(t *testing.T) {
	tests := map[string]struct {
		text string
		want []string
		slow bool // encoding/xml must have read the end of it
	}{
		"elements, attributes, text and comments": {
			text: "<?xml version='1.0' encoding=\"utf-8\" ?>\n<!DOCTYPE a SYSTEM \"http://192.0.2.1/a>b.dtd\">\n<a x='1' y=\"2 'z'\" >\n <b/> text <!-- c > d --><b\n z=\"\"></b >\n</a>\n",
			want: []string{`1 <a x="1" y="2 'z'"`, "2 <b", "1 </b", `text " text "`, `comment " c > d "`, `2 <b z=""`, "1 </b", "0 </a"},
		},
		"references and line ends are replaced": {
			text: "<a x='&lt;&gt;&amp;&apos;&quot;&#65;&#x42;é\r\n\rz'>&#x20ac;\r\n</a>",
			want: []string{`1 <a x="<>&'\"ABé\n\nz"`, `text "€\n"`, "0 </a"},
		},
		"text that is white space alone, written or referred to, is passed over": {
			text: "<a> \t\r\n&#32;&#x9;</a>",
			want: []string{"1 <a", "0 </a"},
		},
		"CDATA is text": {
			text: "<a><![CDATA[<b>&amp;]]></a>", slow: true,
			want: []string{"1 <a", `text "<b>&amp;"`, "0 </a"},
		},
		"processing instructions are passed over": {
			text: "<a><?b c?><d/></a>", slow: true,
			want: []string{"1 <a", "2 <d", "1 </d", "0 </a"},
		},
		"declared entities are not known": {
			text: "<!DOCTYPE a [<!ENTITY b 'c'>]>\n<a>\n&b;</a>", slow: true,
			want: []string{"1 <a", "error: line 3: XML: invalid character entity &b;"},
		},
		"a prefix is no part of a name, and an attribute with one is another attribute": {
			text: "<a><b><x:c x:d='1' d='2'/></b></a>", slow: true,
			want: []string{"1 <a", "2 <b", `3 <c d="2"`, "2 </c", "1 </b", "0 </a"},
		},
		"what begins regularly may go on otherwise, in the midst of elements": {
			text: "<a>\n<b>\n<c d='1'/>\n<e f = '2'/>\n</b>\n</x></a>", slow: true,
			want: []string{"1 <a", "2 <b", `3 <c d="1"`, "2 </c", `3 <e f="2"`, "2 </e", "1 </b", "error: line 6: XML: element <a> closed by </x>"},
		},
		"ISO 8859-1": {
			text: "<?xml version='1.0' encoding='ISO-8859-1'?><a b='caf\xe9'/>", slow: true,
			want: []string{`1 <a b="café"`, "0 </a"},
		},
		"XML 1.1":           {text: "<?xml version='1.1'?><a/>", slow: true, want: []string{`error: line 1: XML: unsupported version "1.1"; only version 1.0 is supported`}},
		"two roots":         {text: "<a/>\n<b/>", want: []string{"1 <a", "0 </a", "error: line 2: a second root element <b>: merge reports with a tool, or give them one by one"}},
		"text after all":    {text: "<a/>\nKilled\n", want: []string{"1 <a", "0 </a", "error: line 3: text outside of the root element"}, slow: true},
		"no root":           {text: "<?xml version='1.0'?>\n<!-- -->", want: []string{`comment " "`, "error: line 2: report is truncated: it ends before its root element"}, slow: true},
		"an open root":      {text: "<a>\n<b>", want: []string{"1 <a", "2 <b", "error: line 2: report is truncated: the XML ends before its root element does"}, slow: true},
		"half a tag":        {text: "<a>\n<b x='", want: []string{"1 <a", "error: line 2: report is truncated: the XML ends before its root element does"}, slow: true},
		"half a character":  {text: "<a b='caf\xe9'/>", want: []string{"error: line 1: XML: invalid UTF-8"}, slow: true},
		"a forbidden one":   {text: "<a b='&#0;'/>", want: []string{"error: line 1: XML: illegal character code U+0000"}, slow: true},
		"a tag in a value":  {text: "<a b='<c'/>", want: []string{"error: line 1: XML: unescaped < inside quoted string"}, slow: true},
		"]]> in text":       {text: "<a>]]></a>", want: []string{"1 <a", "error: line 1: XML: unescaped ]]> not in CDATA section"}, slow: true},
		"-- in a comment":   {text: "<a><!-- -- --></a>", want: []string{"1 <a", `error: line 1: XML: invalid sequence "--" not allowed in comments`}, slow: true},
		"an end too many":   {text: "<a></a></a>", want: []string{"1 <a", "0 </a", "error: line 1: XML: unexpected end element </a>"}, slow: true},
		"a value unquoted":  {text: "<a b=1/>", want: []string{"error: line 1: XML: unquoted or missing attribute value in element"}, slow: true},
		"UTF-32":            {text: "<?xml version='1.0' encoding='utf-32'?><a/>", want: []string{"error: line 1: XML is encoded in utf-32; have the tool write UTF-8"}, slow: true},
		"deep nesting":      {text: strings.Repeat("<a>", MaxDepth) + "\n<a>", want: append(nested(MaxDepth), "error: line 2: elements nest deeper than 1000")},
		"a huge tag":        {text: "<a>\n<b c='" + strings.Repeat("x", maxToken) + "'/></a>", want: []string{"1 <a", "error: line 2: an element, a text or a comment is longer than 1048576 bytes"}, slow: true},
		"a huge comment":    {text: "<a><!--" + strings.Repeat("x\n", maxToken), want: []string{"1 <a", "error: line 524287: an element, a text or a comment is longer than 1048576 bytes"}, slow: true},
		"a huge text":       {text: "<a>" + strings.Repeat(" ", 2*maxToken) + "</a>", want: []string{"1 <a", "error: line 1: an element, a text or a comment is longer than 1048576 bytes"}, slow: true},
		"a huge DOCTYPE":    {text: "<!DOCTYPE " + strings.Repeat("x", 2*maxToken), want: []string{"error: line 1: an element, a text or a comment is longer than 1048576 bytes"}, slow: true},
		"a long tag passes": {text: "<a b='" + strings.Repeat("x", maxToken/2) + "'/>", want: []string{fmt.Sprintf("1 <a b=%q", strings.Repeat("x", maxToken/2)), "0 </a"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			s := New(strings.NewReader(tt.text))
			if d := cmp.Diff(tt.want, all(s)); d != "" {
				t.Errorf("elements (-want +got):\n%.2000s", d)
			}
			if tt.slow && s.slow == nil {
				t.Error("it was not handed over to encoding/xml")
			}
			if d := cmp.Diff(tt.want, all(newSlow(t, strings.NewReader(tt.text)))); d != "" {
				t.Errorf("elements as encoding/xml reads them (-want +got):\n%.2000s", d)
			}
		})
	}
}

func nested(n int) []string {
	var out []string
	for i := range n {
		out = append(out, fmt.Sprintf("%d <a", i+1))
	}
	return out
}

// TestRegularXMLIsRead without encoding/xml, but for its end.
func TestRegularXMLIsScanned(t *testing.T) {
	for name, text := range map[string]string{
		"a declaration": `<?xml version="1.0" encoding="UTF-8" standalone='yes'?><a/>`,
		"a DOCTYPE":     `<!DOCTYPE report PUBLIC "-//JACOCO//DTD Report 1.1//EN" "report.dtd"><a/>`,
		"references":    `<a b="a&amp;b"/>`,
		"other letters": `<a b="é">ü</a>`,
		"a namespace":   `<a xmlns="http://example.com/"/>`,
		"comments":      `<!-- a --><a><!-- é & < --></a>`,
	} {
		t.Run(name, func(t *testing.T) {
			s := New(strings.NewReader(text))
			for {
				kind, err := s.Next()
				if err != nil {
					t.Fatal(err)
				}
				if kind == End && s.Depth() == 0 {
					break
				}
			}
			if s.slow != nil {
				t.Error("it was handed over to encoding/xml")
			}
		})
	}
}

func TestHead(t *testing.T) {
	tests := map[string]struct {
		text string
		want Head
		next string
	}{
		"the first element in the root": {
			text: "<!-- one --><a b='1' c='2' b='3'><!-- two -->text<d e='4'/></a>",
			want: Head{Root: "a", Attrs: map[string]string{"b": "1", "c": "2"}, Child: "d", Comment: " one \n two \n"},
			next: `2 <d e="4"`,
		},
		"there may be none": {
			text: "<a/>",
			want: Head{Root: "a", Attrs: map[string]string{}},
			next: "0 </a",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			s := New(strings.NewReader(tt.text))
			got, err := s.Head()
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(tt.want, got); d != "" {
				t.Errorf("head (-want +got):\n%s", d)
			}
			if rest := all(s); rest[0] != tt.next {
				t.Errorf("next is %s, want %s", rest[0], tt.next)
			}
		})
	}
	if _, err := New(strings.NewReader("<a>")).Head(); !errors.Is(err, hits.ErrTruncated) {
		t.Errorf("error is %v, want %v", err, hits.ErrTruncated)
	}
}

func TestSkip(t *testing.T) {
	for name, inner := range map[string]string{"regular": "<d/>", "odd": "<![CDATA[<b>]]>"} {
		s := New(strings.NewReader("<a><b><b>x</b>" + inner + "</b><c/></a>"))
		for range 2 {
			if _, err := s.Next(); err != nil {
				t.Fatal(err)
			}
		}
		if err := s.Skip(); err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff([]string{"2 <c", "1 </c", "0 </a"}, all(s)); d != "" {
			t.Errorf("%s: rest (-want +got):\n%s", name, d)
		}
	}
	s := New(strings.NewReader("<a><b>"))
	_, _ = s.Next()
	if err := s.Skip(); !errors.Is(err, hits.ErrTruncated) {
		t.Errorf("error is %v, want %v", err, hits.ErrTruncated)
	}
}

func TestReadErrorsPass(t *testing.T) {
	broken := errors.New("disk on fire")
	for name, text := range map[string]string{
		"at once": "", "in a tag": "<a><b", "in CDATA": "<a><![CDATA[", "in ISO 8859-1": "<?xml version='1.0' encoding='iso-8859-1'?><a>",
	} {
		t.Run(name, func(t *testing.T) {
			s := New(io.MultiReader(strings.NewReader(text), iotest.ErrReader(broken)))
			for {
				if _, err := s.Next(); err != nil {
					if !errors.Is(err, broken) || errors.Is(err, hits.ErrTruncated) {
						t.Errorf("error is %v, want %v", err, broken)
					}
					return
				}
			}
		})
	}
}

// pieces are what odd and regular documents are made of.
var pieces = []string{
	"<a>", "</a>", "<b c='d'/>", "<b c=\"&amp;\" e='\r'>", "</b>", "</b >", "text", "\n", "\r\n", " ", "&lt;", "&x;", "&#13;", "&#xD800;", "&#1;", "<!-- c -->",
	"<!---->", "<!-- -- -->", "<![CDATA[x]]>", "]]>", "<?p i?>", "<?xml version='1.0'?>", "<?xml version='1.0' encoding='latin1'?>", "<!DOCTYPE a>", "<!DOCTYPE a [<!ENTITY b 'c'>]>",
	"<a:b c:d='e'/>", "<", ">", "'", "\"", "=", "é", "\xff", "\x00", "\ufffe", "<a b = 'c'>", "<1/>", "<a b>", "<a xmlns='n' b=''>", "<!", "<!-", "<?", "</", "/>", "<a/ >", "<a b='c'd='e'/>",
}

// TestBothWaysAgree reads random documents both ways, in pieces of any size.
func TestBothWaysAgree(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rnd := rand.New(rand.NewPCG(seed, 6))
	for range 20000 {
		var b strings.Builder
		for range 1 + rnd.IntN(12) {
			b.WriteString(pieces[rnd.IntN(len(pieces))])
		}
		agree(t, []byte(b.String()))
	}
}

func agree(t *testing.T, text []byte) {
	t.Helper()
	slow := all(newSlow(t, bytes.NewReader(text)))
	if d := cmp.Diff(slow, all(New(bytes.NewReader(text)))); d != "" {
		t.Fatalf("%q (-encoding/xml +scan):\n%s", text, d)
	}
	if len(text) < 1000 {
		if d := cmp.Diff(slow, all(New(iotest.OneByteReader(bytes.NewReader(text))))); d != "" {
			t.Fatalf("%q byte by byte (-encoding/xml +scan):\n%s", text, d)
		}
	}
}

func FuzzAgrees(f *testing.F) {
	hitstest.Seed(f, "../../testdata/*.xml")
	for _, p := range pieces {
		f.Add([]byte("<a>" + p + "</a>"))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		if len(text) < maxToken/2 {
			agree(t, text)
		}
	})
}
