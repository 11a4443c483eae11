package config

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"github.com/caarlos0/env/v11"
	"github.com/joho/godotenv"
)

// settings are the variables of the environment and the .env file, merged.
type settings struct {
	// values holds the variables of this server that are not blank.
	values map[string]string
	// unknown are names in the .env file that mean nothing to this server. They
	// may be misspelled.
	unknown []string
	// flaskProduction is true if Flask was told that this is production.
	flaskProduction bool
}

// readSettings merges environ over the .env file. If the file cannot be read,
// the settings are those of environ alone.
func readSettings(environ []string, dotenv string) (settings, error) {
	merged, unreadable := readFile(dotenv)
	s := settings{values: make(map[string]string)}
	known := names()
	for name := range merged {
		if !slices.Contains(known, name) && !ofFlask(name) {
			s.unknown = append(s.unknown, name)
		}
	}
	slices.Sort(s.unknown)

	maps.Copy(merged, env.ToMap(environ))
	for _, name := range known {
		if value := merged[name]; strings.TrimSpace(value) != "" {
			s.values[name] = trim(name, value)
		}
	}
	s.flaskProduction = merged["FLASK_ENV"] == "production"
	return s, unreadable
}

// trim removes space around a value. A secret stays as it is, since space may be
// part of it.
func trim(name, value string) string {
	if strings.HasSuffix(name, "SECRET_KEY") {
		return value
	}
	return strings.TrimSpace(value)
}

// names returns the names of all variables.
func names() []string {
	var list []string
	for field := range reflect.TypeFor[variables]().Fields() {
		list = append(list, field.Tag.Get("env"))
	}
	return list
}

// ofFlask reports whether a variable was for the Flask app or for the programs that
// ran it. A .env file that is moved here may keep such variables.
func ofFlask(name string) bool {
	return name == "WEB_CONCURRENCY" || strings.HasPrefix(name, "FLASK_") ||
		strings.HasPrefix(name, "PYTHON") || strings.HasPrefix(name, "GUNICORN_")
}

// dollar stands in for the dollar sign while godotenv reads. godotenv would replace
// $NAME even within a secret, which python-dotenv never did.
const dollar = "\ue000"

// readFile reads a .env file. A file that does not exist is empty. The map can be
// written to, even if there is an error.
func readFile(path string) (map[string]string, error) {
	empty := make(map[string]string)
	if path == "" {
		return empty, nil
	}
	content, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return empty, nil
	}
	if err != nil {
		return empty, &Mistake{Variable: path, Problem: fmt.Sprintf("it can't be read: %v", err), Fix: "Make it a readable file, or remove it"}
	}
	text := strings.TrimPrefix(string(content), "\ufeff") // some editors for Windows add it
	text = strings.ReplaceAll(text, "$", dollar)
	values, ok := parseFile(text)
	if !ok {
		return empty, &Mistake{
			Variable: path,
			Problem:  fmt.Sprintf("line %d is not a setting", badLine(text)),
			Fix:      "Write each line as NAME=value, with single quotes around a value that has spaces or #",
		}
	}
	for name, value := range values {
		values[name] = strings.ReplaceAll(value, dollar, "$")
	}
	return values, nil
}

var variableName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_.]*$`)

// parseFile parses the text of a .env file. godotenv's errors quote the file, which
// may hold a secret, so they are not passed on.
func parseFile(text string) (values map[string]string, ok bool) {
	values, err := godotenv.Unmarshal(text)
	if err != nil {
		return nil, false
	}
	for name := range values {
		if !variableName.MatchString(name) { // godotenv lets some through
			return nil, false
		}
	}
	return values, true
}

// badLine returns the number of the first line that cannot be understood: the
// one after the longest beginning that can.
func badLine(text string) int {
	lines := strings.SplitAfter(text, "\n")
	for n := len(lines) - 1; n > 0; n-- {
		if _, ok := parseFile(strings.Join(lines[:n], "")); ok {
			return n + 1
		}
	}
	return 1
}
