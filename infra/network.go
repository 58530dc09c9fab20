package infra

import (
	"cmp"
	"maps"
	"net/netip"
	"slices"
	"strconv"
)

// Network is the network that the environments of one kind share: a VPC with a
// public and a private subnet in each zone. See network.yaml.
type Network struct {
	// Owner has the name of a kind of environments, as "automation-ephemeral", or
	// of the one environment that has the network for itself.
	Owner
	// CIDR is the range of the VPC's addresses, a private IPv4 prefix (RFC 1918, or
	// 100.64.0.0/10) of 16 to 23 bits; default 10.0.0.0/16. It cannot be changed later. Each private subnet has a
	// quarter of it, each public one a sixteenth, and a sixteenth is left.
	CIDR string
	// Zones are the availability zones, 2 or 3; default as many as ZoneNames, or 2.
	// A third can be added later without moving the others.
	Zones int
	// ZoneNames are the names of those zones, as "us-east-1a"; default the first of
	// the region. That list is AWS's, and may change; a subnet in another zone is
	// another subnet, which a network in use does not get over. So pin them: either
	// from the beginning, or to the Zones of the outputs.
	ZoneNames []string
	// NATPerZone gives each zone a NAT gateway, so that none depends on another
	// (production). Otherwise all share that of the first, which is cheaper.
	NATPerZone bool
	// Endpoints lets images and logs reach ECR and CloudWatch Logs without NAT.
	// There is one for S3, which is free, in any case.
	Endpoints bool
	// FlowLogDays is for how many days flow logs are kept: at most 365, and a
	// number that CloudWatch Logs knows. 0 writes none.
	FlowLogDays int
}

// NetworkOutputs are what a network has that environments need.
type NetworkOutputs struct {
	VPC            string   `json:"vpc"`
	PublicSubnets  []string `json:"publicSubnets"`
	PrivateSubnets []string `json:"privateSubnets"`
	Zones          []string `json:"zones"`        // names of the availability zones, for ZoneNames
	NATAddresses   []string `json:"natAddresses"` // the IPv4 addresses from which tasks reach the internet
}

// StackName returns the name of the stack: that of the Owner, and "network".
func (n Network) StackName() (string, error) { return n.stack("network") }

// Render returns the stack of the network. All faults of n are in the error.
func (n Network) Render() (Rendered, error) {
	n.CIDR, n.Zones = cmp.Or(n.CIDR, "10.0.0.0/16"), cmp.Or(n.Zones, len(n.ZoneNames), 2)
	parameters := map[string]string{
		"Environment":        n.Name,
		"VpcCidr":            n.CIDR,
		"ThirdZone":          strconv.FormatBool(n.Zones == 3),
		"NatPerZone":         strconv.FormatBool(n.NATPerZone),
		"InterfaceEndpoints": strconv.FormatBool(n.Endpoints),
		"FlowLogDays":        strconv.Itoa(n.FlowLogDays),
	}
	var f faults
	f.owner(n.Owner)
	n.checkZones(&f)
	for i, zone := range n.ZoneNames[:min(3, len(n.ZoneNames))] {
		parameters["Zone"+string(rune('A'+i))] = zone
	}
	if days := retention(); n.FlowLogDays != 0 && (n.FlowLogDays > 365 || !slices.Contains(days, n.FlowLogDays)) {
		f.add("flow logs: %d days: want 0 or one of %v", n.FlowLogDays, days[:slices.Index(days, 365)+1])
	}
	before := len(f)
	vpc := f.cidr("CIDR", n.CIDR)
	if len(f) == before && !private(vpc) {
		f.add("CIDR: %s is not private: want one within 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16 or 100.64.0.0/10", vpc)
	}
	if len(f) == before {
		if f.within("CIDR: prefix length", vpc.Bits(), 16, 23); len(f) == before {
			maps.Copy(parameters, layout(vpc))
		}
	}
	stack := ""
	if n.ResourceName != nil {
		var err error
		stack, err = n.StackName()
		f.also(err)
	}
	if err := f.of("network", n.Name); err != nil {
		return Rendered{}, err
	}
	body, err := templates.ReadFile("network.yaml") // nothing in it repeats
	if err != nil {
		return Rendered{}, err
	}
	return Rendered{Name: stack, Body: body, Parameters: parameters, Tags: maps.Clone(n.Tags)}, nil
}

func (n Network) checkZones(f *faults) {
	f.within("zones", n.Zones, 2, 3)
	if given := len(n.ZoneNames); given != 0 && given != n.Zones {
		f.add("zone names: %d given: want %d, or none", given, n.Zones)
	}
	for i, zone := range n.ZoneNames {
		f.match("zone name", zone, `[a-z]{2,}(-[a-z0-9]+)+-[0-9]+[a-z]`, "one like us-east-1a")
		if slices.Contains(n.ZoneNames[:i], zone) {
			f.add("zone name %s: given twice", zone)
		}
	}
}

// private reports whether a network may have the addresses of p for itself.
func private(p netip.Prefix) bool {
	shared := netip.PrefixFrom(netip.AddrFrom4([4]byte{100, 64}), 10) // RFC 6598
	return p.Addr().IsPrivate() || shared.Contains(p.Addr())          // IsPrivate is RFC 1918
}

// layout divides the addresses of a VPC: three quarters for private subnets, and
// three sixteenths of the fourth quarter for public ones.
func layout(vpc netip.Prefix) map[string]string {
	parameters := map[string]string{}
	for i, zone := range []string{"A", "B", "C"} {
		parameters["PrivateCidr"+zone] = part(vpc, 2, i)
		parameters["PublicCidr"+zone] = part(vpc, 4, 12+i)
	}
	return parameters
}

// part returns the i-th of the 2^bits equal parts of an IPv4 prefix.
func part(p netip.Prefix, bits, i int) string {
	a := p.Addr().As4()
	length := p.Bits() + bits
	n := uint32(a[0])<<24 | uint32(a[1])<<16 | uint32(a[2])<<8 | uint32(a[3])
	n |= uint32(i) << (32 - length)
	addr := netip.AddrFrom4([4]byte{byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n)})
	return netip.PrefixFrom(addr, length).String()
}

// Read finds what a network has in the outputs of its stack. Each output that is
// missing is a [*MissingOutputError] in the joined error.
func (n Network) Read(outputs map[string]string) (NetworkOutputs, error) {
	r := reader{stack: n.StackName, outputs: outputs}
	out := NetworkOutputs{
		VPC:            r.text("Vpc"),
		PublicSubnets:  r.list("PublicSubnets"),
		PrivateSubnets: r.list("PrivateSubnets"),
		Zones:          r.list("Zones"),
		NATAddresses:   r.list("NatAddresses"),
	}
	return out, r.err()
}
