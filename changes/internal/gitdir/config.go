package gitdir

import (
	"bytes"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/mettel-automation/delivery/changes/internal/file"
)

// Config is the config of one repository. Source: git-config(1).
//
// A variable is named section.key, or section.subsection.key; section and key
// in small letters, a subsection as it is written.
type Config struct {
	layout   Layout
	settings []setting // in the order in which they stand; later ones win
	own      int       // where those of config.worktree begin
}

type setting struct {
	name, value string
	bare        bool // a name alone, which means true
}

// ReadConfig reads the config of a repository and, where
// extensions.worktreeConfig is on, that of the working tree after it. A file
// that does not exist is as good as an empty one.
func ReadConfig(l Layout) (*Config, error) {
	c := &Config{layout: l}
	if err := c.read(filepath.Join(l.CommonDir, "config")); err != nil {
		return nil, err
	}
	c.own = len(c.settings)
	on, err := c.Bool("extensions.worktreeconfig", false)
	if err != nil || !on {
		return c, err
	}
	return c, c.read(filepath.Join(l.GitDir, "config.worktree"))
}

// Get returns the last value of a variable. A name without a value has the
// value "".
func (c *Config) Get(name string) (value string, ok bool) {
	s, ok := last(c.settings, name)
	return s.value, ok
}

// Bool reads a variable as git does: true, yes, on, a name without a value and
// each number but 0 are true; false, no, off, 0 and an empty value are false.
// It is fallback where there is no such variable.
func (c *Config) Bool(name string, fallback bool) (bool, error) {
	s, ok := last(c.settings, name)
	if !ok {
		return fallback, nil
	}
	b, err := s.boolean()
	if err != nil {
		return false, fmt.Errorf("read config of %s: %w", c.layout.Dir, err)
	}
	return b, nil
}

func last(settings []setting, name string) (setting, bool) {
	for _, s := range slices.Backward(settings) {
		if s.name == name {
			return s, true
		}
	}
	return setting{}, false
}

func (s setting) boolean() (bool, error) {
	switch strings.ToLower(s.value) {
	case "true", "yes", "on":
		return true, nil
	case "false", "no", "off":
		return false, nil
	case "":
		return s.bare, nil
	}
	n, err := s.number()
	if err != nil {
		return false, fmt.Errorf("%s %q is neither true nor false", s.name, s.value)
	}
	return n != 0, nil
}

// number reads a number, which may end in k, m or g.
func (s setting) number() (int64, error) {
	digits, unit := s.value, int64(1)
	if n := len(digits); n > 0 {
		switch digits[n-1] | 0x20 {
		case 'k':
			digits, unit = digits[:n-1], 1<<10
		case 'm':
			digits, unit = digits[:n-1], 1<<20
		case 'g':
			digits, unit = digits[:n-1], 1<<30
		}
	}
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil || n*unit/unit != n {
		return 0, fmt.Errorf("%s %q is not a number", s.name, s.value)
	}
	return n * unit, nil
}

func (c *Config) read(path string) error {
	content, err := file.ReadAll(path)
	if err != nil {
		return file.IgnoreAbsent(err)
	}
	c.settings, err = parseConfig(content, c.settings)
	if err != nil {
		return fmt.Errorf("read %s: %w", path, err)
	}
	return nil
}

// parseConfig appends what a file of settings says to settings.
func parseConfig(content []byte, settings []setting) ([]setting, error) {
	p := configParser{content: content, rest: bytes.TrimPrefix(content, []byte("\xef\xbb\xbf"))}
	section := ""
	for {
		c, ok := p.next()
		switch {
		case !ok:
			return settings, nil
		case isBlank(c) || c == '\n':
		case c == '#' || c == ';':
			p.skipLine()
		case c == '[':
			var err error
			if section, err = p.section(); err != nil {
				return nil, p.fault(err)
			}
		case isLetter(c):
			s, err := p.setting(c)
			if err != nil {
				return nil, p.fault(err)
			}
			s.name = section + "." + s.name
			settings = append(settings, s)
		default:
			return nil, p.fault(fmt.Errorf("a line cannot begin with %q", c))
		}
	}
}

// configParser reads a config byte by byte, as git does (config.c).
type configParser struct {
	content []byte
	rest    []byte // of content
	text    []byte // what is being put together
}

