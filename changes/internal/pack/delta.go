package pack

import (
	"encoding/binary"
	"math/bits"
)

// deltaSize returns the size of what a delta makes, after checking that it is
// meant for a base of a size. Instructions are what is left of the delta.
func deltaSize(delta []byte, base int) (size uint64, instructions []byte, err error) {
	from, n := binary.Uvarint(delta)
	if n <= 0 {
		return 0, nil, errDelta
	}
	size, m := binary.Uvarint(delta[n:])
	if m <= 0 || from != uint64(base) {
		return 0, nil, errDelta
	}
	return size, delta[n+m:], nil
}

// apply fills dst with what instructions make of base: copies of parts of it,
// and bytes of their own. Source: gitformat-pack(5), "Deltified representation".
func apply(dst, base, instructions []byte) error {
	for len(instructions) > 0 {
		op := instructions[0]
		instructions = instructions[1:]
		if op&0x80 == 0 {
			n := int(op)
			if n == 0 || n > len(instructions) || n > len(dst) {
				return errDelta
			}
			copy(dst, instructions[:n])
			dst, instructions = dst[n:], instructions[n:]
			continue
		}
		offset, n, rest, ok := operands(op, instructions)
		if !ok {
			return errDelta
		}
		instructions = rest
		if n > uint(len(dst)) || offset > uint(len(base)) || n > uint(len(base))-offset {
			return errDelta
		}
		copy(dst, base[offset:][:n])
		dst = dst[n:]
	}
	if len(dst) > 0 {
		return errDelta
	}
	return nil
}

// operands reads the offset and the size that follow a copy instruction: those
// of their bytes that its lowest seven bits announce, the others being zero.
func operands(op byte, instructions []byte) (offset, n uint, rest []byte, ok bool) {
	if len(instructions) < bits.OnesCount8(op&0x7f) {
		return 0, 0, nil, false
	}
	for i := range 4 {
		if op>>i&1 != 0 {
			offset |= uint(instructions[0]) << (8 * i)
			instructions = instructions[1:]
		}
	}
	for i := range 3 {
		if op>>(4+i)&1 != 0 {
			n |= uint(instructions[0]) << (8 * i)
			instructions = instructions[1:]
		}
	}
	if n == 0 {
		n = 0x10000
	}
	return offset, n, instructions, true
}
