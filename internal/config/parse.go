package config

import (
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"time"

	"github.com/caarlos0/env/v11"
)

// parse fills in the variables and checks each by itself. The mistakes are
// in the order of the fields.
func parse(values map[string]string) (variables, []error) {
	var v variables
	problems, mistakes := parseErrors(env.ParseWithOptions(&v, env.Options{Environment: values}))

	fields := reflect.ValueOf(v)
	for field := range fields.Type().Fields() {
		problem := problems[field.Name]
		if problem == "" {
			problem = outOfBounds(field, fields.FieldByIndex(field.Index))
		}
		if problem == "" {
			continue
		}
		mistakes = append(mistakes, &Mistake{
			Variable: field.Tag.Get("env"),
			Problem:  problem,
			Fix:      "Use " + allowed(field),
		})
	}
	return v, mistakes
}

// parseErrors sorts the errors of the env library into those about a field and all
// others.
func parseErrors(err error) (problems map[string]string, others []error) {
	problems = make(map[string]string)
	var all env.AggregateError
	if err != nil && !errors.As(err, &all) {
		return problems, []error{err}
	}
	for _, err := range all.Errors {
		var parsing env.ParseError
		if !errors.As(err, &parsing) {
			others = append(others, err)
			continue
		}
		problems[parsing.Name] = problemOf(parsing.Err)
	}
	return problems, others
}

// problemOf words the error of a parser. The parsers of this package word
// their own.
func problemOf(err error) string {
	var number *strconv.NumError
	if !errors.As(err, &number) {
		return err.Error()
	}
	if errors.Is(err, strconv.ErrRange) {
		return fmt.Sprintf("%q is out of range", number.Num)
	}
	return fmt.Sprintf("%q is not a whole number", number.Num)
}

// outOfBounds checks a field against its tags min and max, if it has any.
func outOfBounds(field reflect.StructField, value reflect.Value) string {
	least, bounded := field.Tag.Lookup("min")
	if !bounded {
		return ""
	}
	low, high := bound(field.Type, least), bound(field.Type, field.Tag.Get("max"))
	if n := value.Int(); n >= low && n <= high {
		return ""
	}
	return fmt.Sprintf("%v is out of range", value.Interface())
}

// bound parses the tag min or max of a field. The tags are constants of this
// package, so a bad one is a bug.
func bound(t reflect.Type, text string) int64 {
	if t == reflect.TypeFor[duration]() {
		d, err := time.ParseDuration(text)
		if err != nil {
			panic(err)
		}
		return int64(d)
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		panic(err)
	}
	return n
}

// allowed tells the values that a field takes.
func allowed(field reflect.StructField) string {
	if takes := field.Tag.Get("takes"); takes != "" {
		return takes
	}
	least, most := field.Tag.Get("min"), field.Tag.Get("max")
	if field.Type == reflect.TypeFor[duration]() {
		return fmt.Sprintf("a duration such as 90s, 5m or 24h, or a number of seconds, from %s to %s", least, most)
	}
	return fmt.Sprintf("a whole number from %s to %s", least, most)
}
