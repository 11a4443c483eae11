package jinja

import (
	"bytes"
	"html"
	"maps"
	"slices"
	"strings"
)

// Bounds of the rendering of one page. They are far beyond what any page needs, and end what would
// otherwise take all of the processor or the memory, such as a loop over range(10**9).
const (
	// maxWork bounds the steps: loop rounds, calls, and characters of strings that are made.
	maxWork = 1_000_000
	// maxPage bounds the bytes of a page, and of every text on the way to it.
	maxPage = 8 << 20
	// maxDepth bounds how deep macros, includes, blocks and loops call each other.
	maxDepth = 100
	// chargedBytes is how many bytes that are merely copied cost as much as a step.
	chargedBytes = 16
)

// rendering is the making of one page.
type rendering struct {
	set  *Set
	vars map[string]any
	out  *bytes.Buffer
	// template and line are where we are.
	template string
	line     int
	work     int
	depth    int
	modules  map[string]*module
}

func (r *rendering) fail(format string, args ...any) { failAt(r.template, r.line, format, args...) }

// charge counts n steps.
func (r *rendering) charge(n int) {
	if r.work += n; n < 0 || r.work < 0 || r.work > maxWork {
		r.fail("the page takes too much work: more than %d steps", maxWork)
	}
}

func (r *rendering) write(s string) {
	r.charge(1 + len(s)/chargedBytes)
	if r.out.Len()+len(s) > maxPage {
		r.fail("the page becomes too large: more than %d MiB", maxPage>>20)
	}
	r.out.WriteString(s)
}

// context has the variables and the blocks of one template and of those that it extends.
type context struct {
	vars     map[string]any // set by the template itself, at its top
	parent   map[string]any // given to it
	exported map[string]bool
	blocks   map[string][]*blockDef
	template *template
	// autoescape is that of the tags that are under way, in the template or in those that it
	// extends: macros, blocks and captured texts return Markup then. Whether a frame escapes
	// a value that it puts out depends on where the value stands.
	autoescape bool
}

func newContext(t *template, parent map[string]any) *context {
	return &context{parent: parent, template: t, autoescape: t.autoescape}
}

// all returns all variables of the context, and those of the frames around f.
func (c *context) all(f *frame) map[string]any {
	vars := make(map[string]any, len(c.parent)+len(c.vars))
	maps.Copy(vars, c.parent)
	maps.Copy(vars, c.vars)
	f.locals(vars)
	return vars
}

func (c *context) set(name string, v any, export bool) {
	if c.vars == nil {
		c.vars = map[string]any{}
	}
	c.vars[name] = v
	if c.exported == nil {
		c.exported = map[string]bool{}
	}
	c.exported[name] = export && !strings.HasPrefix(name, "_")
}

// addBlocks puts the blocks of a template behind those that are there.
func (c *context) addBlocks(t *template) {
	if len(t.blocks) > 0 && c.blocks == nil {
		c.blocks = make(map[string][]*blockDef, len(t.blocks))
	}
	for name, def := range t.blocks {
		c.blocks[name] = append(c.blocks[name], def)
	}
}

// frame is a scope of names. A block, a loop and a macro each have one, as Jinja2 does it.
type frame struct {
	r      *rendering
	ctx    *context
	parent *frame
	names  []string
	values []any
	// autoescape is whether what is put out here is escaped.
	autoescape bool
	// volatile is true within an autoescape tag that asks a variable. There, Jinja2 joins all texts
	// as if it were off.
	volatile bool
	// top is true of the frame of a whole template: what is set there, the template has set.
	top bool
	// root is the frame of the whole template or block, which knows of both.
	root *root
	// captures is true where text goes to somewhere else than the page, even if
	// the page comes from the template that this one extends.
	captures bool
}

// root is what the frames of a template, or of a block, have in common.
type root struct {
	extends *template // what the template extends, once that is known
	block   *blockDef // nil in a template
}

func newFrame(r *rendering, ctx *context, t *template, block *blockDef) *frame {
	f := &frame{r: r, ctx: ctx, autoescape: t.autoescape, top: block == nil, root: &root{block: block}}
	if block != nil {
		f.begin(block.late)
	} else {
		f.begin(t.late)
	}
	return f
}

// inner returns a frame within f, which assigns to some names before it reads them.
func (f *frame) inner(late []string) *frame {
	inner := &frame{r: f.r, ctx: f.ctx, parent: f, autoescape: f.autoescape, volatile: f.volatile, root: f.root, captures: f.captures}
	inner.begin(late)
	return inner
}

// begin empties a frame but for the names that are unset yet.
func (f *frame) begin(late []string) {
	f.names, f.values = f.names[:0], f.values[:0]
	for _, name := range late {
		f.names, f.values = append(f.names, name), append(f.values, unset{})
	}
}

