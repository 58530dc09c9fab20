// Package short has the names that people know what has an ARN by.
package short

import "strings"

// Name is the last element of an ARN of ECS or Cloud Map: the name of a service, the id
// of a task, family:revision of a task definition. A name is its own.
func Name(arn string) string { return arn[strings.LastIndexByte(arn, '/')+1:] }
