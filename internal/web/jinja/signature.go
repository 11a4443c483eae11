package jinja

import (
	"slices"
	"strings"
)

// absentValue is the type of absent.
type absentValue struct{}

// absent stands for an argument that was not given.
var absent any = absentValue{}

// signature are the parameters of a filter, a test or a method, besides what it is applied to.
type signature struct {
	params   []string
	required int
}

func newSignature(params string, required int) signature {
	return signature{strings.Fields(params), required}
}

// bind returns the arguments in the order of the parameters.
func (s *signature) bind(f *frame, what string, args Args) []any {
	if len(args.Positional) > len(s.params) {
		f.fail("%s takes no more than %d arguments", what, len(s.params))
	}
	bound := make([]any, len(s.params))
	for i := range bound {
		bound[i] = absent
	}
	copy(bound, args.Positional)
	for i, name := range args.Names {
		at := slices.Index(s.params, name)
		if at < 0 {
			f.fail("%s takes no argument %q", what, name)
		}
		if bound[at] != absent {
			f.fail("%s has two values for the argument %q", what, name)
		}
		bound[at] = args.Named[i]
	}
	for i, name := range s.params[:s.required] {
		if bound[i] == absent {
			f.fail("%s needs the argument %q", what, name)
		}
	}
	return bound
}

// or returns an argument, or its default if it was not given.
func or(v, otherwise any) any {
	if v == absent {
		return otherwise
	}
	return v
}
