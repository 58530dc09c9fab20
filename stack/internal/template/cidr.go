package template

import (
	"errors"
	"fmt"
	"math/big"
	"net/netip"
	"strconv"
)

// cidr resolves Fn::Cidr: an address block, how many blocks to cut from it, and how
// many bits of host each has; 8 where not given. Source: CloudFormation template
// reference, "Fn::Cidr": 1 to 256 blocks.
func cidr(_ *evaluator, arg any) (any, error) {
	list, _ := arg.([]any)
	if len(list) != 2 && len(list) != 3 {
		return nil, errors.New("it wants a block, a count, and the bits of each part")
	}
	text, _ := Text(list[0])
	block, err := netip.ParsePrefix(text)
	if err != nil {
		return nil, fmt.Errorf("%s is no address block", describe(list[0]))
	}
	block = block.Masked()
	count, err := whole("its count", list[1], 1, 256)
	if err != nil {
		return nil, err
	}
	all := block.Addr().BitLen()
	bits := 8
	if len(list) == 3 {
		if bits, err = whole("its number of bits", list[2], 1, all); err != nil {
			return nil, err
		}
	}
	room := all - block.Bits() - bits // bits that number the parts
	if room < 0 || room < 9 && count > 1<<room {
		return nil, fmt.Errorf("%s has no room for %d parts of %d bits", block, count, bits)
	}
	out := make([]any, count)
	address := new(big.Int).SetBytes(block.Addr().AsSlice())
	step := new(big.Int).Lsh(big.NewInt(1), uint(bits))
	for i := range out {
		addr, _ := netip.AddrFromSlice(address.FillBytes(make([]byte, all/8)))
		out[i] = netip.PrefixFrom(addr, all-bits).String()
		address.Add(address, step)
	}
	return out, nil
}

func whole(what string, v any, low, high int) (int, error) {
	text, _ := Text(v)
	i, err := strconv.Atoi(text)
	if err != nil || i < low || i > high {
		return 0, fmt.Errorf("%s is a number from %d to %d, not %s", what, low, high, describe(v))
	}
	return i, nil
}