func (f *frame) fail(format string, args ...any) { f.r.fail(format, args...) }

func (f *frame) at(line int) { f.r.line = line }

// silent reports whether text is dropped here: that of a template which extends another one, outside of blocks.
func (f *frame) silent() bool { return f.root.extends != nil && !f.captures }

// deeper guards the stack while do is running.
func (f *frame) deeper(do func() bool) bool {
	if f.r.depth++; f.r.depth > maxDepth {
		f.fail("this goes more than %d levels deep", maxDepth)
	}
	defer func() { f.r.depth-- }()
	return do()
}

func (f *frame) deeperInt(do func() int) (n int) {
	f.deeper(func() bool { n = do(); return true })
	return n
}

// away does something in another template, and comes back to this place.
func (f *frame) away(t *template, line int, do func()) {
	name, back := f.r.template, f.r.line
	f.deeper(func() bool {
		f.r.template, f.r.line = t.name, line
		do()
		return true
	})
	f.r.template, f.r.line = name, back
}

// capture returns the text that is put out by do.
func (f *frame) capture(do func()) string {
	out := f.r.out
	f.r.out = new(bytes.Buffer)
	do()
	text := f.r.out.String()
	f.r.out = out
	return text
}

func (f *frame) local(name string) (any, bool) {
	for fr := f; fr != nil; fr = fr.parent {
		for i, n := range fr.names {
			if n == name {
				return fr.values[i], true
			}
		}
	}
	return nil, false
}

// locals puts the variables of f and the frames around it into vars.
func (f *frame) locals(vars map[string]any) {
	if f == nil {
		return
	}
	f.parent.locals(vars)
	for i, name := range f.names {
		if f.values[i] != (unset{}) {
			vars[name] = f.values[i]
		}
	}
}

// lookup returns the value of a name.
func (f *frame) lookup(name string) any {
	if v, ok := f.local(name); ok {
		if v == (unset{}) {
			return &undefined{quoted(name) + " is undefined"}
		}
		return v
	}
	switch name {
	case "self":
		return selfReference{f.ctx}
	case "super":
		if def := f.root.block; def != nil {
			return super(f.ctx, def)
		}
	}
	if v, ok := f.ctx.vars[name]; ok {
		return v
	}
	if v, ok := f.ctx.parent[name]; ok {
		return fromGo(f, v)
	}
	if v, ok := f.global(name); ok {
		return v
	}
	return &undefined{quoted(name) + " is undefined"}
}

// global returns what every template knows.
func (f *frame) global(name string) (any, bool) {
	if slices.Contains(requestNames, name) {
		if v, ok := f.r.vars[name]; ok {
			return fromGo(f, v), true
		}
	}
	if v, ok := f.r.set.globals[name]; ok {
		return fromGo(f, v), true
	}
	v, ok := f.r.set.builtins.globals[name]
	return v, ok
}

// requestNames are the variables of a page that Flask and its extensions give to every template,
// imported ones as well.
var requestNames = []string{"config", "csrf_token", "g", "get_flashed_messages", "request", "session", "url_for"}

// assign gives a value to a name. A name that is set at the top of a template belongs to its
// context, which exports it if that is wanted.
func (f *frame) assign(name string, v any, export bool) {
	if !f.top {
		f.define(name, v)
		return
	}
	f.ctx.set(name, v, export)
	if i := slices.Index(f.names, name); i >= 0 { // no longer unset
		f.names, f.values = slices.Delete(f.names, i, i+1), slices.Delete(f.values, i, i+1)
	}
}

func (f *frame) define(name string, v any) {
	for i, n := range f.names {
		if n == name {
			f.values[i] = v
			return
		}
	}
	f.names, f.values = append(f.names, name), append(f.values, v)
}

// put writes a value to the page.
func (f *frame) put(v any) {
	if !f.autoescape {
		f.r.write(str(f, v))
		return
	}
	switch v := v.(type) {
	case Markup:
		f.r.write(string(v))
	case *module:
		f.r.write(v.text)
	case string:
		if !strings.ContainsAny(v, special) {
			f.r.write(v)
			return
		}
		f.r.write(html.EscapeString(v))
	default:
		f.r.write(html.EscapeString(str(f, v)))
	}
}

// mustBeDefined fails if a value is undefined.
func (f *frame) mustBeDefined(v any) {
	if u, ok := v.(*undefined); ok {
		f.fail("%s", u.problem)
	}
}

// safe returns text as Markup where it is escaped.
func (f *frame) safe(s string) any { return markupIf(f.autoescape, s) }

// safe returns text as Markup while autoescape is on.
func (c *context) safe(s string) any { return markupIf(c.autoescape, s) }

func markupIf(safe bool, s string) any {
	if safe {
		return Markup(s)
	}
	return s
}
