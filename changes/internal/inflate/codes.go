package inflate

import "math/bits"

// entry is what a decode table says of the next bits. From the highest bit:
//
//	literal      1 for a byte, which the base then is
//	base    15   the byte, length or distance, or where a subtable begins
//	special  1   1 if this is none of them:
//	subtable 1     the codeword is longer than the table's index
//	end      1     the end of the block; neither: no codeword
//	-        1
//	length   4   bits of the codeword here, without extra bits; bits of the index of a subtable
//	take     8   bits to take, with extra bits
type entry uint32

const (
	literal  entry = 1 << 31
	special  entry = 1 << 15
	subtable entry = 1 << 14
	end      entry = 1 << 13
	invalid        = special

	baseShift   = 16
	lengthShift = 8
	lengthMask  = 15
)

// Bits by which the tables are indexed; longer codewords go on in a subtable.
const (
	litBits  = 10
	distBits = 8
	preBits  = 7 // no codeword is longer
)

// Entries of a table with its subtables, for any complete code of codewords of
// up to 15 bits. Source: enough.c of zlib, "enough 288 10 15" and "enough 32 8 15".
const (
	litSize  = 1334
	distSize = 402
)

// Symbols are numbered through, so that one function builds all tables.
const (
	endSymbol  = 256
	litSymbols = 288 // literals, the end of the block and lengths; 286 and 287 are invalid
	maxLits    = 286
	maxDists   = 30
	preSymbols = 19
	distSymbol = litSymbols // the first of the 32 distances; the last two are invalid
	maxLens    = litSymbols + 32
	maxLen     = 15
)

// meanings are the entries of symbols from endSymbol on, with their extra bits
// in the place of take. Source: RFC 1951, section 3.2.5.
var meanings = [maxLens - endSymbol]entry{
	special | end,
	3 << 16, 4 << 16, 5 << 16, 6 << 16, 7 << 16, 8 << 16, 9 << 16, 10 << 16,
	11<<16 | 1, 13<<16 | 1, 15<<16 | 1, 17<<16 | 1, 19<<16 | 2, 23<<16 | 2, 27<<16 | 2, 31<<16 | 2,
	35<<16 | 3, 43<<16 | 3, 51<<16 | 3, 59<<16 | 3, 67<<16 | 4, 83<<16 | 4, 99<<16 | 4, 115<<16 | 4,
	131<<16 | 5, 163<<16 | 5, 195<<16 | 5, 227<<16 | 5, 258 << 16, invalid, invalid,

	1 << 16, 2 << 16, 3 << 16, 4 << 16, 5<<16 | 1, 7<<16 | 1, 9<<16 | 2, 13<<16 | 2,
	17<<16 | 3, 25<<16 | 3, 33<<16 | 4, 49<<16 | 4, 65<<16 | 5, 97<<16 | 5, 129<<16 | 6, 193<<16 | 6,
	257<<16 | 7, 385<<16 | 7, 513<<16 | 8, 769<<16 | 8, 1025<<16 | 9, 1537<<16 | 9, 2049<<16 | 10, 3073<<16 | 10,
	4097<<16 | 11, 6145<<16 | 11, 8193<<16 | 12, 12289<<16 | 12, 16385<<16 | 13, 24577<<16 | 13, invalid, invalid,
}

func meaning(symbol uint16) entry {
	if symbol < endSymbol {
		return literal | entry(symbol)<<baseShift
	}
	return meanings[symbol-endSymbol]
}

// buildFixed makes the tables of blocks with fixed codes.
// Source: RFC 1951, section 3.2.6.
func (c *codes) buildFixed(d *Decoder) {
	lens := d.lens[:]
	for i := range lens {
		switch {
		case i < 144:
			lens[i] = 8
		case i < 256:
			lens[i] = 9
		case i < 280:
			lens[i] = 7
		case i < litSymbols:
			lens[i] = 8
		default:
			lens[i] = 5
		}
	}
	_ = d.build(c.lit[:], litBits, lens[:litSymbols], 0) // these codes are complete
	_ = d.build(c.dist[:], distBits, lens[distSymbol:], distSymbol)
}

