package jinja

import (
	"maps"

	"github.com/nikolalohinski/gonja/v2/builtins"
	"github.com/nikolalohinski/gonja/v2/exec"
)

// undefined is the value of a name or key that nobody has set. It renders as
// nothing, is false and empty, and whatever is asked of it is undefined in turn.
// gonja's own nil is no use for that: asked for an attribute, it fails.
type undefined map[string]any

func (undefined) String() string { return "" }

// GetAttribute implements exec.AttributeGetter.
func (undefined) GetAttribute(string) (*exec.Value, bool) { return undefinedValue(), true }

// GetItem implements exec.ItemGetter.
func (undefined) GetItem(any) (*exec.Value, bool) { return undefinedValue(), true }

func undefinedValue() *exec.Value { return exec.AsValue(undefined(nil)) }

func isUndefined(v *exec.Value) bool {
	_, ok := v.Interface().(undefined)
	return ok
}

// Dict is a dictionary for templates whose missing keys are undefined.
type Dict map[string]any

// GetItem implements exec.ItemGetter.
func (d Dict) GetItem(key any) (*exec.Value, bool) {
	name, ok := key.(string)
	if !ok {
		return undefinedValue(), true
	}
	value, ok := d[name]
	if !ok {
		return undefinedValue(), true
	}
	return exec.ToValue(value), true
}

// tests returns the built-in tests, those about being defined made aware of undefined.
func tests() (*exec.TestSet, error) {
	set := exec.NewTestSet(map[string]exec.TestFunction{}).Update(builtins.Tests)
	isDefined := func(v *exec.Value) bool { return !v.IsError() && !v.IsNil() && !isUndefined(v) }
	for name, want := range map[string]bool{"defined": true, "undefined": false} {
		test := func(_ *exec.Evaluator, in *exec.Value, _ *exec.VarArgs) (bool, error) {
			return isDefined(in) == want, nil
		}
		if err := set.Replace(name, test); err != nil {
			return nil, err
		}
	}
	return set, nil
}

// filters returns the built-in filters, the one for default values made aware of undefined.
func filters() (*exec.FilterSet, error) {
	set := exec.NewFilterSet(map[string]exec.FilterFunction{}).Update(builtins.Filters)
	for _, name := range []string{"default", "d"} {
		builtin, _ := builtins.Filters.Get(name)
		filter := func(e *exec.Evaluator, in *exec.Value, params *exec.VarArgs) *exec.Value {
			if isUndefined(in) {
				in = exec.AsValue(nil)
			}
			return builtin(e, in, params)
		}
		if err := set.Replace(name, filter); err != nil {
			return nil, err
		}
	}
	return set, nil
}

// undefinedNames returns a value for every word that the sources use and that
// the environment does not know.
func undefinedNames(known *exec.Context, sources map[string]string) map[string]any {
	names := map[string]any{}
	for source := range maps.Values(sources) {
		identifiers(source, func(word string) {
			if !known.Has(word) {
				names[word] = undefined(nil)
			}
		})
	}
	return names
}
