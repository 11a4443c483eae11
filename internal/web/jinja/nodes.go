package jinja

// expression is a part of a template that has a value.
type expression interface{ eval(f *frame) any }

// statement is a part of a template that does something, mostly to put out text.
type statement interface{ run(f *frame) }

type (
	literal  struct{ value any }
	variable struct {
		name string
		line int
	}
	attribute struct {
		of   expression
		name string
		line int
	}
	item struct {
		of, key expression
		line    int
	}
	sliceKey    struct{ from, to, step expression }
	listLiteral struct{ items []expression }
	tupleItems  struct{ items []expression }
	dictLiteral struct{ keys, values []expression }
	call        struct {
		callee expression
		args   arguments
		line   int
	}
	filterCall struct {
		in   expression // nil: the captured text of a block
		name string
		f    *filter
		args arguments
		line int
	}
	testCall struct {
		in   expression
		name string
		t    *test
		args arguments
		line int
	}
	unary struct {
		op   string
		of   expression
		line int
	}
	binary struct {
		op          string
		left, right expression
		line        int
	}
	comparison struct {
		first expression
		ops   []string
		rest  []expression
		line  int
	}
	concatenation struct {
		parts    []expression
		constant bool // all of them are
	}
	conditional struct{ test, then, otherwise expression }
	negation    struct{ of expression }
	conjunction struct{ left, right expression }
	disjunction struct{ left, right expression }
)

// arguments are what is written in a call's brackets.
type arguments struct {
	positional []expression
	names      []string
	named      []expression
	star       expression // *args
	starStar   expression // **kwargs
}

// target is what can be assigned to.
type target interface{ assign(f *frame, value any) }

type (
	nameTarget      struct{ name string }
	tupleTarget     struct{ items []target }
	namespaceTarget struct {
		name, attribute string
		line            int
	}
)

type (
	text   struct{ text string }
	output struct {
		value expression
		line  int
	}
	printTag struct {
		values []expression
		line   int
	}
	set struct {
		to    target
		value expression
		line  int
	}
	setBlock struct {
		to   target
		via  *filterCall // nil, or the last of its filters
		body []statement
		late []string
		line int
	}
	branch struct {
		test expression
		body []statement
		line int
	}
	conditionBlock struct {
		branches  []branch
		otherwise []statement
	}
	loopBlock struct {
		to        target
		over      expression
		test      expression
		body      []statement
		otherwise []statement
		// late and lateOtherwise are as a template's.
		late, lateOtherwise []string
		recursive           bool
		// asked is whether the body asks for the variable "loop".
		asked bool
		line  int
	}
	withBlock struct {
		targets []target
		values  []expression
		body    []statement
		late    []string
		line    int
	}
	autoescapeBlock struct {
		on   expression
		body []statement
		late []string
		line int
	}
	filterBlock struct {
		via  *filterCall
		body []statement
		late []string
		line int
	}
	macroBlock struct {
		def  *macroDef
		line int
	}
	callBlock struct {
		call   *call
		caller *macroDef
		line   int
	}
	blockTag struct {
		def    *blockDef
		scoped bool
		line   int
	}
	extends struct {
		template expression
		line     int
	}
	include struct {
		template      expression
		ignoreMissing bool
		withContext   bool
		line          int
	}
	importTag struct {
		template    expression
		as          string
		withContext bool
		line        int
	}
	fromImport struct {
		template       expression
		names, aliases []string
		withContext    bool
		line           int
	}
)

// macroDef is a macro or the body of a call block.
type macroDef struct {
	name     string // empty for a call block
	params   []string
	defaults []expression // of the last parameters
	body     []statement
	late     []string
	// These say whether the body asks for its caller, or for arguments beyond its parameters.
	wantsCaller, wantsKwargs, wantsVarargs bool
	template                               *template
}

// blockDef is a block of one template.
type blockDef struct {
	name     string
	required bool
	body     []statement
	late     []string
	template *template
	line     int
}

// template is a parsed file.
type template struct {
	name       string
	autoescape bool
	body       []statement
	// late are the names that its frame assigns to before it reads them.
	late   []string
	blocks map[string]*blockDef
	// needs are the templates that it names outside of conditions.
	needs []need
}

type need struct {
	name string
	line int
}
