package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"securechat/internal/version"
)

const usage = `Usage: securechat [--version | --help]

Runs a server for temporary chat rooms until it is stopped. Settings come from the
environment and from a .env file in the current folder; .env.example describes them all.
`

// wrongUsage is what shells and systemd know as the end of a program that was called wrongly.
const wrongUsage = 2

// answer answers a call with arguments and returns the status to exit with, or
// serve, if there are none. Arguments that are not understood are refused: somebody
// meant something by them.
func answer(args []string, out, errs io.Writer) (status int, serve bool) {
	switch {
	case len(args) == 0:
		return 0, true
	case len(args) == 1 && slices.Contains([]string{"--version", "-version", "-v"}, args[0]):
		fmt.Fprintln(out, "Secure Chat", version.String())
		return 0, false
	case len(args) == 1 && slices.Contains([]string{"--help", "-help", "-h"}, args[0]):
		fmt.Fprint(out, usage)
		return 0, false
	default:
		quoted := strings.Trim(fmt.Sprintf("%q", args), "[]")
		fmt.Fprintf(errs, "securechat does not understand %s.\n\n%s", quoted, usage)
		return wrongUsage, false
	}
}
