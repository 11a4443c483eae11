package web

import (
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"securechat/internal/web/jinja"
)

// endpoints are the routes of the Flask server by the names of their functions, with
// their parameter in braces.
var endpoints = map[string]string{
	"index":           "/",
	"join_room_route": "/join",
	"chatroom":        "/room/{room_code}",
	"room_status":     "/room/{room_code}/status",
	"static":          "/static/{filename}",
}

// pageEndpoints are the routes that show the pages.
var pageEndpoints = map[string]string{indexPage: "index", waitingPage: "join_room_route", roomPage: "chatroom"}

// flask adds the variables that Flask gives to every template to those of a page.
func (s *server) flask(r *http.Request, page string, vars map[string]any) {
	vars["url_for"] = s.urlFor(r)
	vars["request"] = s.request(r, page)
	vars["get_flashed_messages"] = s.flashedMessages(r, page)
	vars["g"] = appGlobals
	vars["config"] = appConfig
}

// flashCategory is Flask's category for messages without one.
const flashCategory = "message"

// flashedMessages returns Flask's function for the messages that a page shows once. Here
// there is at most one, on the start page alone.
func (s *server) flashedMessages(r *http.Request, page string) jinja.Function {
	return func(args jinja.Args) (any, error) {
		for _, name := range args.Names {
			if name != "with_categories" && name != "category_filter" {
				return nil, fmt.Errorf("get_flashed_messages has no argument %q", name)
			}
		}
		if len(args.Positional) > 2 {
			return nil, errors.New("get_flashed_messages has two arguments")
		}
		given := func(name string, position int) any {
			v, ok := args.Get(name)
			if !ok && position < len(args.Positional) {
				v = args.Positional[position]
			}
			return v
		}
		code, ok := flashed(r)
		filter := given("category_filter", 1)
		if page != indexPage || !ok || jinja.True(filter) && !jinja.Has(filter, flashCategory) {
			return jinja.NewList(), nil
		}
		text := s.words.For(r.Header.Get("Accept-Language")).Refusal(code, nil)
		if jinja.True(given("with_categories", 0)) {
			return jinja.NewList(jinja.NewTuple(flashCategory, text)), nil
		}
		return jinja.NewList(text), nil
	}
}

// appGlobals is Flask's g, which is empty here.
var appGlobals = &jinja.Object{Type: "_AppCtxGlobals", Items: jinja.Dict{}, Attribute: func(name string) (any, bool, error) {
	switch name {
	case "items", "keys", "values", "copy", "clear", "update", "popitem", "fromkeys":
		return nil, false, fmt.Errorf("g has no %q", name)
	}
	return nil, false, nil
}}

// appConfig is the configuration of the Flask app, with the settings that this server knows.
var appConfig = &jinja.Object{
	Type:  "Config",
	Items: jinja.Dict{"DEBUG": false, "TESTING": false},
	Attribute: func(name string) (any, bool, error) {
		if name == "get" {
			return jinja.Function(func(args jinja.Args) (any, error) {
				if len(args.Positional) == 0 {
					return nil, errConfig
				}
				name, _ := jinja.Text(args.Positional[0])
				_, err := configKey(name)
				return false, err
			}), true, nil
		}
		_, err := configKey(name)
		return nil, false, err
	},
	Key: configKey,
}

func configKey(name string) (string, error) {
	if name != "DEBUG" && name != "TESTING" {
		return "", errConfig
	}
	return name, nil
}

var errConfig = errors.New(`of the Flask app's configuration only config["DEBUG"] and config["TESTING"] are known here, which are false`)

// sessionOf returns the variable "session".
func sessionOf(values jinja.Dict) *jinja.Object {
	return &jinja.Object{Type: "SecureCookieSession", Items: values, Attribute: func(name string) (any, bool, error) {
		switch name {
		case "accessed", "modified", "new", "permanent":
			return nil, false, fmt.Errorf("session.%s is not known here", name)
		}
		return nil, false, nil
	}}
}

// request returns the variable of that name.
func (s *server) request(r *http.Request, page string) *jinja.Object {
	return &jinja.Object{Type: "Request", Attribute: func(name string) (any, bool, error) {
		if read := requestAttributes[name]; read != nil {
			return read(s, r, page), true, nil
		}
		if slices.Contains(unknownOfRequest, name) {
			return nil, false, fmt.Errorf("request.%s is not supported here", name)
		}
		return nil, false, nil
	}}
}

