package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// figure is a number, of bytes or of things, or a time in nanoseconds.
type figure struct {
	n      int64
	isTime bool
}

// source is what Go files declare: names, with the files that do, and the figures that
// they stand for as a constant, as a field in a literal, or as a variable's default.
type source struct {
	files   map[string][]string
	figures map[string][]figure
}

// A figure in docs/limits.md that is no longer the code's misleads whoever sizes a machine.
func TestTheLimitsPageSaysWhatTheCodeDoes(t *testing.T) {
	content, err := os.ReadFile("docs/limits.md")
	if err != nil {
		t.Fatal(err)
	}
	page, code := string(content), readSource(t)

	_, table, _ := strings.Cut(page, "## Where it is written")
	table, _, _ = strings.Cut(table, "\n## ")
	for _, row := range regexp.MustCompile(`(?m)^\| (.*) \| (.*) \|$`).FindAllStringSubmatch(table, -1) {
		var files []string
		for _, file := range quoted.FindAllStringSubmatch(row[2], -1) {
			if !strings.Contains(file[1], "/") && len(files) > 0 {
				file[1] = path.Join(path.Dir(files[0]), file[1])
			}
			files = append(files, file[1])
		}
		for _, name := range quoted.FindAllStringSubmatch(row[1], -1) {
			if name[1] != "MAX_*" && !slices.ContainsFunc(code.files[name[1]], func(f string) bool { return slices.Contains(files, f) }) {
				t.Errorf("%s is not in %q", name[1], files)
			}
		}
	}

	for _, name := range regexp.MustCompile("`([a-z]+[A-Z]\\w*)`").FindAllStringSubmatch(page, -1) {
		if code.files[name[1]] == nil {
			t.Errorf("%s is nowhere in the code", name[1])
		}
	}

	checked := 0
	check := func(name, number, unit string) {
		said := figureOf(t, number, unit)
		known := slices.DeleteFunc(slices.Clone(code.figures[name]), func(f figure) bool { return f.isTime != said.isTime })
		if len(known) == 0 {
			return
		}
		checked++
		if !slices.Contains(known, said) {
			t.Errorf("the page says that %s is %s %s, the code %v", name, number, unit, known)
		}
	}
	// 4 KiB a packet (`maxShort`), or with several names for as many figures before them.
	for _, m := range regexp.MustCompile("([^|();]+)\\((`\\w+`(?:, `\\w+`)*)\\)").FindAllStringSubmatch(page, -1) {
		said, names := number.FindAllStringSubmatch(m[1], -1), quoted.FindAllStringSubmatch(m[2], -1)
		if len(said) < len(names) {
			continue
		}
		for i, name := range names {
			last := said[len(said)-len(names)+i]
			check(name[1], last[1], last[2])
		}
	}
	// `maxPending` (256 packets), or `MAX_ROOMS`, 100.
	for _, m := range regexp.MustCompile("`(\\w+)`,? \\(?"+number.String()).FindAllStringSubmatch(page, -1) {
		check(m[1], m[2], m[3])
	}
	if checked < 40 {
		t.Errorf("only %d figures are checked: is the page written in another way?", checked)
	}
}

var (
	quoted = regexp.MustCompile("`([\\w./*-]+)`")
	number = regexp.MustCompile(`([\d,]*\d)(?: (KiB|MiB|s|min)\b)?`)
	units  = map[string]figure{
		"": {1, false}, "KiB": {1 << 10, false}, "MiB": {1 << 20, false},
		"s": {int64(time.Second), true}, "min": {int64(time.Minute), true},
	}
)

func figureOf(t *testing.T, number, unit string) figure {
	t.Helper()
	n, err := strconv.ParseInt(strings.ReplaceAll(number, ",", ""), 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return figure{n * units[unit].n, units[unit].isTime}
}

func readSource(t *testing.T) source {
	t.Helper()
	root, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	s := source{map[string][]string{}, map[string][]figure{}}
	constants := map[string]ast.Expr{} // by folder and name
	type named struct {
		folder, name string
		value        ast.Expr
	}
	var fields []named
	for _, file := range goList(t, "-f", `{{$dir := .Dir}}{{range .GoFiles}}{{$dir}}/{{.}}{{"\n"}}{{end}}`, "./...") {
		if file == "" {
			continue
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		file = strings.TrimPrefix(file, root+"/")
		declare := func(name string) { s.files[name] = append(s.files[name], file) }
		ast.Inspect(parsed, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.FuncDecl:
				declare(n.Name.Name)
			case *ast.TypeSpec:
				declare(n.Name.Name)
			case *ast.GenDecl:
				for _, spec := range n.Specs {
					v, ok := spec.(*ast.ValueSpec)
					for i := 0; ok && i < len(v.Names); i++ {
						declare(v.Names[i].Name)
						if n.Tok == token.CONST && i < len(v.Values) {
							constants[path.Dir(file)+v.Names[i].Name] = v.Values[i]
							fields = append(fields, named{path.Dir(file), v.Names[i].Name, v.Values[i]})
						}
					}
				}
			case *ast.KeyValueExpr:
				if key, ok := n.Key.(*ast.Ident); ok {
					fields = append(fields, named{path.Dir(file), key.Name, n.Value})
				}
			case *ast.Field:
				for _, name := range n.Names {
					declare(name.Name)
				}
				if n.Tag != nil {
					tag := reflect.StructTag(strings.Trim(n.Tag.Value, "`"))
					declare(tag.Get("env"))
					if f, ok := parse(tag.Get("envDefault")); ok {
						s.figures[tag.Get("env")] = append(s.figures[tag.Get("env")], f)
					}
				}
			}
			return true
		})
	}
	for _, f := range fields {
		if value, ok := evaluate(f.value, f.folder, constants); ok {
			s.figures[f.name] = append(s.figures[f.name], value)
		}
	}
	return s
}

// parse reads a literal or a variable's default.
func parse(text string) (figure, bool) {
	if n, err := strconv.ParseInt(text, 0, 64); err == nil {
		return figure{n, false}, true
	}
	d, err := time.ParseDuration(text)
	return figure{int64(d), true}, err == nil
}

// evaluate returns the value of an expression of numbers, durations and the folder's
// constants; false for any other.
func evaluate(e ast.Expr, folder string, constants map[string]ast.Expr) (figure, bool) {
	switch e := e.(type) {
	case *ast.BasicLit:
		return parse(e.Value)
	case *ast.Ident:
		return evaluate(constants[folder+e.Name], folder, constants)
	case *ast.SelectorExpr:
		unit, ok := map[string]time.Duration{"Second": time.Second, "Minute": time.Minute, "Hour": time.Hour, "Millisecond": time.Millisecond}[e.Sel.Name]
		return figure{int64(unit), true}, ok
	case *ast.BinaryExpr:
		x, okX := evaluate(e.X, folder, constants)
		y, okY := evaluate(e.Y, folder, constants)
		isTime := x.isTime || y.isTime
		switch e.Op {
		case token.MUL:
			return figure{x.n * y.n, isTime}, okX && okY
		case token.SHL:
			return figure{x.n << max(0, y.n), isTime}, okX && okY
		case token.ADD:
			return figure{x.n + y.n, isTime}, okX && okY
		}
	}
	return figure{}, false
}
