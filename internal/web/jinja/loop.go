package jinja

// loop is the variable of that name within a loop.
type loop struct {
	next  iterator
	sized func() (int, bool)
	// ahead are items that were looked at before their turn.
	ahead []any
	ended bool
	// round counts from 0, as loop.index0.
	round             int
	depth             int
	previous, current any
	changed           []any
	hasChanged        bool
	// again puts out the loop's body for other items; nil if the loop is not recursive.
	again func(over any) string
}

func (l *loop) advance(f *frame) (item any, ok bool) {
	f.r.charge(1)
	if len(l.ahead) > 0 {
		item, l.ahead = l.ahead[0], l.ahead[1:]
	} else if item, ok = l.next(); !ok {
		l.ended = true
		return nil, false
	}
	l.round++
	l.previous, l.current = l.current, item
	return item, true
}

func (l *loop) peek() (any, bool) {
	if len(l.ahead) > 0 {
		return l.ahead[0], true
	}
	if l.ended {
		return nil, false
	}
	item, ok := l.next()
	if !ok {
		l.ended = true
		return nil, false
	}
	l.ahead = append(l.ahead, item)
	return item, true
}

func (l *loop) index() int { return l.round + 1 }

func (l *loop) length(f *frame) int {
	if n, ok := l.sized(); ok {
		return n
	}
	for !l.ended {
		item, ok := l.next()
		if !ok {
			l.ended = true
			break
		}
		f.r.charge(1)
		l.ahead = append(l.ahead, item)
	}
	n := l.round + 1 + len(l.ahead)
	l.sized = func() (int, bool) { return n, true }
	return n
}

//nolint:gocyclo // one case for each attribute
func (l *loop) attribute(f *frame, name string) (any, bool) {
	switch name {
	case "index":
		return l.round + 1, true
	case "index0":
		return l.round, true
	case "revindex":
		return l.length(f) - l.round, true
	case "revindex0":
		return l.length(f) - l.round - 1, true
	case "first":
		return l.round == 0, true
	case "last":
		_, more := l.peek()
		return !more, true
	case "length":
		return l.length(f), true
	case "depth":
		return l.depth + 1, true
	case "depth0":
		return l.depth, true
	case "previtem":
		if l.round == 0 {
			return &undefined{"there is no item before the first"}, true
		}
		return l.previous, true
	case "nextitem":
		item, ok := l.peek()
		if !ok {
			return &undefined{"there is no item behind the last"}, true
		}
		return item, true
	case "cycle":
		return &callable{"cycle", l.cycle}, true
	case "changed":
		return &callable{"changed", l.isChanged}, true
	}
	return nil, false
}

func (l *loop) cycle(f *frame, args Args) any {
	if len(args.Names) > 0 || len(args.Positional) == 0 {
		f.fail("loop.cycle needs values to choose from")
	}
	return args.Positional[l.round%len(args.Positional)]
}

func (l *loop) isChanged(f *frame, args Args) any {
	if len(args.Names) > 0 {
		f.fail("loop.changed takes no named arguments")
	}
	if l.hasChanged && equalItems(f, l.changed, args.Positional) {
		return false
	}
	l.changed, l.hasChanged = args.Positional, true
	return true
}

func (l *loop) call(f *frame, args Args) any {
	if l.again == nil {
		f.fail("loop can be called only in a loop that is marked as \"recursive\"")
	}
	if len(args.Positional) != 1 || len(args.Names) > 0 {
		f.fail("loop takes one argument: what to loop over")
	}
	return f.safe(l.again(args.Positional[0]))
}
