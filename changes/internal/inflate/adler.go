package inflate

import "encoding/binary"

// checksum is Adler-32, the checksum of a zlib stream (RFC 1950, section 9): a sum of the
// bytes, and a sum of these sums, both modulo 65521.
//
// It takes eight bytes at a time, each in a lane of 16 bits. What the first sum
// adds to the second is weighed by where a byte stands in its word at the end.
func checksum(p []byte) uint32 {
	const (
		mod   = 65521
		lanes = 0x00ff_00ff_00ff_00ff
		words = 23 // before a lane overflows: 255 * (1 + 2 + ... + 22) < 1<<16
	)
	a, b := uint64(1), uint64(0)
	for len(p) >= 8 {
		var even, odd, evens, odds uint64 // sums of the lanes, and of these sums
		block := p[:min(len(p)&^7, 8*words)]
		b += a * uint64(len(block))
		p = p[len(block):]
		for ; len(block) >= 8; block = block[8:] {
			evens += even
			odds += odd
			w := binary.LittleEndian.Uint64(block)
			even += w & lanes
			odd += w >> 8 & lanes
		}
		sums := sum(evens) + sum(odds)
		b += 8 * sums
		for lane := range uint64(4) {
			e, o := even>>(16*lane)&0xffff, odd>>(16*lane)&0xffff
			a += e + o
			b += (8-2*lane)*e + (7-2*lane)*o
		}
		a %= mod
		b %= mod
	}
	for _, c := range p {
		a += uint64(c)
		b += a
	}
	return uint32(b%mod)<<16 | uint32(a%mod)
}

// sum adds up the four lanes of v.
func sum(v uint64) uint64 {
	return v&0xffff + v>>16&0xffff + v>>32&0xffff + v>>48
}
