// Package network tells by which networks a client is counted, and how much each of
// them may have.
//
// An IPv4 address counts by itself. An IPv6 subscriber has a whole /64, often a /56 or
// even a /48, and would never reach a limit for single addresses. So a /64 counts as one
// address. All addresses of a /56 together may have [Share56] times as much, and all
// addresses of a /48 [Share48] times as much.
package network

import "net/netip"

// Share56 and Share48 are the shares of the wider networks, in multiples of one address's.
const (
	Share56 = 4
	Share48 = 16
)

// Network is something that a client is counted by.
type Network struct {
	// Key names the network. Different networks have different keys.
	Key string
	// Share is what the whole network may have, in multiples of one address's: 1 or more.
	Share int
}

// Of returns the networks that an IP address belongs to, the narrowest first. There is
// always one: a text that is no IP address is a network of its own.
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
