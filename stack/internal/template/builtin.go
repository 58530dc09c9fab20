package template

import (
	"encoding/base64"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

func getAttribute(e *evaluator, arg any) (any, error) {
	list, _ := arg.([]any)
	if len(list) == 2 {
		id, ok := Text(list[0])
		attribute, alsoOK := Text(list[1])
		if ok && alsoOK {
			return e.attribute(id, attribute)
		}
	}
	return nil, errors.New("it wants a resource and its attribute")
}

func join(e *evaluator, arg any) (any, error) {
	list, _ := arg.([]any)
	if len(list) != 2 {
		return nil, errors.New("it wants a delimiter and a list")
	}
	delimiter, ok := list[0].(string)
	elements, isList := list[1].([]any)
	if !ok || !isList {
		return nil, fmt.Errorf("it wants a delimiter and a list, not %s and %s", describe(list[0]), describe(list[1]))
	}
	words := make([]string, len(elements))
	for i, v := range elements {
		if words[i], ok = Text(v); !ok {
			return nil, fmt.Errorf("element %d is no text but %s", i, describe(v))
		}
		if err := e.spend(len(words[i]) + len(delimiter)); err != nil {
			return nil, err
		}
	}
	return strings.Join(words, delimiter), nil
}

func split(e *evaluator, arg any) (any, error) {
	list, _ := arg.([]any)
	if len(list) != 2 {
		return nil, errors.New("it wants a delimiter and a text")
	}
	delimiter, ok := list[0].(string)
	text, isText := Text(list[1])
	if !ok || delimiter == "" || !isText {
		return nil, fmt.Errorf("it wants a delimiter and a text, not %s and %s", describe(list[0]), describe(list[1]))
	}
	if err := e.spend(len(text)); err != nil {
		return nil, err
	}
	return texts(strings.Split(text, delimiter)), nil
}

func pick(_ *evaluator, arg any) (any, error) {
	list, _ := arg.([]any)
	if len(list) != 2 {
		return nil, errors.New("it wants an index and a list")
	}
	text, _ := Text(list[0])
	index, err := strconv.Atoi(text)
	elements, ok := list[1].([]any)
	switch {
	case err != nil:
		return nil, fmt.Errorf("its index is no number but %s", describe(list[0]))
	case !ok:
		return nil, fmt.Errorf("it selects from a list, and this is %s", describe(list[1]))
	case index < 0 || index >= len(elements):
		return nil, fmt.Errorf("there is no element %d in a list of %d", index, len(elements))
	}
	return elements[index], nil
}

func find(e *evaluator, arg any) (any, error) {
	list, _ := arg.([]any)
	if len(list) != 3 {
		return nil, errors.New("it wants a mapping and its two keys")
	}
	var tree any = e.template.Mappings
	path := "Mappings"
	for _, v := range list {
		key, ok := Text(v)
		if !ok {
			return nil, fmt.Errorf("a key of %s is no text but %s", path, describe(v))
		}
		level, _ := tree.(map[string]any)
		if tree, ok = level[key]; !ok {
			return nil, fmt.Errorf("%s has no key %q, only %s", path, key, strings.Join(slices.Sorted(maps.Keys(level)), ", "))
		}
		path += "." + key
	}
	return tree, nil
}

func zones(e *evaluator, arg any) (any, error) {
	region, ok := Text(arg)
	if !ok {
		return nil, fmt.Errorf("it wants a region, and this is %s", describe(arg))
	}
	if region != "" && region != e.scope.Pseudo["AWS::Region"] {
		return nil, fmt.Errorf("the zones of region %s are not known here", region)
	}
	return texts(e.scope.Zones), nil
}

func encode(e *evaluator, arg any) (any, error) {
	text, ok := Text(arg)
	if !ok {
		return nil, fmt.Errorf("it wants a text, and this is %s", describe(arg))
	}
	if err := e.spend(2 * len(text)); err != nil {
		return nil, err
	}
	return base64.StdEncoding.EncodeToString([]byte(text)), nil
}

func importValue(e *evaluator, arg any) (any, error) {
	name, ok := Text(arg)
	switch {
	case !ok:
		return nil, fmt.Errorf("it wants the name of an export, and this is %s", describe(arg))
	case e.scope.ImportValue == nil:
		return nil, fmt.Errorf("no export named %s found", name)
	}
	return e.scope.ImportValue(name)
}
