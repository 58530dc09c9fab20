package coverage

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// numbers compares files by what they export: without their lines.
var numbers = cmpopts.IgnoreUnexported(File{})

func TestPercent(t *testing.T) {
	tests := map[string]struct {
		count Count
		want  string
	}{
		"nothing of nothing":                        {Count{0, 0}, "0.00"},
		"nothing of something":                      {Count{0, 5}, "0.00"},
		"all":                                       {Count{5, 5}, "100.00"},
		"exactly 80":                                {Count{4, 5}, "80.00"},
		"35 of 44, which rounds to 80":              {Count{35, 44}, "79.54"},
		"323 of 404, which rounds to 80.0":          {Count{323, 404}, "79.95"},
		"3203 of 4004, which rounds to 80.00":       {Count{3203, 4004}, "79.99"},
		"one less than all of many":                 {Count{999999, 1000000}, "99.99"},
		"29 of 100, which is less in binary floats": {Count{29, 100}, "29.00"},
		"less than a hundredth":                     {Count{1, 1000000}, "0.00"},
		"a leading zero among the decimals":         {Count{705, 10000}, "7.05"},
		"as many as there can be":                   {Count{math.MaxInt64, math.MaxInt64}, "100.00"},
		"one less than that":                        {Count{math.MaxInt64 - 1, math.MaxInt64}, "99.99"},
		"more than there is, which is all":          {Count{7, 5}, "100.00"},
		"below nothing":                             {Count{-1, 5}, "0.00"},
		"some of a total below nothing":             {Count{1, -5}, "0.00"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if got := tt.count.Percent(); got != tt.want {
				t.Errorf("%+v is %s%%, want %s%%", tt.count, got, tt.want)
			}
		})
	}
}

// TestPercentIsExact compares with exact fractions.
func TestPercentIsExact(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rnd := rand.New(rand.NewPCG(seed, 1))
	for range 5000 {
		total := 1 + rnd.Int64N(math.MaxInt64>>rnd.IntN(60))
		c := Count{Covered: rnd.Int64N(total) + rnd.Int64N(2), Total: total}
		shown, _ := new(big.Rat).SetString(c.Percent())
		truth := new(big.Rat).Mul(big.NewRat(c.Covered, c.Total), big.NewRat(100, 1))
		diff := new(big.Rat).Sub(truth, shown)
		if diff.Sign() < 0 || diff.Cmp(big.NewRat(1, 100)) >= 0 {
			t.Fatalf("%+v is shown as %s%%", c, c.Percent())
		}
	}
}

func TestReportSums(t *testing.T) {
	r := Report{Files: []File{
		{Path: "a", Count: Count{1, 2}, Branches: Count{1, 4}},
		{Path: "b"},
		{Path: "c", Count: Count{3, 3}, Branches: Count{2, 2}},
	}}
	if d := cmp.Diff(Count{4, 5}, r.Count()); d != "" {
		t.Errorf("count (-want +got):\n%s", d)
	}
	if d := cmp.Diff(Count{3, 6}, r.Branches()); d != "" {
		t.Errorf("branches (-want +got):\n%s", d)
	}
	if d := cmp.Diff(Count{}, Report{}.Count()); d != "" {
		t.Errorf("count of nothing (-want +got):\n%s", d)
	}
}
