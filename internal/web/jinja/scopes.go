package jinja

import (
	"maps"
	"slices"
)

// A frame knows from its beginning which names are assigned to in it, as in Jinja2: what is within it,
// a loop for example, finds nothing there before that, whatever the page was given under the name.
// Only a name that is read first, or assigned to in one branch of a condition alone, is
// the page's until then.

// unset is the value of a name in a frame that has not assigned to it yet.
type unset struct{}

// scope finds out which names a frame assigns to before it reads them.
type scope struct {
	parent *scope
	uses
	// inner look into what has a frame of its own, when all names of this one are known.
	inner []func()
}

// uses are the names that are mentioned in a frame.
type uses struct {
	late     map[string]bool // by name, whether it is assigned to first
	assigned map[string]bool
}

// lateNames returns the names that a frame with these statements assigns to first. It looks
// into the frames within, too.
func lateNames(parent *scope, params []string, body func(*scope)) []string {
	s := &scope{parent: parent, uses: uses{map[string]bool{}, map[string]bool{}}}
	for _, name := range params {
		s.late[name] = false
	}
	body(s)
	for _, look := range s.inner {
		look()
	}
	var names []string
	for name, late := range s.late {
		if late {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

func (s *scope) knows(name string) bool {
	for ; s != nil; s = s.parent {
		if _, known := s.late[name]; known {
			return true
		}
	}
	return false
}

func (s *scope) load(name string) {
	if !s.knows(name) {
		s.late[name] = false
	}
}

func (s *scope) store(name string) {
	s.assigned[name] = true
	if _, known := s.late[name]; !known {
		s.late[name] = !s.parent.knows(name)
	}
}

func (s *scope) storeTo(t target) {
	switch t := t.(type) {
	case *nameTarget:
		s.store(t.name)
	case *tupleTarget:
		for _, item := range t.items {
			s.storeTo(item)
		}
	case *namespaceTarget:
		s.load(t.name)
	}
}

// within looks into a frame within this one, later, and keeps what it finds.
func (s *scope) within(late *[]string, params []string, body func(*scope)) {
	s.inner = append(s.inner, func() { *late = lateNames(s, params, body) })
}

func (s *scope) statements(body []statement) {
	for _, n := range body {
		s.statement(n)
	}
}

func (s *scope) statement(n statement) {
	switch n := n.(type) {
	case *output:
		s.read(n.value)
	case *printTag:
		s.read(n.values...)
	case *set:
		s.read(n.value)
		s.storeTo(n.to)
	case *conditionBlock:
		s.condition(n.branches, n.otherwise)
	case *macroBlock:
		s.store(n.def.name)
		s.macro(n.def)
	case *callBlock:
		s.read(n.call)
		s.macro(n.caller)
	case *extends:
		s.read(n.template)
	case *include:
		s.read(n.template)
	case *importTag:
		s.read(n.template)
		s.store(n.as)
	case *fromImport:
		s.read(n.template)
		for _, name := range n.aliases {
			s.store(name)
		}
	case *blockTag:
		n.def.late = lateNames(nil, nil, func(s *scope) { s.statements(n.def.body) })
	default:
		s.tag(n)
	}
}

// tag looks at a tag whose body has a frame of its own.
func (s *scope) tag(n statement) {
	switch n := n.(type) {
	case *loopBlock:
		s.read(n.over)
		params := append(namesOf(n.to), "loop")
		if n.test != nil {
			s.inner = append(s.inner, func() { lateNames(s, params, func(s *scope) { s.read(n.test) }) })
		}
		s.within(&n.late, params, func(s *scope) { s.statements(n.body) })
		s.within(&n.lateOtherwise, nil, func(s *scope) { s.statements(n.otherwise) })
	case *withBlock:
		s.read(n.values...)
		s.within(&n.late, nil, func(s *scope) {
			for _, t := range n.targets {
				s.storeTo(t)
			}
			s.statements(n.body)
		})
	case *setBlock:
		s.storeTo(n.to)
		s.within(&n.late, nil, func(s *scope) { s.statements(n.body) })
	case *filterBlock:
		s.read(n.via)
		s.within(&n.late, nil, func(s *scope) { s.statements(n.body) })
	case *autoescapeBlock:
		s.within(&n.late, nil, func(s *scope) {
			s.read(n.on)
			s.statements(n.body)
		})
	}
}

func (s *scope) macro(def *macroDef) {
	s.within(&def.late, def.params, func(s *scope) {
		s.read(def.defaults...)
		s.statements(def.body)
	})
}

// namesOf returns the names that something is assigned to.
func namesOf(t target) (names []string) {
	switch t := t.(type) {
	case *nameTarget:
		return []string{t.name}
	case *tupleTarget:
		for _, item := range t.items {
			names = append(names, namesOf(item)...)
		}
	}
	return names
}

// condition looks into the branches of a condition, which share its frame. To Jinja2 it has three:
// what is an elif here is a condition within the second.
func (s *scope) condition(branches []branch, otherwise []statement) {
	s.read(branches[0].test)
	before := s.uses
	var after []uses
	for _, look := range []func(){
		func() { s.statements(branches[0].body) },
		func() {
			for i := range branches[1:] {
				s.condition(branches[i+1:i+2], nil)
			}
		},
		func() { s.statements(otherwise) },
	} {
		s.uses = uses{maps.Clone(before.late), maps.Clone(before.assigned)}
		look()
		after = append(after, s.uses)
	}
	s.uses = before
	times := map[string]int{}
	for _, branch := range after {
		for name := range branch.assigned {
			if !before.assigned[name] {
				times[name]++
			}
		}
	}
	for _, branch := range after {
		maps.Copy(s.late, branch.late)
	}
	for name, n := range times {
		s.assigned[name] = true
		if n < len(after) {
			s.late[name] = false
		}
	}
}

// read notes the names that are read in expressions.
func (s *scope) read(parts ...expression) {
	for _, part := range parts {
		s.readOne(part)
	}
}

//nolint:gocyclo // one case for each kind
func (s *scope) readOne(n expression) {
	switch n := n.(type) {
	case *variable:
		s.load(n.name)
	case *attribute:
		s.read(n.of)
	case *item:
		s.read(n.of, n.key)
	case *sliceKey:
		s.read(n.from, n.to, n.step)
	case *listLiteral:
		s.read(n.items...)
	case *tupleItems:
		s.read(n.items...)
	case *dictLiteral:
		s.read(n.keys...)
		s.read(n.values...)
	case *call:
		s.read(n.callee)
		s.readArguments(n.args)
	case *filterCall:
		if n != nil {
			s.read(n.in)
			s.readArguments(n.args)
		}
	case *testCall:
		s.read(n.in)
		s.readArguments(n.args)
	case *unary:
		s.read(n.of)
	case *binary:
		s.read(n.left, n.right)
	case *comparison:
		s.read(n.first)
		s.read(n.rest...)
	case *concatenation:
		s.read(n.parts...)
	case *conditional:
		s.read(n.test, n.then, n.otherwise)
	case *negation:
		s.read(n.of)
	case *conjunction:
		s.read(n.left, n.right)
	case *disjunction:
		s.read(n.left, n.right)
	}
}

func (s *scope) readArguments(args arguments) {
	s.read(args.positional...)
	s.read(args.named...)
	s.read(args.star, args.starStar)
}
