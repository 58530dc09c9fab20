// Package inflate decompresses whole zlib streams whose size is known, as the
// objects of a repository are kept.
//
//	var d inflate.Decoder
//	content := make([]byte, size) // the size that the object's header says
//	consumed, err := d.Inflate(content, packed)
//
// It is made for many small streams: a Decoder keeps its tables from one to
// the next and allocates nothing, and a stream is decoded in one go from
// memory to memory. It neither streams nor compresses, and knows no preset
// dictionaries. It fails where zlib's inflate fails.
package inflate

import (
	"encoding/binary"
	"errors"
)

// Error is what is wrong with a stream.
type Error string

func (e Error) Error() string { return string(e) }

// What can be wrong with a stream.
const (
	ErrHeader   = Error("not a zlib stream")
	ErrCut      = Error("compressed data is cut off")
	ErrBlock    = Error("compressed data has a block of unknown type")
	ErrStored   = Error("compressed data has a stored block with a wrong length")
	ErrCode     = Error("compressed data has an invalid prefix code")
	ErrSymbol   = Error("compressed data has an invalid symbol")
	ErrDistance = Error("compressed data refers to what is before its begin")
	ErrChecksum = Error("checksum of the content does not match")
	ErrLong     = Error("content is longer than its header says")
	ErrShort    = Error("content is shorter than its header says")
)

// Decoder decompresses streams. The zero value is ready to use, by one
// goroutine at a time.
type Decoder struct {
	dynamic, fixed codes
	lens           [maxLens]uint8 // lengths of the codewords of a dynamic block
	precode        [1 << preBits]entry
	sorted         [maxLens]uint16
	hasFixed       bool

	in   input
	tail [tailSize]byte
	out  []byte
	done int // bytes of out that are written
}

// codes are the decode tables of a block.
type codes struct {
	lit  [litSize]entry
	dist [distSize]entry
}

const (
	zlibHeader  = 2
	zlibTrailer = 4
)

// Inflate decompresses the zlib stream that src begins with into dst, which it
// must fill exactly, and returns how many bytes of src the stream takes. What
// dst holds after an error is undefined. Errors are values of type [Error].
// Source: RFC 1950, RFC 1951.
func (d *Decoder) Inflate(dst, src []byte) (consumed int, err error) {
	if err := d.run(dst, src); err != nil {
		return 0, err
	}
	if d.done < len(dst) {
		return 0, ErrShort
	}
	end := d.in.offset()
	if end > len(src)-zlibTrailer {
		return 0, ErrCut
	}
	if binary.BigEndian.Uint32(src[end:]) != checksum(dst) {
		return 0, ErrChecksum
	}
	return end + zlibTrailer, nil
}

// Head decompresses the beginning of the zlib stream that src begins with,
// until dst is full or the stream ends, and returns how many bytes it wrote. Src
// need not hold all of the stream, only some more than dst takes. No checksum
// is looked at.
func (d *Decoder) Head(dst, src []byte) (n int, err error) {
	err = d.run(dst, src)
	if errors.Is(err, ErrLong) {
		return len(dst), nil
	}
	if err != nil {
		return 0, err
	}
	return d.done, nil
}

// run decodes all blocks of src into dst.
func (d *Decoder) run(dst, src []byte) error {
	d.out, d.done = dst, 0
	if len(src) < zlibHeader {
		return ErrCut
	}
	const (
		deflate    = 8
		maxWindow  = 7 // as a power of two, less 8
		dictionary = 1 << 5
	)
	method, flags := src[0], src[1]
	if method&0xf != deflate || method>>4 > maxWindow || binary.BigEndian.Uint16(src)%31 != 0 || flags&dictionary != 0 {
		return ErrHeader
	}
	d.in = input{src: src, window: src, pos: zlibHeader, tail: &d.tail}
	for last := false; !last; {
		if !d.in.refill() {
			return ErrCut
		}
		header := d.in.take(3)
		last = header&1 != 0
		if err := d.block(header >> 1); err != nil {
			if d.in.offset() > len(src) {
				return ErrCut // what is wrong is not in the stream, but behind its end
			}
			return err
		}
	}
	return nil
}

// block decodes a block of a type behind its header.
func (d *Decoder) block(kind uint) error {
	switch kind {
	case 0:
		return d.stored()
	case 1:
		if !d.hasFixed {
			d.fixed.buildFixed(d)
			d.hasFixed = true
		}
		return d.compressed(&d.fixed)
	case 2:
		if err := d.readCodes(); err != nil {
			return err
		}
		return d.compressed(&d.dynamic)
	}
	return ErrBlock
}

// stored copies a block that is not compressed.
func (d *Decoder) stored() error {
	at := d.in.offset() // the header's last byte has been begun, so it counts
	src := d.in.src
	if at > len(src)-4 {
		return ErrCut
	}
	n := int(binary.LittleEndian.Uint16(src[at:]))
	if ^uint16(n) != binary.LittleEndian.Uint16(src[at+2:]) {
		return ErrStored
	}
	at += 4
	copied := copy(d.out[d.done:], src[at:min(at+n, len(src))])
	d.done += copied
	d.in = input{src: src, window: src, pos: at + copied, tail: &d.tail}
	switch {
	case copied == n:
		return nil
	case d.done == len(d.out):
		return ErrLong
	}
	return ErrCut
}
