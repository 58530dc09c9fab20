package ekstest

import (
	"reflect"
	"time"
	"unicode"
	"unicode/utf8"
)

// encode turns what an answer holds into what package json writes as EKS does: the SDK's
// structs with field names that begin in lower case, times as seconds since the epoch,
// and nothing for what is not there.
func encode(v any) any { return encodeValue(reflect.ValueOf(v)) }

func encodeValue(v reflect.Value) any {
	if !v.IsValid() {
		return nil
	}
	if t, ok := reflect.TypeAssert[time.Time](v); ok {
		return float64(t.UnixMilli()) / 1000
	}
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if v.IsNil() {
			return nil
		}
		return encodeValue(v.Elem())
	case reflect.Struct:
		return encodeStruct(v)
	case reflect.Slice:
		list := make([]any, v.Len()) // one without elements is written as such
		for i := range list {
			list[i] = encodeValue(v.Index(i))
		}
		return list
	case reflect.Map:
		m := make(object, v.Len())
		for it := v.MapRange(); it.Next(); {
			m[it.Key().String()] = encodeValue(it.Value())
		}
		return m
	}
	return v.Interface()
}

func encodeStruct(v reflect.Value) object {
	out := object{}
	for field, inner := range v.Fields() {
		if !field.IsExported() || empty(inner) {
			continue
		}
		first, size := utf8.DecodeRuneInString(field.Name)
		out[string(unicode.ToLower(first))+field.Name[size:]] = encodeValue(inner)
	}
	return out
}

// empty reports whether a field says nothing: a false or 0 that is there is behind a
// pointer, except for the few numbers and flags that the SDK always has.
func empty(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface, reflect.Slice, reflect.Map:
		return v.IsNil()
	case reflect.String:
		return v.Len() == 0
	}
	return false
}
