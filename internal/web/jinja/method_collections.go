package jinja

import (
	"slices"
)

// listMethod is a method that changes a list.
func listMethod(params string, required int, do func(f *frame, l *List, a []any) any) *methodDef {
	return define(params, required, func(f *frame, of any, a []any) any {
		l, ok := of.(*List)
		if !ok {
			f.fail("a list is expected here, not %s", aType(of))
		}
		return do(f, l, a)
	})
}

var listMethods = map[string]*methodDef{
	"append": listMethod("object", 1, func(f *frame, l *List, a []any) any {
		f.r.charge(1)
		l.items = append(l.items, a[0])
		return nil
	}),
	"clear": listMethod("", 0, func(_ *frame, l *List, _ []any) any { l.items = nil; return nil }),
	"copy":  define("", 0, func(f *frame, of any, _ []any) any { return &List{all(f, of)} }),
	"count": define("value", 1, countItems),
	"extend": listMethod("iterable", 1, func(f *frame, l *List, a []any) any {
		l.items = append(l.items, all(f, a[0])...)
		return nil
	}),
	"index": define("value start stop", 1, indexOf),
	"insert": listMethod("index object", 2, func(f *frame, l *List, a []any) any {
		i, n := intArg(f, a[0], 0), len(l.items)
		if i < 0 {
			i += n
		}
		f.r.charge(1 + n/chargedBytes)
		l.items = slices.Insert(l.items, max(0, min(i, n)), a[1])
		return nil
	}),
	"pop": listMethod("index", 0, func(f *frame, l *List, a []any) any {
		i := intArg(f, a[0], -1)
		if i < 0 {
			i += len(l.items)
		}
		if i < 0 || i >= len(l.items) {
			f.fail("there is no such item to take out of the list")
		}
		v := l.items[i]
		f.r.charge(1 + len(l.items)/chargedBytes)
		l.items = slices.Delete(l.items, i, i+1)
		return v
	}),
	"remove": listMethod("value", 1, func(f *frame, l *List, a []any) any {
		i := find(f, l.items, a[0], absent, absent)
		l.items = slices.Delete(l.items, i, i+1)
		return nil
	}),
	"reverse": listMethod("", 0, func(_ *frame, l *List, _ []any) any { slices.Reverse(l.items); return nil }),
	"sort": listMethod("reverse", 0, func(f *frame, l *List, a []any) any {
		l.items = sorted(f, l.items, func(v any) any { return v }, asked(f, a[0]))
		return nil
	}),
}

var dictMethods = map[string]*methodDef{
	"get": define("key default", 1, func(f *frame, of any, a []any) any {
		if v, ok := itemOf(f, of, a[0]); ok {
			return v
		}
		if a[1] == absent {
			return nil
		}
		return a[1]
	}),
	"keys":   viewMethod("keys"),
	"values": viewMethod("values"),
	"items":  viewMethod("items"),
	"copy": define("", 0, func(f *frame, of any, _ []any) any {
		d, _ := asDict(f, of)
		f.r.charge(len(d.keys))
		return d.copy()
	}),
	"pop": changing("key default", 1, func(f *frame, d *dict, a []any) any {
		v, ok := d.remove(f, a[0])
		if !ok && a[1] == absent {
			f.fail("there is no such key to take out of the dictionary")
		}
		if !ok {
			return a[1]
		}
		return v
	}),
	"popitem": changing("", 0, func(f *frame, d *dict, _ []any) any {
		if len(d.keys) == 0 {
			f.fail("there is nothing to take out of the dictionary")
		}
		k := d.keys[len(d.keys)-1]
		v, _ := d.remove(f, k)
		return tuple{k, v}
	}),
	"setdefault": changing("key default", 1, func(f *frame, d *dict, a []any) any {
		if v, ok := d.get(f, a[0]); ok {
			return v
		}
		var v any
		if a[1] != absent {
			v = a[1]
		}
		f.r.charge(1)
		d.set(f, a[0], v)
		return v
	}),
	"clear": changing("", 0, func(_ *frame, d *dict, _ []any) any { *d = *newDict(); return nil }),
}

// update puts the keys of another dictionary, and named arguments, into one.
func update(f *frame, of any, args Args) any {
	d, ok := of.(*dict)
	if !ok {
		f.fail("a template cannot change what it is given")
	}
	if len(args.Positional) > 1 {
		f.fail("a dictionary is updated from one other")
	}
	other := asNewDict(f, args)
	f.r.charge(len(other.keys))
	for i, k := range other.keys {
		d.set(f, k, other.values[i])
	}
	return nil
}

func countItems(f *frame, of any, a []any) any {
	n := 0
	for _, item := range all(f, of) {
		if equal(f, item, a[0]) {
			n++
		}
	}
	return n
}

func indexOf(f *frame, of any, a []any) any { return find(f, all(f, of), a[0], a[1], a[2]) }

// find returns the index of the first item that is equal to v, between two bounds.
func find(f *frame, items []any, v, from, to any) int {
	low, high, _ := slice{or(from, nil), or(to, nil), nil}.bounds(f, len(items))
	for i := low; i < high; i++ {
		if equal(f, items[i], v) {
			return i
		}
	}
	f.fail("the value that is looked for is not there")
	return -1
}

func viewMethod(kind string) *methodDef {
	return define("", 0, func(f *frame, of any, _ []any) any {
		d, _ := asDict(f, of)
		return &dictView{kind, d}
	})
}

// changing is a method that changes a dictionary of a template's own.
func changing(params string, required int, do func(f *frame, d *dict, a []any) any) *methodDef {
	return define(params, required, func(f *frame, of any, a []any) any {
		d, ok := of.(*dict)
		if !ok {
			f.fail("a template cannot change what it is given")
		}
		return do(f, d, a)
	})
}
