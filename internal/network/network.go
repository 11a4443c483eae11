// Package network tells by which networks a client is counted, and how much each of
// them may have.
//
// An IPv4 address counts by itself. An IPv6 subscriber has a whole /64, often a /56,
// and a small provider's customer a /48: counted by single addresses, nobody would
// ever reach a limit. So a /64 counts as one address, and besides a /56 may have
// [Share56] times and a /48 [Share48] times as much, all of its addresses together.
package network

import "net/netip"

// What the wider networks may have, in multiples of what one address may.
const (
	Share56 = 4
	Share48 = 16
)

// Network is something that a client is counted by.
type Network struct {
	// Key names the network. Different networks have different keys.
	Key string
	// Share is how many times as much as one address all of it may have: 1 or more.
	Share int
}

// Of returns the networks that an IP address belongs to, the narrowest first. There is
// always one: what is no IP address is taken for a name of its own.
func Of(address string) []Network {
	ip, err := netip.ParseAddr(address)
	if err != nil {
		return []Network{{Key: address, Share: 1}}
	}
	ip = ip.Unmap().WithZone("")
	if ip.Is4() {
		return []Network{{Key: ip.String(), Share: 1}}
	}
	return []Network{
		{Key: prefixOf(ip, 64).Addr().String(), Share: 1},
		{Key: prefixOf(ip, 56).String(), Share: Share56},
		{Key: prefixOf(ip, 48).String(), Share: Share48},
	}
}

// prefixOf returns the network of an IPv6 address with so many bits.
func prefixOf(ip netip.Addr, bits int) netip.Prefix {
	prefix, err := ip.Prefix(bits)
	if err != nil {
		panic(err) // the bits are ours, and fewer than an IPv6 address has
	}
	return prefix
}
