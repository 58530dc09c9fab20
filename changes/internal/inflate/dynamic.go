package inflate

// preOrder is the order in which a block gives the lengths of the precode.
var preOrder = [preSymbols]uint8{16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15}

// readCodes reads the codes of a dynamic block and makes their tables.
// Source: RFC 1951, section 3.2.7.
func (d *Decoder) readCodes() error {
	in := &d.in
	if !in.refill() {
		return ErrCut
	}
	lits, dists, pres := int(in.take(5))+257, int(in.take(5))+1, int(in.take(4))+4
	if lits > maxLits || dists > maxDists {
		return ErrCode
	}
	var pre [preSymbols]uint8
	for _, symbol := range preOrder[:pres] {
		if in.n < 3 && !in.refill() {
			return ErrCut
		}
		pre[symbol] = uint8(in.take(3))
	}
	if err := d.build(d.precode[:], preBits, pre[:], 0); err != nil {
		return err
	}
	if err := d.readLens(d.lens[:lits+dists]); err != nil {
		return err
	}
	if d.lens[endSymbol] == 0 {
		return ErrCode // such a block would have no end
	}
	if err := d.build(d.dynamic.dist[:], distBits, d.lens[lits:lits+dists], distSymbol); err != nil {
		return err
	}
	return d.build(d.dynamic.lit[:], litBits, d.lens[:lits], 0)
}

// readLens reads the lengths of codewords, which are compressed themselves.
func (d *Decoder) readLens(lens []uint8) error {
	const (
		repeat     = 16
		zeros      = 17
		manyZeros  = 18
		mostToTake = preBits + 7
	)
	in := &d.in
	for i := 0; i < len(lens); {
		if in.n < mostToTake && !in.refill() {
			return ErrCut
		}
		e := d.precode[in.bits&(1<<preBits-1)]
		in.take(uint(e & lengthMask))
		symbol := uint8(e >> baseShift)
		if symbol < repeat {
			lens[i] = symbol
			i++
			continue
		}
		var value uint8
		var n int
		switch symbol {
		case repeat:
			if i == 0 {
				return ErrCode
			}
			value, n = lens[i-1], 3+int(in.take(2))
		case zeros:
			n = 3 + int(in.take(3))
		case manyZeros:
			n = 11 + int(in.take(7))
		}
		if n > len(lens)-i {
			return ErrCode
		}
		for range n {
			lens[i] = value
			i++
		}
	}
	return nil
}