// build makes a table from the lengths of the codewords of symbols from first
// on. Index bits of the stream index the table.
//
// The codewords are assigned in their canonical order, bit-reversed as the
// stream has them. While they grow longer, the part of the table that is made
// is doubled by copying. As zlib does, it refuses a code that is not complete
// unless it has no codeword or one of a single bit, and then not for a precode.
func (d *Decoder) build(table []entry, index int, lens []uint8, first uint16) error {
	var count [maxLen + 1]int
	for _, n := range lens {
		count[n&maxLen]++
	}
	longest, left := 0, 1 // left: codewords of the present length that are free
	for n := 1; n <= maxLen; n++ {
		left = left<<1 - count[n]
		if left < 0 {
			return ErrCode
		}
		if count[n] > 0 {
			longest = n
		}
	}
	if left > 0 {
		if longest > 1 || index == preBits {
			return ErrCode
		}
		for i := range table[:1<<index] {
			table[i] = invalid
		}
	}
	symbols := d.sort(&count, lens)
	if left > 0 {
		for i := 0; longest == 1 && i < 1<<index; i += 2 {
			table[i] = codeword(first+symbols[0], 1)
		}
		return nil
	}
	b := builder{table: table, index: index, symbols: symbols, first: first, count: &count}
	if b.short() {
		return nil
	}
	return b.long()
}

// sort returns the symbols that have codewords by length, then by number.
func (d *Decoder) sort(count *[maxLen + 1]int, lens []uint8) []uint16 {
	var next [maxLen + 1]int
	for n := 1; n < maxLen; n++ {
		next[n+1] = next[n] + count[n]
	}
	used := len(lens) - count[0]
	for i, n := range lens {
		if n > 0 {
			d.sorted[next[n&maxLen]] = uint16(i)
			next[n&maxLen]++
		}
	}
	return d.sorted[:used]
}

// codeword is the entry of a symbol whose codeword ends n bits behind the index.
func codeword(symbol uint16, n int) entry {
	return meaning(symbol) + entry(n)<<lengthShift + entry(n)
}

// builder fills a table for a complete code.
type builder struct {
	table   []entry
	index   int
	symbols []uint16 // still without codewords
	first   uint16   // what the symbols are counted from
	count   *[maxLen + 1]int

	word uint // next codeword, bit-reversed
	len  int  // its length
}

// next moves on to the next codeword of the same length. It is false if the
// present one, of ones only, is the last of all.
func (b *builder) next() bool {
	ones := uint(1)<<b.len - 1
	if b.word == ones {
		return false
	}
	bit := uint(1) << (bits.Len(b.word^ones) - 1)
	b.word = b.word&(bit-1) | bit
	return true
}

// short enters the codewords that are no longer than the index. It is true if
// these are all.
func (b *builder) short() bool {
	table, made := b.table, 1
	for b.len = 1; b.len <= b.index; b.len++ {
		copy(table[made:2*made], table[:made])
		made *= 2
		for range b.count[b.len] {
			table[b.word] = codeword(b.first+b.symbols[0], b.len)
			b.symbols = b.symbols[1:]
			if !b.next() {
				for ; made < 1<<b.index; made *= 2 {
					copy(table[made:2*made], table[:made])
				}
				return true
			}
		}
	}
	return false
}

// long enters the others into subtables, one for each beginning that fills the index.
func (b *builder) long() error {
	mask := uint(1)<<b.index - 1
	prefix, start, stop := mask+1, 0, 1<<b.index
	for {
		for b.count[b.len] == 0 {
			b.len++
		}
		if b.word&mask != prefix {
			prefix, start = b.word&mask, stop
			width := b.len - b.index
			for room := 1<<width - b.count[b.len]; room > 0; {
				width++
				room = room<<1 - b.count[b.index+width]
			}
			stop = start + 1<<width
			if stop > len(b.table) {
				return ErrCode // cannot be: the table has room for any complete code
			}
			b.table[prefix] = special | subtable | entry(start)<<baseShift | entry(width)<<lengthShift | entry(b.index)
		}
		e := codeword(b.first+b.symbols[0], b.len-b.index)
		b.symbols = b.symbols[1:]
		for i := start + int(b.word>>b.index); i < stop; i += 1 << (b.len - b.index) {
			b.table[i] = e
		}
		b.count[b.len]--
		if !b.next() {
			return nil
		}
	}
}