var (
	errHeader    = errors.New(`a section is written [name] or [name "subsection"]`)
	errKey       = errors.New("a variable is written name = value")
	errUnended   = errors.New("a quote is not closed on its line")
	errBadEscape = errors.New(`only \\, \", \n, \t and \b may be escaped`)
)

// fault adds the line of the byte that was read last.
func (p *configParser) fault(err error) error {
	before := p.content[:max(0, len(p.content)-len(p.rest)-1)]
	return fmt.Errorf("line %d: %w", 1+bytes.Count(before, []byte("\n")), err)
}

// next returns the next byte. A carriage return before a newline is left out.
func (p *configParser) next() (c byte, ok bool) {
	if len(p.rest) == 0 {
		return '\n', false
	}
	if p.rest[0] == '\r' && len(p.rest) > 1 && p.rest[1] == '\n' {
		p.rest = p.rest[1:]
	}
	c = p.rest[0]
	p.rest = p.rest[1:]
	return c, true
}

func (p *configParser) skipLine() {
	_, p.rest, _ = bytes.Cut(p.rest, []byte("\n"))
}

// section reads what follows a "[", and returns name or name.subsection.
func (p *configParser) section() (string, error) {
	p.text = p.text[:0]
	for {
		switch c, ok := p.next(); {
		case !ok || c == '\n' || c == ']' && len(p.text) == 0:
			return "", errHeader
		case c == ']':
			return string(p.text), nil
		case isBlank(c):
			return p.subsection()
		case !isKey(c) && c != '.':
			return "", errHeader
		default:
			p.text = append(p.text, lower(c))
		}
	}
}

func (p *configParser) subsection() (string, error) {
	c, ok := p.next()
	for isBlank(c) {
		c, ok = p.next()
	}
	if !ok || c != '"' {
		return "", errHeader
	}
	p.text = append(p.text, '.')
	for {
		c, ok := p.next()
		if ok && c == '"' {
			break
		}
		if ok && c == '\\' {
			c, ok = p.next()
		}
		if !ok || c == '\n' {
			return "", errHeader
		}
		p.text = append(p.text, c)
	}
	if c, ok := p.next(); !ok || c != ']' {
		return "", errHeader
	}
	return string(p.text), nil
}

// setting reads a variable that begins with first.
func (p *configParser) setting(first byte) (setting, error) {
	p.text = append(p.text[:0], lower(first))
	c, ok := p.next()
	for ; ok && isKey(c); c, ok = p.next() {
		p.text = append(p.text, lower(c))
	}
	name := string(p.text)
	for ok && (c == ' ' || c == '\t') {
		c, ok = p.next()
	}
	switch {
	case !ok || c == '\n':
		return setting{name: name, bare: true}, nil
	case c != '=':
		return setting{}, errKey
	}
	value, err := p.value()
	return setting{name: name, value: value}, err
}

// value reads up to the end of the line, or of the last line where lines end
// in backslashes. Blanks around it are left out, but for quoted ones.
func (p *configParser) value() (string, error) {
	p.text = p.text[:0]
	quoted := false
	end := 0 // of what is no blank
	for {
		c, ok := p.next()
		switch {
		case !ok || c == '\n':
			if quoted {
				return "", errUnended
			}
			return string(p.text[:end]), nil
		case isBlank(c) && !quoted:
			if end > 0 {
				p.text = append(p.text, c)
			}
			continue
		case (c == '#' || c == ';') && !quoted:
			p.skipLine()
			return string(p.text[:end]), nil
		case c == '"':
			quoted = !quoted
		case c == '\\':
			if err := p.escape(); err != nil {
				return "", err
			}
		default:
			p.text = append(p.text, c)
		}
		end = len(p.text)
	}
}

// escape reads what follows a backslash in a value.
func (p *configParser) escape() error {
	switch c, _ := p.next(); c {
	case '\n': // the value goes on there
	case 't':
		p.text = append(p.text, '\t')
	case 'b':
		p.text = append(p.text, '\b')
	case 'n':
		p.text = append(p.text, '\n')
	case '\\', '"':
		p.text = append(p.text, c)
	default:
		return errBadEscape
	}
	return nil
}

func isBlank(c byte) bool { return c == ' ' || c == '\t' || c == '\r' }

func isLetter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }

func isKey(c byte) bool { return isLetter(c) || '0' <= c && c <= '9' || c == '-' }

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}
