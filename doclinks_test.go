package main

import (
	"encoding/json"
	"errors"
	"go/ast"
	"go/doc/comment"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// listed is what go list says of a package.
type listed struct {
	ImportPath, Dir, Export            string
	GoFiles, TestGoFiles, XTestGoFiles []string
}

// packages are those of the repository and all that they import, with their types.
type packages struct {
	listed map[string]*listed
	types.Importer
}

// A link that leads nowhere is shown as text in brackets, and sends its reader on a search.
func TestDocLinksResolve(t *testing.T) {
	all := listPackages(t)
	found := 0
	for _, pkg := range all.ours() {
		files := parseAll(t, pkg.Dir, pkg.GoFiles)
		names := all.imports(t, pkg.ImportPath, files)
		for position, text := range comments(files) {
			for _, link := range docLinks(text) {
				found++
				if !resolves(link, names) {
					t.Errorf("%s: nothing is behind the link [%s]", position, textOf(link))
				}
			}
		}
	}
	if found == 0 {
		t.Error("no comment has a link")
	}
}

// A comment that names a file of ours sends its reader there.
func TestFilesInCommentsExist(t *testing.T) {
	named := regexp.MustCompile(`(?:^|[\s(])([\w/-]+\.(?:go|md|m?js))\b`)
	for _, pkg := range listPackages(t).ours() {
		files := parseAll(t, pkg.Dir, slices.Concat(pkg.GoFiles, pkg.TestGoFiles, pkg.XTestGoFiles))
		for position, text := range comments(files) {
			for _, file := range named.FindAllStringSubmatch(text, -1) {
				if !exists(filepath.Join(pkg.Dir, file[1])) && !exists(file[1]) {
					t.Errorf("%s: there is no %s", position, file[1])
				}
			}
		}
	}
}

// A comment or a page that names Type.member, without making it a link, means one of ours
// if there is such a type.
func TestMembersInCommentsExist(t *testing.T) {
	all := listPackages(t)
	everywhere := make(map[string]map[string]bool) // type → members, of all packages
	for _, pkg := range all.ours() {
		files := parseAll(t, pkg.Dir, slices.Concat(pkg.GoFiles, pkg.TestGoFiles, pkg.XTestGoFiles))
		declared := membersOf(files)
		scope := all.imports(t, pkg.ImportPath, nil)[""].Scope()
		for name := range declared {
			if recv := scope.Lookup(name); recv != nil { // with what it embeds
				methods := types.NewMethodSet(types.NewPointer(recv.Type()))
				for method := range methods.Methods() {
					declared[name][method.Obj().Name()] = true
				}
			}
		}
		for position, text := range comments(files) {
			for _, gone := range goneMembers(text, declared) {
				t.Errorf("%s: there is no %s", position, gone)
			}
		}
		for name, members := range declared {
			if everywhere[name] == nil {
				everywhere[name] = make(map[string]bool)
			}
			maps.Copy(everywhere[name], members)
		}
	}
	pages, err := filepath.Glob("docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, page := range append(pages, "README.md", "CONTRIBUTING.md") {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, gone := range goneMembers(string(text), everywhere) {
			t.Errorf("%s: there is no %s", page, gone)
		}
	}
}

var memberMention = regexp.MustCompile(`\b([A-Z]\w*)\.([A-Za-z]\w*)\b`)

// goneMembers returns what a text mentions as a type's member that the type does not have.
func goneMembers(text string, declared map[string]map[string]bool) []string {
	var gone []string
	for _, mention := range memberMention.FindAllStringSubmatch(text, -1) {
		if members := declared[mention[1]]; members != nil && !members[mention[2]] {
			gone = append(gone, mention[0])
		}
	}
	return gone
}

// membersOf returns the types that files declare, with their fields and methods.
func membersOf(files []parsed) map[string]map[string]bool {
	declared := make(map[string]map[string]bool)
	of := func(name string) map[string]bool {
		if declared[name] == nil {
			declared[name] = make(map[string]bool)
		}
		return declared[name]
	}
	for _, f := range files {
		ast.Inspect(f.File, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.FuncDecl:
				if n.Recv != nil {
					of(strings.TrimPrefix(types.ExprString(n.Recv.List[0].Type), "*"))[n.Name.Name] = true
				}
			case *ast.TypeSpec:
				members := of(n.Name.Name)
				ast.Inspect(n.Type, func(n ast.Node) bool {
					if field, ok := n.(*ast.Field); ok {
						for _, name := range field.Names {
							members[name.Name] = true
						}
					}
					return true
				})
			}
			return true
		})
	}
	return declared
}

