package version

import (
	"os"
	"regexp"
	"runtime/debug"
	"testing"
)

func TestCommitOf(t *testing.T) {
	const commit = "0123456789abcdef0123456789abcdef01234567"
	for name, test := range map[string]struct {
		noted []debug.BuildSetting
		want  string
	}{
		"no history":       {nil, "dev"},
		"as committed":     {[]debug.BuildSetting{{Key: "vcs.revision", Value: commit}, {Key: "vcs.modified", Value: "false"}}, "0123456789ab"},
		"changed since":    {[]debug.BuildSetting{{Key: "vcs.modified", Value: "true"}, {Key: "vcs.revision", Value: commit}}, "0123456789ab-dirty"},
		"a short name":     {[]debug.BuildSetting{{Key: "vcs.revision", Value: "42"}}, "42"},
		"no commit as yet": {[]debug.BuildSetting{{Key: "vcs", Value: "git"}, {Key: "vcs.modified", Value: "true"}}, "dev"},
	} {
		if got := commitOf(&debug.BuildInfo{Settings: test.noted}); got != test.want {
			t.Errorf("%s: %s, want %s", name, got, test.want)
		}
	}
}

func TestTheMakefileStampsTheCommit(t *testing.T) {
	makefile, err := os.ReadFile("../../Makefile")
	if err != nil {
		t.Fatal(err)
	}
	if !regexp.MustCompile(`-X securechat/internal/version\.stamped=`).Match(makefile) {
		t.Error("the Makefile sets a variable that there is not: the linker would not complain")
	}
	defer func(before string) { stamped = before }(stamped)
	stamped = "0123456789ab-dirty"
	if got, want := String(), Number+" (0123456789ab-dirty)"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

// TestChangelog: whoever runs this version can read what is new in it.
func TestChangelog(t *testing.T) {
	changelog, err := os.ReadFile("../../CHANGELOG.md")
	if err != nil {
		t.Fatal(err)
	}
	if !regexp.MustCompile(`(?m)^## \[` + regexp.QuoteMeta(Number) + `\] - \d{4}-\d{2}-\d{2}$`).Match(changelog) {
		t.Errorf("CHANGELOG.md has no section for %s", Number)
	}
}
