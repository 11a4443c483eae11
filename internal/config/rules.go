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
			Allowed:  fmt.Sprintf("at most ROOM_TTL, which is %v", v.RoomTTL),
		})
	}
	if collides(string(v.MetricsAddr), v.listen(values["PORT"] != "")) {
		mistakes = append(mistakes, &Mistake{
			Variable: "METRICS_ADDR",
			Problem:  fmt.Sprintf("%q is where the server itself listens", string(v.MetricsAddr)),
			Allowed:  "another port than PORT",
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
			Problem:  "a Redis store is not supported yet, rooms live in this process's memory",
			Allowed:  "nothing, leave it unset",
		})
	}
	if !v.production() {
		return mistakes
	}
	if problem := weakness(v.secret()); problem != "" {
		mistakes = append(mistakes, &Mistake{
			Variable: v.secretVariable(),
			Problem:  problem,
			Allowed:  fmt.Sprintf("at least %d random bytes in production, such as the output of: openssl rand -hex 32", minSecret),
		})
	}
	if !v.RateLimits {
		mistakes = append(mistakes, &Mistake{
			Variable: "RATE_LIMITS",
			Problem:  "off would let anybody guess codes in production",
			Allowed:  "on in production",
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
		return fmt.Sprintf("it is only %d bytes long", len(secret))
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
		warn("SECRET_KEY is not set: a random one was made for this run, so everybody is signed out when the server stops")
	case len(secret) < minSecret:
		warn("%s is shorter than %d bytes and can be guessed: set it to the output of `openssl rand -hex 32`", v.secretVariable(), minSecret)
	}
	if !v.RateLimits {
		warn("RATE_LIMITS is off: anybody can guess codes and flood the server")
	}
	if set := s.values["TRUSTED_PROXIES"] != ""; v.production() && !set && v.proxies(set).None() {
		warn("TRUSTED_PROXIES is not set: behind a proxy all visitors would share one address and its limits; set it to the number of proxies, or to 0 if there is none")
	}
	if host, _, err := net.SplitHostPort(string(v.MetricsAddr)); err == nil && everywhere(host) {
		warn("METRICS_ADDR listens on all interfaces: make sure that strangers cannot reach it")
	}
	if int64(v.MaxRooms)*int64(v.MaxMembers) > int64(v.MaxConnections) {
		warn("MAX_ROOMS × MAX_MEMBERS is more than MAX_CONNECTIONS: when so many are there, nobody else can connect, not even a member on the way back; raise MAX_CONNECTIONS or lower one of the others")
	}
	if s.flaskProduction && !v.production() {
		warn("FLASK_ENV has no meaning here: set APP_ENV=production")
	}
	if len(s.unknown) > 0 {
		warn("the .env file sets variables that this server does not know: %v", s.unknown)
	}
	return warnings
}