func exists(file string) bool {
	_, err := os.Stat(filepath.FromSlash(file))
	return err == nil
}

// listPackages has every package of the repository compiled, as the test itself is, and
// returns them with what they import.
func listPackages(t *testing.T) packages {
	t.Helper()
	out, err := exec.Command("go", "list", "-buildvcs=false", "-export", "-deps",
		"-json=ImportPath,Dir,Export,GoFiles,TestGoFiles,XTestGoFiles", "./...").Output()
	if err != nil {
		t.Fatal(err)
	}
	all := packages{listed: make(map[string]*listed)}
	for d := json.NewDecoder(strings.NewReader(string(out))); ; {
		p := new(listed)
		err := d.Decode(p)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		all.listed[p.ImportPath] = p
	}
	all.Importer = importer.ForCompiler(token.NewFileSet(), "gc", func(path string) (io.ReadCloser, error) {
		p, ok := all.listed[path]
		if !ok {
			return nil, os.ErrNotExist
		}
		return os.Open(p.Export)
	})
	return all
}

// ours returns the packages of the repository.
func (all packages) ours() []*listed {
	var ours []*listed
	for _, p := range all.listed {
		if p.ImportPath == "securechat" || strings.HasPrefix(p.ImportPath, "securechat/") {
			ours = append(ours, p)
		}
	}
	return ours
}

// imports returns what the files of a package may link to, by the names that they
// import it by and by path. The package itself has the name "".
func (all packages) imports(t *testing.T, self string, files []parsed) map[string]*types.Package {
	t.Helper()
	names := make(map[string]*types.Package)
	add := func(path string) *types.Package {
		pkg, err := all.Import(path)
		if err != nil {
			t.Fatal(err)
		}
		names[path] = pkg
		return pkg
	}
	names[""] = add(self)
	for _, f := range files {
		for _, spec := range f.Imports {
			pkg := add(strings.Trim(spec.Path.Value, `"`))
			if spec.Name != nil {
				names[spec.Name.Name] = pkg
			} else {
				names[pkg.Name()] = pkg
			}
		}
	}
	return names
}

// parsed is a Go file.
type parsed struct {
	*ast.File
	set *token.FileSet
}

func parseAll(t *testing.T, dir string, names []string) []parsed {
	t.Helper()
	var files []parsed
	for _, name := range names {
		set := token.NewFileSet()
		f, err := parser.ParseFile(set, filepath.Join(dir, name), nil, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, parsed{f, set})
	}
	return files
}

// comments yields the texts of all comments, and where they are.
func comments(files []parsed) func(yield func(token.Position, string) bool) {
	return func(yield func(token.Position, string) bool) {
		for _, f := range files {
			for _, group := range f.Comments {
				if !yield(f.set.Position(group.Pos()), group.Text()) {
					return
				}
			}
		}
	}
}

// docLinks returns all that has the form of a doc link in a comment. A single word that is
// not capitalized is left out: it may be meant as it stands.
func docLinks(text string) []*comment.DocLink {
	p := comment.Parser{
		LookupPackage: func(name string) (importPath string, ok bool) { return name, true },
		LookupSym:     func(string, string) bool { return true },
	}
	var links []*comment.DocLink
	add := func(all []comment.Text) {
		for _, x := range all {
			if link, ok := x.(*comment.DocLink); ok && (link.Name != "" || strings.ContainsAny(link.ImportPath, "./")) {
				links = append(links, link)
			}
		}
	}
	var walk func([]comment.Block)
	walk = func(all []comment.Block) {
		for _, b := range all {
			switch b := b.(type) {
			case *comment.Paragraph:
				add(b.Text)
			case *comment.Heading:
				add(b.Text)
			case *comment.List:
				for _, item := range b.Items {
					walk(item.Content)
				}
			}
		}
	}
	walk(p.Parse(text).Content)
	return links
}

// textOf returns a link as it is written.
func textOf(link *comment.DocLink) string {
	parts := []string{link.ImportPath, link.Recv, link.Name}
	return strings.Join(slices.DeleteFunc(parts, func(part string) bool { return part == "" }), ".")
}

// resolves reports whether a link leads to one of the packages, or something in it.
func resolves(link *comment.DocLink, names map[string]*types.Package) bool {
	pkg := names[link.ImportPath]
	switch {
	case pkg == nil:
		return false
	case link.Name == "":
		return true
	case link.Recv == "":
		return pkg.Scope().Lookup(link.Name) != nil
	}
	recv := pkg.Scope().Lookup(link.Recv)
	if recv == nil {
		return false
	}
	found, _, _ := types.LookupFieldOrMethod(recv.Type(), true, pkg, link.Name)
	return found != nil
}
