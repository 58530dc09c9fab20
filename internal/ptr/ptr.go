// Package ptr reads the fields of the SDKs' types, of which nearly all are pointers.
package ptr

// Value returns what p points to, and the zero value where p is nil.
func Value[T any](p *T) T {
	if p == nil {
		var zero T
		return zero
	}
	return *p
}
