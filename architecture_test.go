package main

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// imports is who may know whom: for each package of ours, the packages of ours
// that it may import. What is not listed may import none.
var imports = map[string][]string{
	"securechat/approval":           nil,
	"securechat/room":               {"securechat/approval"},
	"securechat/room/memstore":      {"securechat/room"},
	"securechat/room/storetest":     {"securechat/room"},
	"securechat/internal/sanitize":  nil,
	"securechat/internal/config":    {"securechat/internal/folder"},
	"securechat/internal/folder":    nil,
	"securechat/internal/logging":   nil,
	"securechat/internal/metrics":   {"securechat/internal/version"},
	"securechat/internal/session":   nil,
	"securechat/internal/engine":    nil,
	"securechat/internal/version":   nil,
	"securechat/internal/refusal":   nil,
	"securechat/internal/network":   nil,
	"securechat/internal/connlimit": {"securechat/internal/network"},
	// Serves the protocols' own test suites.
	"securechat/internal/engine/enginetest":   {"securechat/internal/engine"},
	"securechat/internal/web":                 {"securechat/room", "securechat/internal/connlimit", "securechat/internal/folder", "securechat/internal/network", "securechat/internal/refusal", "securechat/internal/session", "securechat/internal/web/jinja", "securechat/internal/web/modules", "securechat/internal/web/words"},
	"securechat/internal/web/jinja":           nil,
	"securechat/internal/web/jinja/jinjatest": nil,
	"securechat/internal/web/modules":         nil,
	// Shows what it finds to a test that compares.
	"securechat/internal/web/modules/modulestest": {"securechat/internal/web/modules"},
	"securechat/internal/web/words":               {"securechat/internal/refusal"},
	"securechat/internal/gateway":                 {"securechat/room", "securechat/internal/connlimit", "securechat/internal/engine", "securechat/internal/network", "securechat/internal/refusal"},
}

// testImports is which packages of ours the tests of a package may import besides the package
// itself and those that it may import.
var testImports = map[string][]string{
	"securechat/room":               {"securechat/room/memstore"}, // the store that use cases are tried with
	"securechat/room/memstore":      {"securechat/room/storetest"},
	"securechat/internal/gateway":   {"securechat/room/memstore"},
	"securechat/internal/web":       {"securechat/internal/web/jinja/jinjatest"},
	"securechat/internal/web/jinja": {"securechat/internal/web/jinja/jinjatest"},
}

// forbidden are packages that the domain must not reach, however indirectly.
var forbidden = []string{"net/http", "github.com/zishang520/", "github.com/go-chi/", "github.com/redis/"}

func TestImportsGoOneWay(t *testing.T) {
	const each = `{{.ImportPath}} {{join .Imports " "}}|{{join .TestImports " "}} {{join .XTestImports " "}}`
	for _, line := range goList(t, "-f", each, "./...") {
		code, tests, _ := strings.Cut(line, "|")
		pkg, code, _ := strings.Cut(code, " ")
		if pkg == "securechat" || strings.HasPrefix(pkg, "securechat/bench") {
			continue // main wires everything
		}
		allowed, known := imports[pkg]
		if !known {
			t.Errorf("%s is not in the table of imports: say there what it may know", pkg)
		}
		for _, dep := range beyond(code, allowed) {
			t.Errorf("%s must not import %s", pkg, dep)
		}
		for _, dep := range beyond(tests, slices.Concat(allowed, testImports[pkg], []string{pkg})) {
			t.Errorf("the tests of %s must not import %s", pkg, dep)
		}
	}
}

// beyond returns which packages of ours are among some, and not among those allowed.
func beyond(deps string, allowed []string) []string {
	var found []string
	for dep := range strings.FieldsSeq(deps) {
		if strings.HasPrefix(dep, "securechat/") && !slices.Contains(allowed, dep) {
			found = append(found, dep)
		}
	}
	return found
}

func TestTheDomainKnowsNoTransport(t *testing.T) {
	for _, dep := range goList(t, "-deps", "./room", "./approval") {
		for _, f := range forbidden {
			if dep == f || strings.HasSuffix(f, "/") && strings.HasPrefix(dep, f) {
				t.Errorf("the domain reaches %s", dep)
			}
		}
	}
}

func goList(t *testing.T, args ...string) []string {
	t.Helper()
	out, err := exec.Command("go", append([]string{"list"}, args...)...).Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.Split(strings.TrimSpace(string(out)), "\n")
}