// requestAttributes are the attributes of Flask's request that this server has, too.
var requestAttributes = map[string]func(s *server, r *http.Request, page string) any{
	"args":       func(_ *server, r *http.Request, _ string) any { return multiDict(r.URL.Query()) },
	"base_url":   func(s *server, r *http.Request, _ string) any { return iri(s.root(r) + r.URL.EscapedPath()[1:]) },
	"blueprint":  func(*server, *http.Request, string) any { return nil },
	"blueprints": func(*server, *http.Request, string) any { return jinja.NewList() },
	"cookies": func(_ *server, r *http.Request, _ string) any {
		values := url.Values{}
		for _, cookie := range r.Cookies() {
			values.Add(cookie.Name, cookie.Value)
		}
		return multiDict(values)
	},
	"endpoint":    func(_ *server, _ *http.Request, page string) any { return pageEndpoints[page] },
	"form":        func(_ *server, r *http.Request, _ string) any { return multiDict(r.PostForm) },
	"full_path":   func(_ *server, r *http.Request, _ string) any { return r.URL.Path + "?" + iri(r.URL.RawQuery) },
	"headers":     func(_ *server, r *http.Request, _ string) any { return headersOf(r) },
	"host":        func(s *server, r *http.Request, _ string) any { return s.proxies.hosts(r)[0] },
	"host_url":    func(s *server, r *http.Request, _ string) any { return s.root(r) },
	"is_secure":   func(s *server, r *http.Request, _ string) any { return s.proxies.Secure(r) },
	"method":      func(_ *server, r *http.Request, _ string) any { return r.Method },
	"path":        func(_ *server, r *http.Request, _ string) any { return r.URL.Path },
	"referrer":    func(_ *server, r *http.Request, _ string) any { return headerOrNone(r, "Referer") },
	"remote_addr": func(_ *server, r *http.Request, _ string) any { return remoteAddress(r) },
	"root_url":    func(s *server, r *http.Request, _ string) any { return s.root(r) },
	"scheme":      func(s *server, r *http.Request, _ string) any { return s.scheme(r) },
	"script_root": func(*server, *http.Request, string) any { return "" },
	"url": func(s *server, r *http.Request, _ string) any {
		query := ""
		if r.URL.RawQuery != "" {
			query = "?" + r.URL.RawQuery
		}
		return iri(s.root(r) + r.URL.EscapedPath()[1:] + query)
	},
	"url_root": func(s *server, r *http.Request, _ string) any { return s.root(r) },
	"user_agent": func(_ *server, r *http.Request, _ string) any {
		return &jinja.Object{Type: "UserAgent", Attribute: func(name string) (any, bool, error) {
			if name == "string" {
				return r.UserAgent(), true, nil
			}
			return nil, false, fmt.Errorf("request.user_agent.%s is not supported here", name)
		}}
	},
	"view_args": func(_ *server, r *http.Request, page string) any {
		args := jinja.Dict{}
		if page == roomPage {
			args["room_code"] = strings.TrimPrefix(r.URL.Path, "/room/")
		}
		return args
	},
}

// unknownOfRequest are the attributes of Flask's request that this server does not have. They
// fail; any other name is merely undefined.
var unknownOfRequest = strings.Fields(`accept_charsets accept_encodings accept_languages accept_mimetypes
	access_control_request_headers access_control_request_method access_route application authorization cache_control
	charset close content_encoding content_length content_md5 content_type data date environ files from_values get_data get_json
	if_match if_modified_since if_none_match if_range if_unmodified_since input_stream is_json is_multiprocess
	is_multithread is_run_once json max_content_length max_forwards mimetype mimetype_params origin pragma query_string
	range remote_user root_path routing_exception server stream trusted_hosts url_charset url_rule values want_form_data_parsed`)

// multiDict returns the first value of each name.
func multiDict(values url.Values) *jinja.Object {
	items := make(jinja.Dict, len(values))
	for name, all := range values {
		items[name] = all[0]
	}
	return &jinja.Object{Type: "MultiDict", Items: items, Attribute: func(name string) (any, bool, error) {
		if name != "getlist" {
			return nil, false, nil
		}
		return jinja.Function(func(args jinja.Args) (any, error) {
			if len(args.Positional) != 1 || len(args.Names) > 0 {
				return nil, errors.New("getlist takes a name")
			}
			name, _ := args.Positional[0].(string)
			list := make([]any, len(values[name]))
			for i, value := range values[name] {
				list[i] = value
			}
			return jinja.NewList(list...), nil
		}), true, nil
	}}
}

func headersOf(r *http.Request) *jinja.Object {
	items := make(jinja.Dict, len(r.Header)+1)
	for name, values := range r.Header {
		items[name] = strings.Join(values, ",")
	}
	items["Host"] = r.Host
	return &jinja.Object{
		Type: "EnvironHeaders", Items: items,
		Key: func(name string) (string, error) { return http.CanonicalHeaderKey(name), nil },
	}
}

func headerOrNone(r *http.Request, name string) any {
	if value := r.Header.Get(name); value != "" {
		return value
	}
	return nil
}

