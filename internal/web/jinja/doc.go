// Package jinja renders folders of Jinja2 templates as Flask would: escaped by
// default, lenient about names that nobody has set, with template names
// relative to the folder wherever they are used.
//
// gonja does the parsing and the rendering. This package adds what Flask and
// its extensions do around Jinja2: the loader, undefined values, a display name
// that is escaped exactly once, and a token field in forms that lack one.
package jinja
