// Package query reads and writes the AWS query protocol, in which
// CloudFormation speaks: a form comes in, XML goes out.
//
// It maps both to the SDK's own input and output structs, whose fields bear the
// names of the wire:
//
//	var in cloudformation.DescribeStacksInput
//	err := query.Decode(form, &in)
//	body := query.Encode("DescribeStacks", out, requestID)
//
// Lists, structs, strings, integers, booleans and times are all that
// CloudFormation needs, and all that it knows.
package query

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"net/url"
	"reflect"
	"strconv"
	"strings"
	"time"
)

// maxMembers bounds a list, since a form may claim any number.
const maxMembers = 10000

// Decode fills the struct that in points to from form. Fields that the form does
// not have stay as they are; parameters that the struct does not have are ignored.
func Decode(form url.Values, in any) error {
	_, err := decode(form, "", reflect.ValueOf(in).Elem())
	return err
}

// decode fills v from the parameters under key, and reports whether there were any.
func decode(form url.Values, key string, v reflect.Value) (found bool, err error) {
	switch v.Kind() {
	case reflect.Pointer:
		fresh := reflect.New(v.Type().Elem())
		if found, err = decode(form, key, fresh.Elem()); found {
			v.Set(fresh)
		}
		return found, err
	case reflect.Struct:
		for i := range v.NumField() {
			field := v.Type().Field(i)
			if !field.IsExported() {
				continue
			}
			ok, err := decode(form, join(key, field.Name), v.Field(i))
			if err != nil {
				return found, err
			}
			found = found || ok
		}
		return found, nil
	case reflect.Slice:
		return decodeList(form, key, v)
	}
	text, ok := form[key]
	if !ok {
		return false, nil
	}
	return true, decodeScalar(key, text[0], v)
}

func decodeList(form url.Values, key string, v reflect.Value) (found bool, err error) {
	if _, empty := form[key]; empty {
		v.Set(reflect.MakeSlice(v.Type(), 0, 0))
		return true, nil
	}
	for i := 1; i <= maxMembers; i++ {
		member := reflect.New(v.Type().Elem()).Elem()
		ok, err := decode(form, key+".member."+strconv.Itoa(i), member)
		if err != nil || !ok {
			return found, err
		}
		found = true
		v.Set(reflect.Append(v, member))
	}
	return found, fmt.Errorf("decode %s: more than %d members", key, maxMembers)
}

func decodeScalar(key, text string, v reflect.Value) error {
	switch v.Kind() {
	case reflect.String:
		v.SetString(text)
	case reflect.Bool:
		b, err := strconv.ParseBool(text)
		if err != nil {
			return fmt.Errorf("decode %s: %q is no boolean", key, text)
		}
		v.SetBool(b)
	case reflect.Int32, reflect.Int64:
		n, err := strconv.ParseInt(text, 10, 32)
		if err != nil {
			return fmt.Errorf("decode %s: %q is no integer", key, text)
		}
		v.SetInt(n)
	default:
		return fmt.Errorf("decode %s: cannot read a %s", key, v.Type())
	}
	return nil
}

func join(key, name string) string {
	if key == "" {
		return name
	}
	return key + "." + name
}

// Namespace is that of CloudFormation's answers.
const Namespace = "http://cloudformation.amazonaws.com/doc/2010-05-15/"

// Encode returns the answer to operation op: the fields of the struct that out
// points to, without those that are nil or empty.
func Encode(op string, out any, requestID string) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "<%sResponse xmlns=%q><%sResult>", op, Namespace, op)
	encodeFields(&b, reflect.ValueOf(out).Elem())
	fmt.Fprintf(&b, "</%sResult><ResponseMetadata><RequestId>%s</RequestId></ResponseMetadata></%sResponse>", op, requestID, op)
	return b.Bytes()
}

// EncodeError returns the answer of a call that failed; status tells whose fault it was.
func EncodeError(status int, code, message, requestID string) []byte {
	who := "Sender"
	if status >= 500 {
		who = "Receiver"
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, "<ErrorResponse xmlns=%q><Error><Type>%s</Type>", Namespace, who)
	element(&b, "Code", code)
	element(&b, "Message", message)
	fmt.Fprintf(&b, "</Error><RequestId>%s</RequestId></ErrorResponse>", requestID)
	return b.Bytes()
}

func encodeFields(b *bytes.Buffer, v reflect.Value) {
	for i := range v.NumField() {
		field := v.Type().Field(i)
		if field.IsExported() && field.Name != "ResultMetadata" {
			encode(b, field.Name, v.Field(i))
		}
	}
}

func encode(b *bytes.Buffer, name string, v reflect.Value) {
	if v.Kind() == reflect.Pointer {
		if !v.IsNil() {
			encodeValue(b, name, v.Elem())
		}
		return
	}
	if !v.IsZero() {
		encodeValue(b, name, v)
	}
}

func encodeValue(b *bytes.Buffer, name string, v reflect.Value) {
	if at, ok := reflect.TypeAssert[time.Time](v); ok {
		element(b, name, at.UTC().Format("2006-01-02T15:04:05.000Z"))
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		fmt.Fprintf(b, "<%s>", name)
		encodeFields(b, v)
		fmt.Fprintf(b, "</%s>", name)
	case reflect.Slice:
		fmt.Fprintf(b, "<%s>", name)
		for i := range v.Len() {
			encodeValue(b, "member", v.Index(i))
		}
		fmt.Fprintf(b, "</%s>", name)
	case reflect.String:
		element(b, name, v.String())
	default:
		element(b, name, fmt.Sprint(v.Interface()))
	}
}

func element(b *bytes.Buffer, name, text string) {
	fmt.Fprintf(b, "<%s>", name)
	_ = xml.EscapeText(b, []byte(strings.ToValidUTF8(text, "\uFFFD"))) // a Buffer takes everything
	fmt.Fprintf(b, "</%s>", name)
}
