package inflate

// input is a stream as a buffer of bits that is refilled eight bytes at a time.
//
// The count of bits is a lower bound: refilling may put more bits of the next
// byte into the buffer than it counts, and puts the same ones there again later.
type input struct {
	src    []byte // the whole stream, and what follows it
	window []byte // what pos counts in: src, or its padded end
	skip   int    // bytes of src before window
	pos    int    // next byte of window
	bits   uint64
	n      uint // bits that may be taken
	ended  bool // window is tail
	tail   *[tailSize]byte
}

// tailSize is room for the last seven bytes, which are too few for a load, for
// the eight that a refill may be ahead of what is taken, and for a load there.
const tailSize = 7 + 8 + 8

// refill fills the buffer with at least 56 bits. Behind the end of the source
// there are a few zeros; it is false when these are used up.
func (in *input) refill() bool {
	if len(in.window)-in.pos < 8 && !in.pad() {
		return false
	}
	in.pos, in.bits, in.n = more(in.window, in.pos, in.bits, in.n)
	return true
}

// pad makes the last bytes of the source a window of their own, with zeros
// behind them, so that loads need no care near the end.
func (in *input) pad() bool {
	if in.ended {
		return false
	}
	clear(in.tail[copy(in.tail[:], in.src[in.pos:]):])
	in.window, in.skip, in.pos, in.ended = in.tail[:], in.pos, 0, true
	return true
}

// take takes up to 56 bits; the buffer must hold as many.
func (in *input) take(n uint) uint {
	v := uint(in.bits & (1<<n - 1))
	in.bits >>= n
	in.n -= n
	return v
}

// offset is the first byte of the source of which no bit was taken. It is
// behind the end if zeros were taken that are not there.
func (in *input) offset() int { return in.skip + in.pos - int(in.n>>3) }
