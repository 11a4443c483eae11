package web

import (
	"errors"
	"io/fs"
	"slices"
	"sync"

	"securechat/internal/web/jinja"
	"securechat/internal/web/modules"
)

// neededModules knows the modules that scripts need, for good if the static folder is a fixed one. It is
// safe for concurrent use.
type neededModules struct {
	static *static
	known  sync.Map // of a fixed folder: addresses, as []any, by the script's name
}

// function returns what templates call by the name of a script in the static folder, to tell
// browsers of the modules that it needs: their addresses.
func (n *neededModules) function() jinja.Function {
	return func(args jinja.Args) (any, error) {
		if len(args.Positional) != 1 || len(args.Names) > 0 {
			return nil, errNoScript
		}
		script, ok := jinja.Text(args.Positional[0])
		if !ok {
			return nil, errNoScript
		}
		addresses, err := n.of(script)
		if err != nil {
			return nil, err
		}
		return jinja.NewList(slices.Clone(addresses)...), nil // the template's own, which it may change
	}
}

var errNoScript = errors.New("modules takes the name of a script in the static folder")

// of returns the addresses of the modules that a script needs.
func (n *neededModules) of(script string) ([]any, error) {
	if addresses, ok := n.known.Load(script); ok {
		return addresses.([]any), nil //nolint:forcetypeassert // nothing else is in it
	}
	names, err := modules.Needed(servedFiles{n.static}, script)
	if err != nil {
		return nil, err
	}
	addresses := make([]any, len(names))
	for i, name := range names {
		addresses[i] = n.static.address(name)
	}
	if n.static.build != "" {
		n.known.Store(script, addresses)
	}
	return addresses, nil
}

// servedFiles are the files of the static folder that browsers get.
type servedFiles struct{ static *static }

func (f servedFiles) Open(name string) (fs.File, error) {
	file, _, ok := f.static.open(name)
	if !ok {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	return file, nil
}
