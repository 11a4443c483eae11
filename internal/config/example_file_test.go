package config

import (
	"os"
	"reflect"
	"regexp"
	"strings"
	"testing"
)

const exampleFile = "../../.env.example"

// example reads the variables of .env.example with their values, and the
// comment above each.
func example(t *testing.T) (values, comments map[string]string) {
	t.Helper()
	content, err := os.ReadFile(exampleFile)
	if err != nil {
		t.Fatal(err)
	}
	values, comments = make(map[string]string), make(map[string]string)
	variable := regexp.MustCompile(`^#([A-Z_]+)=(.*)$`)
	var comment strings.Builder
	for line := range strings.SplitSeq(string(content), "\n") {
		match := variable.FindStringSubmatch(line)
		switch {
		case match != nil:
			if _, twice := values[match[1]]; twice {
				t.Errorf("%s stands twice in %s", match[1], exampleFile)
			}
			values[match[1]], comments[match[1]] = match[2], comment.String()
			comment.Reset()
		case line == "":
			comment.Reset()
		default:
			comment.WriteString(line + "\n")
		}
	}
	return values, comments
}

func TestExampleHasEveryVariable(t *testing.T) {
	values, comments := example(t)
	want := make(map[string]string)
	for field := range reflect.TypeFor[variables]().Fields() {
		want[field.Tag.Get("env")] = field.Tag.Get("envDefault")
	}
	if !reflect.DeepEqual(values, want) {
		t.Errorf("%s has\n     %v\nwant %v", exampleFile, values, want)
	}
	for name, comment := range comments {
		if !strings.Contains(comment, "# Type: ") || strings.Count(comment, "\n") < 2 {
			t.Errorf("%s is not explained with its type:\n%s", name, comment)
		}
	}
}

func TestExampleNamesTheBounds(t *testing.T) {
	_, comments := example(t)
	for field := range reflect.TypeFor[variables]().Fields() {
		if field.Type != reflect.TypeFor[int]() {
			continue
		}
		name := field.Tag.Get("env")
		want := field.Tag.Get("min") + " to " + field.Tag.Get("max")
		if !strings.Contains(comments[name], want) {
			t.Errorf("the comment on %s does not say %q:\n%s", name, want, comments[name])
		}
	}
}

// Copied as it is, the example changes nothing.
func TestExampleIsHarmless(t *testing.T) {
	content, err := os.ReadFile(exampleFile)
	if err != nil {
		t.Fatal(err)
	}
	got, want := mustLoad(t, nil, string(content)), mustLoad(t, nil, "")
	got.Secret, want.Secret = nil, nil
	if !reflect.DeepEqual(got, want) {
		t.Errorf("with %s\n got %+v\nwant %+v", exampleFile, got, want)
	}
}
