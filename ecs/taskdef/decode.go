package taskdef

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/mettel-automation/delivery/internal/nearest"
)

// decoder fills values of the SDK, whose types know nothing of JSON: a key is
// the name of the field with a small first letter. The keys of string maps,
// such as the options of a log driver, stay as they are.
type decoder struct {
	file string
	text []byte
	errs []error
}

func (d *decoder) fault(offset int, key string, err error) {
	line, column := position(d.text, offset)
	d.errs = append(d.errs, &ReadError{File: d.file, Line: line, Column: column, Key: key, Err: err})
}

// value decodes n into v. A null leaves v as it is.
func (d *decoder) value(n node, v reflect.Value, key string) {
	if n.kind == null {
		return
	}
	if v.Kind() == reflect.Pointer {
		v.Set(reflect.New(v.Type().Elem()))
		v = v.Elem()
	}
	switch v.Kind() {
	case reflect.Struct:
		d.object(n, v, key, nil)
	case reflect.Slice:
		if !d.want(n, aList, key) {
			return
		}
		v.Set(reflect.MakeSlice(v.Type(), len(n.items), len(n.items)))
		for i, item := range n.items {
			at := fmt.Sprintf("%s[%d]", key, i)
			if item.kind == null {
				d.fault(item.offset, at, errors.New("null in a list"))
				continue
			}
			d.value(item, v.Index(i), at)
		}
	case reflect.Map:
		d.stringMap(n, v, key)
	case reflect.Interface:
		d.union(n, v, key)
	case reflect.String:
		d.str(n, v, key)
	case reflect.Bool:
		if d.want(n, aBool, key) {
			v.SetBool(n.scalar.(bool))
		}
	default: // int32, the only number that task definitions have
		d.number(n, v, key)
	}
}

// object decodes the members of n into the fields of v; those of dropped are
// read over.
func (d *decoder) object(n node, v reflect.Value, key string, dropped []string) {
	if !d.want(n, anObject, key) {
		return
	}
	fields := fieldsOf(v.Type())
	seen := make(map[string]bool, len(n.members))
	for _, m := range n.members {
		at := below(key, m.key)
		index, known := fields[m.key]
		switch {
		case seen[m.key]:
			d.fault(m.offset, at, errors.New("given twice"))
		case known:
			d.value(m.value, v.Field(index), at)
		case !slices.Contains(dropped, m.key):
			err := errors.New("unknown key")
			if like := nearest.Of(m.key, slices.Collect(maps.Keys(fields))); like != "" {
				err = fmt.Errorf("unknown key; did you mean %q?", like)
			}
			d.fault(m.offset, at, err)
		}
		seen[m.key] = true
	}
}

func (d *decoder) stringMap(n node, v reflect.Value, key string) {
	if !d.want(n, anObject, key) {
		return
	}
	v.Set(reflect.MakeMapWithSize(v.Type(), len(n.members)))
	for _, m := range n.members {
		at := below(key, m.key)
		if v.MapIndex(reflect.ValueOf(m.key)).IsValid() {
			d.fault(m.offset, at, errors.New("given twice"))
			continue
		}
		if d.want(m.value, aString, at) {
			v.SetMapIndex(reflect.ValueOf(m.key), reflect.ValueOf(m.value.scalar))
		}
	}
}

// unions are the members of the unions that a task definition has, by key. The
// SDK has a type for each of them, whose field Value is what the key has.
func unions() map[reflect.Type]map[string]reflect.Type {
	return map[reflect.Type]map[string]reflect.Type{
		reflect.TypeFor[types.SharingStrategy](): {"nvidiaMps": reflect.TypeFor[types.SharingStrategyMemberNvidiaMps]()},
	}
}

// union decodes an object with one key, which says what it is.
func (d *decoder) union(n node, v reflect.Value, key string) {
	if !d.want(n, anObject, key) {
		return
	}
	known := unions()[v.Type()]
	if len(n.members) != 1 {
		d.fault(n.offset, key, fmt.Errorf("want exactly one of the keys %s", strings.Join(slices.Sorted(maps.Keys(known)), ", ")))
		return
	}
	m := n.members[0]
	member, ok := known[m.key]
	if !ok {
		d.fault(m.offset, below(key, m.key), fmt.Errorf("unknown key; there is %s", strings.Join(slices.Sorted(maps.Keys(known)), ", ")))
		return
	}
	out := reflect.New(member)
	d.value(m.value, out.Elem().FieldByName("Value"), below(key, m.key))
	v.Set(out)
}

func (d *decoder) str(n node, v reflect.Value, key string) {
	if !d.want(n, aString, key) {
		return
	}
	text := n.scalar.(string)
	if values := v.MethodByName("Values"); values.IsValid() { // an enumeration
		known := values.Call(nil)[0]
		var names []string
		for i := range known.Len() {
			names = append(names, known.Index(i).String())
		}
		if !slices.Contains(names, text) {
			d.fault(n.offset, key, fmt.Errorf("%q is none of %s", text, strings.Join(names, ", ")))
			return
		}
	}
	v.SetString(text)
}

func (d *decoder) number(n node, v reflect.Value, key string) {
	if !d.want(n, aNumber, key) {
		return
	}
	i, err := strconv.ParseInt(string(n.scalar.(json.Number)), 10, v.Type().Bits())
	if err != nil {
		d.fault(n.offset, key, fmt.Errorf("%s is not a whole number of %d bits", n.scalar, v.Type().Bits()))
		return
	}
	v.SetInt(i)
}

// want reports whether n is of kind; it says how to write it where that is plain.
func (d *decoder) want(n node, kind, key string) bool {
	if n.kind == kind {
		return true
	}
	hint := ""
	switch {
	case kind == aString && (n.kind == aNumber || n.kind == aBool):
		hint = "; write it in quotes"
	case kind == aNumber && n.kind == aString, kind == aBool && n.kind == aString:
		hint = "; write it without quotes"
	}
	d.fault(n.offset, key, fmt.Errorf("want %s, not %s%s", kind, n.kind, hint))
	return false
}

// fieldsOf returns the positions of the exported fields of a struct by key.
func fieldsOf(t reflect.Type) map[string]int {
	fields := make(map[string]int, t.NumField())
	for i := range t.NumField() {
		if f := t.Field(i); f.IsExported() {
			fields[lowerFirst(f.Name)] = i
		}
	}
	return fields
}

func below(place, key string) string {
	if place == "" {
		return key
	}
	return place + "." + key
}
