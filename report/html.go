package report

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"io"
	"reflect"
)

//go:embed *.tmpl style.css
var files embed.FS

// WriteHTML writes the page of r to w, in one call of Write. The same run gives
// the same bytes. The only errors are those of w.
//
// The page shows every text as text: markup is escaped, control characters and
// those that turn the direction of writing are spelled out, colours of a
// terminal are left out. Of very long texts and lists it shows the beginning, or
// the end where that matters more, and says how much there is besides. Links
// lead to http and https only.
func (r Run) WriteHTML(w io.Writer) error {
	page, err := render(r)
	if err == nil {
		_, err = w.Write(page)
	}
	if err != nil {
		return fmt.Errorf("write report: %w", err)
	}
	return nil
}

func render(r Run) ([]byte, error) {
	style, err := files.ReadFile("style.css")
	if err != nil {
		return nil, err
	}
	templates, err := template.ParseFS(files, "*.tmpl")
	if err != nil {
		return nil, err
	}
	p := newPage(r)
	makeSafe(reflect.ValueOf(p).Elem())
	p.Style = template.CSS(style)
	var out bytes.Buffer
	if err := templates.ExecuteTemplate(&out, "page.tmpl", p); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}
