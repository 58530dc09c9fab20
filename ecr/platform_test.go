package ecr

import "testing"

func TestPlatforms(t *testing.T) {
	tests := map[string]struct {
		wanted string
		built  platform
		want   bool
	}{
		"the same":                           {"linux/amd64", platform{"linux", "amd64", ""}, true},
		"another architecture":               {"linux/arm64", platform{"linux", "amd64", ""}, false},
		"another system":                     {"windows/amd64", platform{"linux", "amd64", ""}, false},
		"the variant that goes without":      {"linux/arm64", platform{"linux", "arm64", "v8"}, true},
		"and the other way round":            {"linux/arm64/v8", platform{"linux", "arm64", ""}, true},
		"another variant":                    {"linux/arm/v6", platform{"linux", "arm", "v7"}, false},
		"a variant by its number":            {"linux/arm/7", platform{"linux", "arm", "v7"}, true},
		"an image that names none":           {"linux/arm/v6", platform{"linux", "arm", ""}, true},
		"the name that the kernel has":       {"linux/x86_64", platform{"linux", "amd64", ""}, true},
		"and that of the other":              {"linux/aarch64", platform{"linux", "arm64", "v8"}, true},
		"an architecture that has a variant": {"linux/armhf", platform{"linux", "arm", "v7"}, true},
		"which is not that of another":       {"linux/armel", platform{"linux", "arm", "v7"}, false},
		"an image of nothing":                {"linux/amd64", platform{}, false},
		"the old one":                        {"linux/i386", platform{"linux", "386", ""}, true},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if got := parsePlatform(tt.wanted).allows(tt.built.normal()); got != tt.want {
				t.Errorf("%s allows %s: %t, want %t", tt.wanted, tt.built, got, tt.want)
			}
		})
	}
}
