package jinja

import (
	"math"
	"regexp"
	"strconv"
	"strings"
)

func absolute(f *frame, in any) any {
	f.mustBeDefined(in)
	switch {
	case isInt(in):
		if i := asInt(in); i < 0 {
			return subtract(f, 0, i)
		}
		return asInt(in)
	case isNumber(in):
		return math.Abs(asFloat(in))
	}
	f.fail("%s has no absolute value", aType(in))
	return nil
}

func fileSize(f *frame, in any, a []any) any {
	size := toFloatOr(f, in)
	base, units := 1000.0, []string{"kB", "MB", "GB", "TB", "PB", "EB", "ZB", "YB"}
	if a[0] != absent && truth(f, a[0]) {
		base, units = 1024, []string{"KiB", "MiB", "GiB", "TiB", "PiB", "EiB", "ZiB", "YiB"}
	}
	switch {
	case size == 1:
		return "1 Byte"
	case size < base:
		return strconv.Itoa(truncated(f, size)) + " Bytes"
	}
	last := len(units) - 1
	for i, unit := range units {
		next := math.Pow(base, float64(i+2))
		if size < next || i == last {
			return strconv.FormatFloat(base*size/next, 'f', 1, 64) + " " + unit
		}
	}
	return nil
}

// toFloatOr returns what Python's float does.
func toFloatOr(f *frame, v any) float64 {
	f.mustBeDefined(v)
	if isNumber(v) {
		return asFloat(v)
	}
	s, ok := asText(v)
	x, err := parseFloat(s)
	if !ok || err != nil {
		f.fail("a number is expected here, not %s", aType(v))
	}
	return x
}

var underscores = regexp.MustCompile(`^[^_]*(?:\d_\d[^_]*)*$`)

func parseFloat(s string) (float64, error) {
	s = westernDigits(strings.TrimFunc(s, isSpace))
	if strings.EqualFold(s, "-nan") || strings.EqualFold(s, "+nan") {
		return math.NaN(), nil
	}
	if strings.ContainsAny(s, "xXpP") || !underscores.MatchString(s) {
		return 0, strconv.ErrSyntax
	}
	x, err := strconv.ParseFloat(strings.ReplaceAll(s, "_", ""), 64)
	if math.IsInf(x, 0) {
		return x, nil
	}
	return x, err
}

func toFloat(f *frame, in any, a []any) any {
	f.mustBeDefined(in)
	if isNumber(in) {
		return asFloat(in)
	}
	if s, ok := asText(in); ok {
		if x, err := parseFloat(s); err == nil {
			return x
		}
	}
	return or(a[0], 0.0)
}

func toInt(f *frame, in any, a []any) any {
	f.mustBeDefined(in)
	if isInt(in) {
		return asInt(in)
	}
	x, isFloat := in.(float64)
	if s, ok := asText(in); ok {
		digits := westernDigits(strings.TrimFunc(s, isSpace))
		base := intArg(f, a[1], 10)
		i, err := parseInt(digits, base)
		switch {
		case err == nil:
			return i
		case strings.Contains(err.Error(), "out of range"):
			tooLarge(f)
		}
		if x, err = parseFloat(s); err != nil {
			return or(a[0], 0)
		}
		isFloat = true
	}
	if !isFloat || math.IsNaN(x) {
		return or(a[0], 0)
	}
	return truncated(f, x)
}

func parseInt(digits string, base int) (int, error) {
	sign := ""
	if strings.HasPrefix(digits, "-") || strings.HasPrefix(digits, "+") {
		sign, digits = digits[:1], digits[1:]
	}
	prefixes := map[int]string{2: "0b", 8: "0o", 16: "0x"}
	if p, ok := prefixes[base]; ok && len(digits) > 2 && strings.EqualFold(digits[:2], p) {
		digits = strings.TrimPrefix(digits[2:], "_")
	}
	if strings.HasPrefix(digits, "_") || strings.HasSuffix(digits, "_") || strings.Contains(digits, "__") ||
		strings.HasPrefix(digits, "-") || strings.HasPrefix(digits, "+") {
		return 0, strconv.ErrSyntax
	}
	if base != 0 {
		digits = strings.ReplaceAll(digits, "_", "")
	}
	i, err := strconv.ParseInt(sign+digits, base, strconv.IntSize)
	return int(i), err
}

func round(f *frame, in any, a []any) any {
	f.mustBeDefined(in)
	if !isNumber(in) {
		f.fail("%s cannot be rounded", aType(in))
	}
	digits, method := intArg(f, a[0], 0), or(a[1], "common")
	switch method {
	case "common":
		if isInt(in) && digits >= 0 {
			return asInt(in)
		}
		x := roundTo(asFloat(in), digits)
		if isInt(in) {
			return truncated(f, x)
		}
		return x
	case "ceil", "floor":
		scale := math.Pow(10, float64(digits))
		x := asFloat(in) * scale
		if method == "ceil" {
			x = math.Ceil(x)
		} else {
			x = math.Floor(x)
		}
		return x / scale
	}
	f.fail("a number can be rounded by \"common\", \"ceil\" or \"floor\"")
	return nil
}

// roundTo rounds the number that x really is: 2.675 is a little less than it seems. Halves
// are rounded to even.
func roundTo(x float64, digits int) float64 {
	if math.IsInf(x, 0) || math.IsNaN(x) || digits > 320 {
		return x
	}
	if digits >= 0 {
		y, _ := strconv.ParseFloat(strconv.FormatFloat(x, 'f', digits, 64), 64) // of a number just written
		return y
	}
	scale := math.Pow(10, float64(-max(digits, -320)))
	return math.RoundToEven(x/scale) * scale
}
