package jinja

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// dict is a dictionary that a template has made. It keeps the order of its keys.
type dict struct {
	keys, values []any
	index        map[any]int
}

// dictView is what keys, values and items return.
type dictView struct {
	kind string
	of   *dict
}

func newDict() *dict { return &dict{index: map[any]int{}} }

// tupleKey stands for a tuple among the keys of a dictionary.
type tupleKey string

// undefinedKey stands for what nobody has set, all of which is equal.
type undefinedKey struct{}

// key returns what a value is found by: equal values, among them 1, 1.0 and true, have the same.
func key(f *frame, v any) any {
	switch v := v.(type) {
	case string:
		return plain(v)
	case Markup:
		return plain(string(v))
	case bool:
		return asInt(v)
	case float64:
		if i := int(v); float64(i) == v {
			return i
		}
		return v
	case *undefined:
		return undefinedKey{}
	case nil, int, *callable, *Object, *namespace, *loop:
		return v
	case tuple:
		f.r.charge(len(v))
		var parts []string
		for _, part := range v {
			parts = append(parts, fmt.Sprintf("%T:%v", key(f, part), key(f, part)))
		}
		return tupleKey(strings.Join(parts, "\x00"))
	}
	f.fail("%s cannot be the key of a dictionary", aType(v))
	return nil
}

func (d *dict) get(f *frame, k any) (any, bool) {
	if i, ok := d.index[key(f, k)]; ok {
		return d.values[i], true
	}
	return nil, false
}

func (d *dict) set(f *frame, k, v any) {
	id := key(f, k)
	if i, ok := d.index[id]; ok {
		d.values[i] = v
		return
	}
	d.index[id] = len(d.keys)
	d.keys, d.values = append(d.keys, k), append(d.values, v)
}

func (d *dict) remove(f *frame, k any) (any, bool) {
	f.r.charge(1 + len(d.keys)/chargedBytes)
	id := key(f, k)
	i, ok := d.index[id]
	if !ok {
		return nil, false
	}
	v := d.values[i]
	d.keys, d.values = slices.Delete(d.keys, i, i+1), slices.Delete(d.values, i, i+1)
	delete(d.index, id)
	for other, at := range d.index {
		if at > i {
			d.index[other] = at - 1
		}
	}
	return v, true
}

func (d *dict) copy() *dict {
	return &dict{slices.Clone(d.keys), slices.Clone(d.values), maps.Clone(d.index)}
}

// asDict returns the dictionary that a value is.
func asDict(f *frame, v any) (*dict, bool) {
	switch v := v.(type) {
	case *dict:
		return v, true
	case *Object:
		if v.Items != nil {
			return asDict(f, v.Items)
		}
	case Dict:
		d := newDict()
		for _, name := range slices.Sorted(maps.Keys(v)) {
			d.set(f, name, fromGo(f, v[name]))
		}
		return d, true
	}
	return nil, false
}

func (v *dictView) items() []any {
	switch v.kind {
	case "keys":
		return slices.Clone(v.of.keys)
	case "values":
		return slices.Clone(v.of.values)
	}
	pairs := make([]any, len(v.of.keys))
	for i := range pairs {
		pairs[i] = tuple{v.of.keys[i], v.of.values[i]}
	}
	return pairs
}

func (d *dict) equal(f *frame, other *dict) bool {
	if len(d.keys) != len(other.keys) {
		return false
	}
	for i, k := range d.keys {
		v, ok := other.get(f, k)
		if !ok || !equal(f, d.values[i], v) {
			return false
		}
	}
	return true
}
