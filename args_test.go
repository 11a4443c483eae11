package main

import (
	"bytes"
	"strings"
	"testing"

	"securechat/internal/version"
)

func TestAnswer(t *testing.T) {
	const nothing = ""
	for name, test := range map[string]struct {
		args      []string
		status    int
		serve     bool
		out, errs string // what each of them begins with
	}{
		"no arguments":          {nil, 0, true, nothing, nothing},
		"--version":             {[]string{"--version"}, 0, false, "Secure Chat " + version.Number + " (", nothing},
		"--help":                {[]string{"--help"}, 0, false, "Usage: ", nothing},
		"-h":                    {[]string{"-h"}, 0, false, "Usage: ", nothing},
		"an unknown flag":       {[]string{"--nonsense"}, 2, false, nothing, `securechat does not understand "--nonsense".`},
		"a word":                {[]string{"serve"}, 2, false, nothing, `securechat does not understand "serve".`},
		"brackets":              {[]string{"[x]"}, 2, false, nothing, `securechat does not understand "[x]".`},
		"an empty word":         {[]string{""}, 2, false, nothing, `securechat does not understand "".`},
		"more than one":         {[]string{"--version", "--nonsense"}, 2, false, nothing, `securechat does not understand "--version" "--nonsense".`},
		"a value for a flag":    {[]string{"--version=2"}, 2, false, nothing, `securechat does not understand "--version=2".`},
		"an end of the options": {[]string{"--"}, 2, false, nothing, `securechat does not understand "--".`},
	} {
		var out, errs bytes.Buffer
		status, serve := answer(test.args, &out, &errs)
		if status != test.status || serve != test.serve {
			t.Errorf("%s: status %d, serve %t", name, status, serve)
		}
		for _, said := range []struct {
			where, got, want string
		}{{"stdout", out.String(), test.out}, {"stderr", errs.String(), test.errs}} {
			if !strings.HasPrefix(said.got, said.want) || (said.want == nothing) != (said.got == nothing) {
				t.Errorf("%s: %s is %q", name, said.where, said.got)
			}
		}
		if status == wrongUsage && !strings.HasSuffix(errs.String(), usage) {
			t.Errorf("%s: the usage is not shown", name)
		}
	}
}
