package buildcontext

import "strings"

// normalPlatform returns the one spelling of a platform, "os/architecture" or
// "os/architecture/variant", that BuildKit takes all others for.
// Source: github.com/containerd/platforms, Normalize.
func normalPlatform(platform string) string {
	if platform == "" {
		return ""
	}
	os, rest, _ := strings.Cut(strings.ToLower(platform), "/")
	arch, variant, _ := strings.Cut(rest, "/")
	if os == "macos" {
		os = "darwin"
	}
	arch, variant = normalArchitecture(arch, variant)
	if variant == "" {
		return os + "/" + arch
	}
	return os + "/" + arch + "/" + variant
}

func normalArchitecture(arch, variant string) (string, string) {
	switch arch {
	case "i386":
		return "386", ""
	case "x86_64", "x86-64", "amd64":
		if variant == "v1" {
			variant = ""
		}
		return "amd64", variant
	case "aarch64", "arm64":
		switch variant {
		case "8", "v8", "v8.0":
			variant = ""
		case "9", "9.0", "v9.0":
			variant = "v9"
		}
		return "arm64", variant
	case "armhf":
		return "arm", "v7"
	case "armel":
		return "arm", "v6"
	case "arm":
		switch variant {
		case "", "7":
			variant = "v7"
		case "5", "6", "8":
			variant = "v" + variant
		}
	}
	return arch, variant
}
