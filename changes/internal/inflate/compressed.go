package inflate

import "encoding/binary"

const (
	litMask   = 1<<litBits - 1
	distMask  = 1<<distBits - 1
	matchBits = maxLen + 5 + maxLen + 13 // the most that a length and a distance take
)

// compressed decodes a compressed block. Here is where the time goes, so what
// it works on is in local variables until the end.
func (d *Decoder) compressed(c *codes) (err error) {
	in, out, done := &d.in, d.out, d.done
	window, pos, bits, n := in.window, in.pos, in.bits, in.n
next:
	for {
		if pos, bits, n = more(window, pos, bits, n); n < matchBits {
			if in.pos = pos; !in.pad() {
				err = ErrCut
				break
			}
			window, pos = in.window, in.pos
			continue
		}
		e := c.lit[bits&litMask]
		for e >= literal && uint(done) < uint(len(out)) {
			out[done] = byte(e >> baseShift)
			done++
			bits >>= e & 63
			if n -= uint(e & 63); n < litBits {
				continue next
			}
			e = c.lit[bits&litMask]
		}
		if pos, bits, n = more(window, pos, bits, n); n < matchBits {
			continue
		}
		if e&(special|subtable) == special|subtable {
			bits >>= litBits
			n -= litBits
			e = c.lit[e.index(bits)]
		}
		took := bits
		bits >>= e & 63
		n -= uint(e & 63)
		if e >= literal && uint(done) < uint(len(out)) {
			out[done] = byte(e >> baseShift)
			done++
			continue
		}
		if e >= literal || e&special != 0 {
			err = e.stop()
			break
		}
		length := e.value(took)
		if e = c.dist[bits&distMask]; e&(special|subtable) == special|subtable {
			bits >>= distBits
			n -= distBits
			e = c.dist[e.index(bits)]
		}
		took = bits
		bits >>= e & 63
		n -= uint(e & 63)
		if err = match(out, done, length, e, took); err != nil {
			break
		}
		done += length
	}
	in.pos, in.bits, in.n, d.done = pos, bits, n, done
	return err
}

// more refills a buffer of bits, with at least 56, if there are 8 more bytes.
func more(window []byte, pos int, bits uint64, n uint) (int, uint64, uint) {
	if len(window)-pos < 8 {
		return pos, bits, n
	}
	bits |= binary.LittleEndian.Uint64(window[pos:]) << (n & 63)
	return pos + int((63-n)>>3), bits, n | 56
}

// stop says why decoding stops at e, which is a literal for which there is no
// room, or special: not because of an error if it ends the block.
func (e entry) stop() error {
	switch {
	case e >= literal:
		return ErrLong
	case e&end == 0:
		return ErrSymbol
	}
	return nil
}

// index is the position that e, which refers to a subtable, and the bits behind
// it stand for.
func (e entry) index(bits uint64) uint64 {
	return uint64(e>>baseShift) + bits&(1<<(e>>lengthShift&lengthMask)-1)
}

// value is the length or distance that e stands for, with the extra bits that
// it took.
func (e entry) value(took uint64) int {
	return int(e>>baseShift) + int(took&(1<<(e&63)-1)>>(e>>lengthShift&lengthMask))
}

// match copies length bytes to out[done:] from as far before there as e, an
// entry of the distances, stands for. Of a match that is too long it copies what
// fits.
func match(out []byte, done, length int, e entry, took uint64) (err error) {
	if e&special != 0 {
		return ErrSymbol
	}
	distance := e.value(took)
	if distance > done {
		return ErrDistance
	}
	if length > len(out)-done {
		length, err = len(out)-done, ErrLong
	}
	stop := done + length
	switch {
	case distance >= 8 && stop+8 <= len(out):
		for from := done - distance; done < stop; done, from = done+8, from+8 {
			binary.LittleEndian.PutUint64(out[done:], binary.LittleEndian.Uint64(out[from:]))
		}
	case distance >= length:
		copy(out[done:stop], out[done-distance:])
	default: // what is copied repeats itself
		for ; done < stop; done++ {
			out[done] = out[done-distance]
		}
	}
	return err
}
