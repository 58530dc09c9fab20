package exemplar

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"
)

// Gather lets an output list an attribute of many resources. The output is an
// exemplar of it, a !Join of one !GetAtt; the resources are those with the logical
// ids given. At most most of them are in one output: those after the first are
// called output2, output3 and so on. Without any, there is no output.
func (t *Template) Gather(output string, ids []string, most int) error {
	section := t.section("Outputs")
	at := slices.IndexFunc(section.Content, func(n *yaml.Node) bool { return n.Value == output })
	value := find(section, output, "Value")
	if at < 0 || value == nil || value.Tag != "!Join" || len(value.Content) != 2 || len(value.Content[1].Content) != 1 {
		return fmt.Errorf("gather %s: there is no output of that name which joins one element", output)
	}
	key, exemplar := section.Content[at], section.Content[at+1]
	remove(exemplar, "Condition")
	section.Content = slices.Delete(section.Content, at, at+2)
	var content []*yaml.Node
	for chunk := range slices.Chunk(ids, most) {
		name, entry := *key, Copy{}.node(&repeater{}, exemplar)
		if len(content) > 0 {
			name.Value += strconv.Itoa(len(content)/2 + 1)
			bare(&name)
			bare(entry)
		}
		list := find(entry, "Value").Content[1]
		one := list.Content[0]
		_, attribute, _ := strings.Cut(one.Value, ".")
		list.Content = nil
		for _, id := range chunk {
			element := *one
			element.Value = id + "." + attribute
			list.Content = append(list.Content, &element)
		}
		content = append(content, &name, entry)
	}
	section.Content = slices.Insert(section.Content, at, content...)
	return nil
}
