package network

import (
	"reflect"
	"testing"
)

func TestOf(t *testing.T) {
	tests := []struct {
		name, address string
		want          []Network
	}{
		{"IPv4", "192.0.2.7", []Network{{"192.0.2.7", 1}}},
		{"IPv4 written as IPv6", "::ffff:192.0.2.7", []Network{{"192.0.2.7", 1}}},
		{"IPv6", "2001:db8:1:2ab:1:2:3:4", []Network{{"2001:db8:1:2ab::", 1}, {"2001:db8:1:200::/56", Share56}, {"2001:db8:1::/48", Share48}}},
		{"a zone", "fe80::1%eth0", []Network{{"fe80::", 1}, {"fe80::/56", Share56}, {"fe80::/48", Share48}}},
		// Prefixes of one length over another must not share a count.
		{"all zeros", "::1", []Network{{"::", 1}, {"::/56", Share56}, {"::/48", Share48}}},
		{"no address", "", []Network{{"", 1}}},
		{"a name", "somebody", []Network{{"somebody", 1}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := Of(tt.address); !reflect.DeepEqual(got, tt.want) {
				t.Errorf("Of(%q) = %v, want %v", tt.address, got, tt.want)
			}
		})
	}
}
