package config

import (
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
)

// maxHops is more proxies than anybody has in a row. A larger number is a mistake.
const maxHops = 10

// Proxies says who is believed about a visitor's address: either the last Hops
// entries of X-Forwarded-For, or every peer within Prefixes. If both are zero
// nobody is believed, and the peer of the connection is the visitor.
type Proxies struct {
	Hops     int
	Prefixes []netip.Prefix // masked, IPv4 not mapped into IPv6
}

// None reports whether no proxy is trusted.
func (p Proxies) None() bool { return p.Hops == 0 && len(p.Prefixes) == 0 }

// proxies hides Proxies from the env library, which would take its fields for
// variables.
type proxies struct{ Proxies Proxies }

func (p *proxies) UnmarshalText(text []byte) error {
	if hops, err := strconv.Atoi(string(text)); err == nil {
		if hops < 0 || hops > maxHops {
			return fmt.Errorf("%d is not a possible number of proxies in a row", hops)
		}
		p.Proxies = Proxies{Hops: hops}
		return nil
	}
	var problems []string
	for _, entry := range entries(text) {
		prefix, err := parsePrefix(entry)
		if err != nil {
			problems = append(problems, err.Error())
			continue
		}
		p.Proxies.Prefixes = append(p.Proxies.Prefixes, prefix)
	}
	if len(problems) > 0 {
		return errors.New(strings.Join(problems, ", "))
	}
	return nil
}

// parsePrefix takes a CIDR range or a single address.
func parsePrefix(entry string) (netip.Prefix, error) {
	if addr, err := netip.ParseAddr(entry); err == nil && addr.Zone() == "" {
		addr = addr.Unmap()
		return netip.PrefixFrom(addr, addr.BitLen()), nil
	}
	prefix, err := netip.ParsePrefix(entry)
	if err != nil {
		return netip.Prefix{}, fmt.Errorf("%q is neither an address nor a CIDR range", entry)
	}
	if prefix.Addr().Is4In6() {
		return netip.Prefix{}, fmt.Errorf("%q is an IPv4 range in the form of IPv6, which has to be written as IPv4", entry)
	}
	if prefix.Bits() == 0 {
		return netip.Prefix{}, fmt.Errorf("%q would let everyone choose their own address", entry)
	}
	return prefix.Masked(), nil
}