func remoteAddress(r *http.Request) any {
	if at, err := netip.ParseAddrPort(r.RemoteAddr); err == nil {
		return at.Addr().Unmap().String()
	}
	return r.RemoteAddr
}

func (s *server) scheme(r *http.Request) string {
	if s.proxies.Secure(r) {
		return "https"
	}
	return "http"
}

func (s *server) root(r *http.Request) string {
	return s.scheme(r) + "://" + s.proxies.hosts(r)[0] + "/"
}

var encodedBeyondASCII = regexp.MustCompile(`(?:%[89A-Fa-f][0-9A-Fa-f])+`)

// iri returns an address with the characters beyond ASCII as they are.
func iri(address string) string {
	return encodedBeyondASCII.ReplaceAllStringFunc(address, func(encoded string) string {
		if text, err := url.PathUnescape(encoded); err == nil && utf8.ValidString(text) {
			return text
		}
		return encoded
	})
}

// urlFor returns Flask's function for addresses.
func (s *server) urlFor(r *http.Request) jinja.Function {
	return func(args jinja.Args) (any, error) {
		names, values := args.Names, args.Named
		var endpoint string
		switch v, ok := args.Get("endpoint"); {
		case len(args.Positional) == 1 && !ok:
			endpoint, ok = jinja.Text(args.Positional[0])
			if !ok {
				return nil, errors.New("url_for needs the name of an endpoint")
			}
		default:
			if endpoint, ok = jinja.Text(v); !ok || len(args.Positional) > 0 {
				return nil, errors.New("url_for needs the name of an endpoint, and all other arguments by name")
			}
		}
		pattern, ok := endpoints[strings.TrimPrefix(endpoint, ".")]
		if !ok {
			return nil, fmt.Errorf("url_for knows no endpoint %q", endpoint)
		}
		a := address{static: s.static, pattern: pattern}
		for i, name := range names {
			if err := a.add(name, values[i]); err != nil {
				return nil, err
			}
		}
		return a.build(s, r)
	}
}

// address is an address that url_for is putting together.
type address struct {
	static   *static
	pattern  string
	param    *string
	query    []string
	anchor   string
	scheme   string
	external *bool
}

func (a *address) add(name string, v any) error {
	switch name {
	case "endpoint", "_method":
		return nil
	case "_external":
		external := jinja.True(v)
		a.external = &external
		return nil
	}
	if jinja.IsUndefined(v) || v == nil && !strings.HasPrefix(name, "_") {
		if v == nil {
			return nil
		}
		v = ""
	}
	text, ok := jinja.Plain(v)
	switch {
	case name == "_anchor" && v == nil, name == "_scheme" && v == nil:
		return nil
	case !ok:
		return fmt.Errorf("url_for cannot put the argument %q into an address", name)
	case name == "_anchor":
		a.anchor = text
	case name == "_scheme":
		a.scheme = text
	case strings.Contains(a.pattern, "{"+name+"}"):
		a.param = &text
	default:
		a.query = append(a.query, url.QueryEscape(name)+"="+url.QueryEscape(text))
	}
	return nil
}

func (a *address) build(s *server, r *http.Request) (any, error) {
	path := a.pattern
	if before, rest, ok := strings.Cut(a.pattern, "{"); ok {
		name, after, _ := strings.Cut(rest, "}")
		if a.param == nil || *a.param == "" {
			return nil, fmt.Errorf("url_for needs the argument %q for this endpoint", name)
		}
		if before == staticPath {
			// Flask would redirect from an address with two slashes.
			path = a.static.address(strings.TrimPrefix(*a.param, "/"))
		} else {
			path = before + escapePath(*a.param) + after
		}
	}
	if len(a.query) > 0 {
		path += "?" + strings.Join(a.query, "&")
	}
	if a.anchor != "" {
		path += "#" + escapePath(a.anchor)
	}
	external := a.scheme != ""
	if a.external != nil {
		external = *a.external
	}
	if !external {
		if a.scheme != "" {
			return nil, errors.New("url_for takes _scheme only for external addresses")
		}
		return path, nil
	}
	scheme := a.scheme
	if scheme == "" {
		scheme = s.scheme(r)
	}
	return scheme + "://" + s.proxies.hosts(r)[0] + path, nil
}

// escapePath encodes a text for a path as Flask does. Marks without a meaning in a path stay.
func escapePath(text string) string {
	var out strings.Builder
	for i := range len(text) {
		c := text[i]
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9',
			strings.IndexByte("-._~!$'()*+,;/:", c) >= 0:
			out.WriteByte(c)
		default:
			fmt.Fprintf(&out, "%%%02X", c)
		}
	}
	return out.String()
}
