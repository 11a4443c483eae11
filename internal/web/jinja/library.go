package jinja

// library is what templates find in Jinja2 and in Python.
type library struct {
	filters map[string]*filter
	tests   map[string]*test
	globals map[string]any
	// methods are those of each type, by its name.
	methods map[string]map[string]*methodDef
}

// newLibrary returns all there is. It is made for each [Set], because much of it looks things up in it.
func newLibrary() *library {
	return &library{newFilters(), newTests(), newGlobals(), newMethods()}
}
