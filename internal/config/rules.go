package config

import (
	"fmt"
	"net"
	"net/netip"
)

// contradictions checks the variables against each other. values holds those that
// were set, since a default never contradicts a choice.
func (v *variables) contradictions(values map[string]string) []error {
	var mistakes []error
	for _, span := range []struct {
		variable string
		length   duration
	}{
		{"CODE_ROTATION", v.CodeRotation},
		{"APPROVAL_TIMEOUT", v.ApprovalTimeout},
		{"ABSENCE_GRACE", v.AbsenceGrace},
		{"RETURN_GRACE", v.ReturnGrace},
	} {
		if values[span.variable] == "" || span.length <= v.RoomTTL || v.RoomTTL <= 0 {
			continue
		}
		mistakes = append(mistakes, &Mistake{
			Variable: span.variable,
			Problem:  fmt.Sprintf("%v is longer than a room lives", span.length),
			Fix:      fmt.Sprintf("Use at most ROOM_TTL, which is %v", v.RoomTTL),
		})
	}
	if collides(string(v.MetricsAddr), v.listen(values["PORT"] != "")) {
		mistakes = append(mistakes, &Mistake{
			Variable: "METRICS_ADDR",
			Problem:  fmt.Sprintf("%q is where the server itself listens", string(v.MetricsAddr)),
			Fix:      "Use another port than PORT",
		})
	}
	return mistakes
}

// collides reports whether two addresses cannot both be listened on.
func collides(a, b string) bool {
	hostA, portA, errA := net.SplitHostPort(a)
	hostB, portB, errB := net.SplitHostPort(b)
	if errA != nil || errB != nil || portA != portB || portA == "0" {
		return false
	}
	return hostA == hostB || everywhere(hostA) || everywhere(hostB)
}

// everywhere reports whether a host to listen on means all interfaces.
func everywhere(host string) bool {
	addr, err := netip.ParseAddr(host)
	return host == "" || err == nil && addr.IsUnspecified()
}

// refusals are the settings that this release, or production, does not allow.
func (v *variables) refusals() []error {
	var mistakes []error
	if v.RedisURL != "" {
		mistakes = append(mistakes, &Mistake{
			Variable: "REDIS_URL",
			Problem:  "a Redis store is not supported yet, and rooms live in this process's memory",
			Fix:      "Leave it unset",
		})
	}
	if !v.production() {
		return mistakes
	}
	if problem := weakness(v.secret()); problem != "" {
		mistakes = append(mistakes, &Mistake{
			Variable: v.secretVariable(),
			Problem:  problem,
			Fix:      fmt.Sprintf("Production needs at least %d random bytes: set it to the output of `openssl rand -hex 32`", minSecret),
		})
	}
	if !v.RateLimits {
		mistakes = append(mistakes, &Mistake{
			Variable: "RATE_LIMITS",
			Problem:  "off would let anyone guess room codes",
			Fix:      "Turn it on in production",
		})
	}
	return mistakes
}

// weakness tells the problem of a secret without showing the secret.
func weakness(secret Secret) string {
	switch {
	case len(secret) == 0:
		return "it is not set"
	case len(secret) < minSecret:
		return fmt.Sprintf("it is too short, with %d of at least %d bytes", len(secret), minSecret)
	}
	return ""
}

// warnings tell of settings that work but should be changed.
func (v *variables) warnings(s settings) []string {
	var warnings []string
	warn := func(format string, args ...any) {
		warnings = append(warnings, fmt.Sprintf(format, args...))
	}
	switch secret := v.secret(); {
	case len(secret) == 0:
		warn("SECRET_KEY is not set, so this run uses a random one and all sessions end when the server stops: set it to the output of `openssl rand -hex 32`")
	case len(secret) < minSecret:
		warn("%s is shorter than %d bytes and can be guessed: set it to the output of `openssl rand -hex 32`", v.secretVariable(), minSecret)
	}
	if !v.RateLimits {
		warn("RATE_LIMITS is off, so anyone can guess room codes and flood the server: turn it on unless this is a load test")
	}
	if set := s.values["TRUSTED_PROXIES"] != ""; v.production() && !set && v.proxies(set).None() {
		warn("TRUSTED_PROXIES is not set, so behind a proxy all visitors would share one address and its limits: set it to the number of proxies, or to 0 if there are none")
	}
	if host, _, err := net.SplitHostPort(string(v.MetricsAddr)); err == nil && everywhere(host) {
		warn("METRICS_ADDR listens on all interfaces: make sure that strangers can't reach it")
	}
	if int64(v.MaxRooms)*int64(v.MaxMembers) > int64(v.MaxConnections) {
		warn("MAX_ROOMS x MAX_MEMBERS is more than MAX_CONNECTIONS, so full rooms could keep everyone else from connecting, even members who come back: raise MAX_CONNECTIONS or lower one of the others")
	}
	if s.flaskProduction && !v.production() {
		warn("FLASK_ENV has no effect here: set APP_ENV=production")
	}
	if len(s.unknown) > 0 {
		warn("the .env file sets variables that this server doesn't know: check the spelling of %v", s.unknown)
	}
	return warnings
}
