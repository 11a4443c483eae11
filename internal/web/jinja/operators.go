package jinja

import (
	"math"
	"math/bits"
	"slices"
	"strings"
)

func (n *unary) eval(f *frame) any {
	v := n.of.eval(f)
	f.at(n.line)
	f.mustBeDefined(v)
	switch {
	case isInt(v) && n.op == "+":
		return asInt(v)
	case isInt(v):
		return subtract(f, 0, asInt(v))
	case isNumber(v) && n.op == "+":
		return v
	case isNumber(v):
		return -asFloat(v)
	}
	f.fail("%s has no sign", aType(v))
	return nil
}

func (n *binary) eval(f *frame) any {
	left, right := n.left.eval(f), n.right.eval(f)
	f.at(n.line)
	return operate(f, n.op, left, right)
}

func operate(f *frame, op string, a, b any) any {
	_, isText := asText(a)
	if op == "%" && isText {
		return formatPercent(f, a, b)
	}
	f.mustBeDefined(a)
	f.mustBeDefined(b)
	if g, ok := a.(group); ok {
		a = g.tuple()
	}
	if isNumber(a) && isNumber(b) {
		return calculate(f, op, a, b)
	}
	switch op {
	case "+":
		if v, ok := add(f, a, b); ok {
			return v
		}
	case "*":
		if isInt(b) {
			if v, ok := repeat(f, a, asInt(b)); ok {
				return v
			}
		}
		if isInt(a) {
			if v, ok := repeat(f, b, asInt(a)); ok {
				return v
			}
		}
	}
	f.fail("%q cannot be done with %s and %s", op, aType(a), aType(b))
	return nil
}

// add joins two strings, lists or tuples.
func add(f *frame, a, b any) (any, bool) {
	s, isText := asText(a)
	t, alsoText := asText(b)
	if isText && alsoText {
		f.sized(len(s) + len(t))
		f.r.charge((len(s) + len(t)) / chargedBytes)
		if isMarkup(a) || isMarkup(b) {
			return escape(f, a) + escape(f, b), true
		}
		return s + t, true
	}
	x, y, ok := sequences(a, b)
	if !ok {
		return nil, false
	}
	f.r.charge(len(x) + len(y))
	if _, isList := a.(*List); isList {
		return &List{slices.Concat(x, y)}, true
	}
	return tuple(slices.Concat(x, y)), true
}

// repeat returns n copies of a string, list or tuple in a row.
func repeat(f *frame, v any, n int) (any, bool) {
	n = max(n, 0)
	if s, ok := asText(v); ok {
		if len(s) > 0 && n > maxPage/len(s) {
			f.sized(math.MaxInt)
		}
		f.r.charge(len(s) * n / chargedBytes)
		return like(v, strings.Repeat(s, n)), true
	}
	var items []any
	switch v := v.(type) {
	case *List:
		items = v.items
	case tuple:
		items = v
	default:
		return nil, false
	}
	if len(items) > 0 && n > maxWork/len(items) {
		f.r.charge(maxWork + 1)
	}
	f.r.charge(len(items) * n)
	copies := slices.Repeat(items, n)
	if _, ok := v.(tuple); ok {
		return tuple(copies), true
	}
	return &List{copies}, true
}

// calculate does arithmetic as Python does: division rounds down, and is of floats
// unless it is asked to be of whole numbers.
func calculate(f *frame, op string, a, b any) any {
	if op == "/" {
		return divide(f, asFloat(a), asFloat(b))
	}
	if !isInt(a) || !isInt(b) {
		return calculateFloat(f, op, asFloat(a), asFloat(b))
	}
	x, y := asInt(a), asInt(b)
	switch op {
	case "+":
		return subtract(f, x, subtract(f, 0, y))
	case "-":
		return subtract(f, x, y)
	case "*":
		return multiply(f, x, y)
	case "//", "%":
		if y == 0 {
			f.fail("there is no division by zero")
		}
		if y == -1 {
			// The least number has no counterpart.
			if op == "%" {
				return 0
			}
			return subtract(f, 0, x)
		}
		quotient, rest := x/y, x%y
		if rest != 0 && (rest < 0) != (y < 0) {
			quotient, rest = quotient-1, rest+y
		}
		if op == "%" {
			return rest
		}
		return quotient
	}
	if y < 0 {
		return power(f, float64(x), float64(y))
	}
	return powerInt(f, x, y)
}

func tooLarge(f *frame) { f.fail("the number becomes too large") }

func subtract(f *frame, x, y int) int {
	d := x - y
	if (x < 0) != (y < 0) && (d < 0) != (x < 0) {
		tooLarge(f)
	}
	return d
}

func multiply(f *frame, x, y int) int {
	high, low := bits.Mul64(magnitude(x), magnitude(y))
	negative := (x < 0) != (y < 0)
	if high != 0 || low > math.MaxInt64 {
		tooLarge(f)
	}
	if negative {
		return -int(low)
	}
	return int(low)
}

func magnitude(x int) uint64 {
	if x < 0 {
		return -uint64(x) // two's complement is meant
	}
	return uint64(x)
}

func powerInt(f *frame, x, y int) int {
	switch {
	case y == 0 || x == 1:
		return 1
	case x == 0:
		return 0
	case x == -1:
		if y%2 == 0 {
			return 1
		}
		return -1
	}
	result := 1
	for range y { // ends soon: the number becomes too large
		result = multiply(f, result, x)
	}
	return result
}

func divide(f *frame, x, y float64) float64 {
	if y == 0 {
		f.fail("there is no division by zero")
	}
	return x / y
}

func calculateFloat(f *frame, op string, x, y float64) float64 {
	switch op {
	case "+":
		return x + y
	case "-":
		return x - y
	case "*":
		return x * y
	case "**":
		return power(f, x, y)
	}
	if y == 0 {
		f.fail("there is no division by zero")
	}
	rest := math.Mod(x, y)
	quotient := (x - rest) / y
	if rest != 0 && (rest < 0) != (y < 0) {
		rest += y
		quotient--
	}
	if op == "%" {
		if rest == 0 {
			return math.Copysign(0, y)
		}
		return rest
	}
	if quotient == 0 {
		return math.Copysign(0, x/y)
	}
	whole := math.Floor(quotient)
	if quotient-whole > 0.5 {
		whole++
	}
	return whole
}

func power(f *frame, x, y float64) float64 {
	switch {
	case x == 0 && y < 0:
		f.fail("there is no division by zero")
	case x < 0 && y != math.Trunc(y):
		f.fail("this power is no real number")
	}
	p := math.Pow(x, y)
	if math.IsInf(p, 0) && !math.IsInf(x, 0) && !math.IsInf(y, 0) {
		tooLarge(f)
	}
	return p
}
