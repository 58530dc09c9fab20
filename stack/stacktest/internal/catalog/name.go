package catalog

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// Instance is one resource that exists, or is about to.
type Instance struct {
	Partition, Region, Account string
	Stack, LogicalID           string
	Serial                     int // tells instances apart; everything random is made of it
	Version                    int // how often it was made or changed
	Properties                 map[string]any
	Physical                   string // what Ref gives, once it is known
}

// GeneratedName is what CloudFormation calls the resource of a user who does
// not: the stack's name, the logical id and twelve characters, cut to fit.
// Source: CloudFormation User Guide, "Name type".
func (t *Type) GeneratedName(in Instance) string {
	suffix := strings.ToUpper(base36(in.Serial, 12))
	stack, id := in.Stack, in.LogicalID
	if t.NameMax > 0 {
		room := t.NameMax - len(suffix) - 2
		stack = cut(stack, max(room/2, room-len(id)))
		id = cut(id, room-len(stack))
	}
	name := stack + "-" + id + "-" + suffix
	if t.Lower {
		name = strings.ToLower(name)
	}
	return name
}

// GivenName returns the name that the user gave, and whether there is one.
func (t *Type) GivenName(properties map[string]any) (string, bool) {
	name, ok := properties[t.NameProperty].(string)
	return name, ok && name != ""
}

// ID is what Ref gives of a new instance.
func (t *Type) ID(in Instance) string { return t.expand(t.Ref, in) }

// Attribute is what Fn::GetAtt gives. Attributes of unknown types are made up.
func (t *Type) Attribute(name string, in Instance) string {
	pattern, ok := t.Attributes[name]
	if !ok {
		return in.Physical + "." + name
	}
	return t.expand(pattern, in)
}

// AttributeNames are those of the table, sorted.
func (t *Type) AttributeNames() []string { return slices.Sorted(maps.Keys(t.Attributes)) }

// expand fills in a pattern: {name} is the name in AWS, {ref} what Ref gives,
// {hex17} so many hexadecimal digits, {id12} so many letters and digits, {num10} so many digits,
// {octet} a number of an address, {=VpcId} the text of a property, {version} how
// often the resource was made or changed.
func (t *Type) expand(pattern string, in Instance) string {
	var b strings.Builder
	for {
		before, rest, found := strings.Cut(pattern, "{")
		b.WriteString(before)
		if !found {
			return b.String()
		}
		word, after, _ := strings.Cut(rest, "}")
		b.WriteString(t.value(word, in))
		pattern = after
	}
}

func (t *Type) value(word string, in Instance) string {
	switch word {
	case "name":
		if name, ok := t.GivenName(in.Properties); ok {
			return name
		}
		return t.GeneratedName(in)
	case "ref":
		return in.Physical
	case "region":
		return in.Region
	case "account":
		return in.Account
	case "partition":
		return in.Partition
	case "octet":
		return strconv.Itoa(1 + int(sum(in.Serial)[0])%254)
	case "version":
		return strconv.Itoa(max(in.Version, 1))
	}
	if property, ok := strings.CutPrefix(word, "="); ok {
		return fmt.Sprint(in.Properties[property])
	}
	for prefix, digits := range map[string]func(serial, n int) string{"hex": hexadecimal, "id": base36, "num": decimal} {
		if n, err := strconv.Atoi(strings.TrimPrefix(word, prefix)); err == nil {
			return digits(in.Serial, n)
		}
	}
	return word
}

func cut(s string, n int) string { return s[:max(min(len(s), n), 0)] }

func sum(serial int) [sha256.Size]byte {
	return sha256.Sum256([]byte("resource " + strconv.Itoa(serial)))
}

func hexadecimal(serial, n int) string {
	s := sum(serial)
	return cut(hex.EncodeToString(s[:]), n)
}

func base36(serial, n int) string { return digits(serial, n, "0123456789abcdefghijklmnopqrstuvwxyz") }

func decimal(serial, n int) string { return digits(serial, n, "0123456789") }

func digits(serial, n int, alphabet string) string {
	b := make([]byte, 0, n)
	for _, c := range sum(serial) {
		if len(b) < n {
			b = append(b, alphabet[int(c)%len(alphabet)])
		}
	}
	return string(b)
}
