// Package version says which Secure Chat this is.
package version

import (
	"fmt"
	"runtime/debug"
)

// Number is the version by Semantic Versioning. CHANGELOG.md has a section for it,
// and the commit that it was made of has a tag of the same name.
const Number = "0.1.0"

// dev stands for a commit where the source came without its history.
const dev = "dev"

// shortest is how many digits of a commit are shown; git does not take fewer for one of a large project.
const shortest = 12

// stamped is the commit that the Makefile hands to the linker.
var stamped string

// Commit returns the commit that the program was built from, "-dirty" behind it if
// files had been changed, or "dev" if nobody knows.
func Commit() string {
	if stamped != "" {
		return stamped
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return dev
	}
	return commitOf(info)
}

// String returns the version and the commit, for people.
func String() string {
	return fmt.Sprintf("%s (%s)", Number, Commit())
}

// commitOf returns what the go command itself has noted, as it does in a plain `go build`.
func commitOf(info *debug.BuildInfo) string {
	noted := map[string]string{}
	for _, setting := range info.Settings {
		noted[setting.Key] = setting.Value
	}
	commit := noted["vcs.revision"]
	if commit == "" {
		return dev
	}
	commit = commit[:min(shortest, len(commit))]
	if noted["vcs.modified"] == "true" {
		commit += "-dirty"
	}
	return commit
}
