package sanitize_test

import (
	"errors"
	stdhtml "html"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"securechat/internal/sanitize"
)

const rel = ` rel="noopener noreferrer nofollow"`

func TestMessage(t *testing.T) {
	tests := []struct{ name, in, want string }{
		{"plain", "Hello, world", "Hello, world"},
		{"emoji", "👩🏽‍🚀 ❤️ 🇩🇪", "👩🏽‍🚀 ❤️ 🇩🇪"},
		{"any script", "שלום, мир, 世界", "שלום, мир, 世界"},
		{"newlines stay", "one\ntwo\n\n  three", "one\ntwo\n\n  three"},
		{"Windows newlines", "one\r\ntwo\rthree", "one\ntwo\nthree"},
		{"quotes", `it's "quoted"`, "it&#39;s &#34;quoted&#34;"},
		{"operators", "a < b && c > d", "a &lt; b &amp;&amp; c &gt; d"},
		{"entities mean themselves, once", "&lt;b&gt; &amp; &copy;", "&lt;b&gt; &amp; ©"},
		{"parameters that are called as entities", "https://a.example/?a=1&copy=2&lt=3&times", "https://a.example/?a=1&amp;copy=2&amp;lt=3&amp;times"},
		{"entities", "&copy; &lt;b&gt; &#65;&#x42; &semi; &fjlig;", "© &lt;b&gt; AB ; fj"},
		{"entities that are none", "&notit; &none; &#; &#x; &;", "&amp;notit; &amp;none; &amp;#; &amp;#x; &amp;;"},
		{"not an entity", "AT&T & co &;", "AT&amp;T &amp; co &amp;;"},

		{"allowed", "<b>b</b> <i>i</i> <em>em</em> <strong>s</strong>", "<b>b</b> <i>i</i> <em>em</em> <strong>s</strong>"},
		{"case", "<B>x</B>", "<b>x</b>"},
		{"attributes go", `<b class="x" style="y" id=z data-a=1>x</b>`, "<b>x</b>"},
		{"link", `<a href="https://a.example/?q=1&r=2" title="T">x</a>`,
			`<a href="https://a.example/?q=1&amp;r=2"` + rel + ` title="T">x</a>`},
		{"mailto", `<a href="mailto:a@b.example">x</a>`, `<a href="mailto:a@b.example"` + rel + `>x</a>`},
		{"rel and target are not the sender's", `<a href="http://a.example" rel="opener" target="_top">x</a>`,
			`<a href="http://a.example"` + rel + `>x</a>`},
		{"bare link", "<a>x</a>", "x"},
		{"unknown tags are text", "<p>one <u>two</u></p><img src=x>", "&lt;p&gt;one &lt;u&gt;two&lt;/u&gt;&lt;/p&gt;&lt;img src=x&gt;"},

		// A tag that is open at the end of a message would go on in the page.
		{"unclosed", "<b>bold", "<b>bold</b>"},
		{"unclosed link swallows the page's buttons", `<a href="http://a.example">x`, `<a href="http://a.example"` + rel + `>x</a>`},
		{"unopened", "x</b></a></i>", "x"},
		{"misnested", "<b><i>x</b>y</i>", "<b><i>x</i></b>y"},
		{"nested in its kind", "<b>x<b>y</b>z</b>w", "<b>xyz</b>w"},
		{"link in a link", `<a href="http://a.example">x<a href="http://b.example">y</a></a>`,
			`<a href="http://a.example"` + rel + `>x</a><a href="http://b.example"` + rel + `>y</a>`},
		{"self-closing opens, as in a browser", "<b/>x", "<b>x</b>"},

		// Text that only looks like a tag is not lost.
		{"open bracket", "for i<n do", "for i&lt;n do"},
		{"open bracket after a tag", "<b>x</b> if a<b", "<b>x</b> if a&lt;b"},
		{"heart", "I <3 you </3", "I &lt;3 you &lt;/3"},
		{"arrow", "-> <- <-> ->", "-&gt; &lt;- &lt;-&gt; -&gt;"},
		{"comment that does not end", "wow <!-- really", "wow &lt;!-- really"},
		{"about a tag", "put an <iframe> here", "put an &lt;iframe&gt; here"},
		{"type", "Promise<string>, Map<a,b> and a List<Vec<b2>>", "Promise&lt;string&gt;, Map&lt;a,b&gt; and a List&lt;Vec&lt;b2&gt;&gt;"},
		{"email", "Ana <ana@b.example>", "Ana &lt;ana@b.example&gt;"},
		{"names that begin like ours", "<br> <body> <base> <italic> <a-b> <abbr>", "&lt;br&gt; &lt;body&gt; &lt;base&gt; &lt;italic&gt; &lt;a-b&gt; &lt;abbr&gt;"},
		{"comparisons", "a<b and c>d, if (a<b && c>d), a<i || i==n>0", "a&lt;b and c&gt;d, if (a&lt;b &amp;&amp; c&gt;d), a&lt;i || i==n&gt;0"},
		{"comparison with one of our names behind it", "a<b, b=c> <i>d</i>", "a&lt;b, b=c&gt; <i>d</i>"},
		{"words behind our names", "<i think so> <a lot> <strong as steel/> <b/c>", "&lt;i think so&gt; &lt;a lot&gt; &lt;strong as steel/&gt; &lt;b/c&gt;"},
		{"word beside attributes with values", `<a download href="http://a.example">x</a>`, `<a href="http://a.example"` + rel + `>x</a>`},
		{"half a tag", "x <b", "x &lt;b"},
		{"half a tag before a whole one", "x <b <i>y</i>", "x &lt;b <i>y</i>"},
		{"quote that does not end", `x <b title="y> <i>z</i>`, "x &lt;b title=&#34;y&gt; &lt;i&gt;z&lt;/i&gt;"},
		{"end of a tag in quotes", `<b title=">">x</b>`, "<b>x</b>"},
		{"space in a tag", "< b>x</ b>", "&lt; b&gt;x&lt;/ b&gt;"},
		{"empty", "<> </>", "&lt;&gt; &lt;/&gt;"},
		{"comment", "a<!-- b -->c", "a&lt;!-- b --&gt;c"},
		{"tags as entities stay text", "&lt;b&gt;x&#60;/b&#62; &lt;script&gt;", "&lt;b&gt;x&lt;/b&gt; &lt;script&gt;"},
		{"entity typed", "&amp;amp; &amp;lt;b&amp;gt;", "&amp;amp; &amp;lt;b&amp;gt;"},
		{"about a list box", "put a <select><option>x here", "put a &lt;select&gt;&lt;option&gt;x here"},

		// XSS classics.
		{"script", "<script>alert(1)</script>x", "&lt;script&gt;alert(1)&lt;/script&gt;x"},
		{"script in pieces", "<scr<script>ipt>alert(1)</scr</script>ipt>", "&lt;scr&lt;script&gt;ipt&gt;alert(1)&lt;/scr&lt;/script&gt;ipt&gt;"},
		{"script with NUL", "<scr\x00ipt>alert(1)</scr\x00ipt>", "&lt;scr�ipt&gt;alert(1)&lt;/scr�ipt&gt;"},
		{"image", `<img src=x onerror=alert(1)>x`, "&lt;img src=x onerror=alert(1)&gt;x"},
		{"image without an end", `x<img src=x onerror=alert(1) `, "x&lt;img src=x onerror=alert(1) "},
		{"handler on an allowed tag", `<b onmouseover=alert(1)>x</b>`, "<b>x</b>"},
		{"handler after a slash", `<b/onclick=alert(1)>x`, "<b>x</b>"},
		{"javascript", `<a href="javascript:alert(1)">x</a>`, "x"},
		{"javascript in capitals", `<a href="JaVaScRiPt:alert(1)">x</a>`, "x"},
		{"javascript with a tab", "<a href=\"java\tscript:alert(1)\">x</a>", "x"},
		{"javascript as entities", `<a href="&#106;avascript&colon;alert(1)">x</a>`, "x"},
		{"javascript after a control", "<a href=\"\x01javascript:alert(1)\">x</a>", "x"},
		{"javascript after a space", `<a href=" javascript:alert(1)">x</a>`, "x"},
		{"vbscript", `<a href="vbscript:msgbox(1)">x</a>`, "x"},
		{"data", `<a href="data:text/html;base64,PHNjcmlwdD4=">x</a>`, "x"},
		{"blob", `<a href="blob:https://a.example/1">x</a>`, "x"},
		{"path of this site", `<a href="/room/x">x</a>`, "x"},
		{"path in disguise", `<a href="https:/room/x">x</a> <a href="http:room">y</a>`, "x y"},
		{"other host, same scheme", `<a href="//evil.example">x</a>`, "x"},
		{"two targets", `<a href="http://a.example" href="javascript:alert(1)">x</a>`, `<a href="http://a.example"` + rel + `>x</a>`},
		{"end of an attribute", `<a href="http://a.example/&quot;onclick=&quot;alert(1)">x</a>`,
			`<a href="http://a.example/%22onclick=%22alert%281%29"` + rel + `>x</a>`},
		{"end of a title", `<a href="http://a.example" title="&quot;><script>alert(1)</script>">x</a>`,
			`<a href="http://a.example"` + rel + ` title="&#34;&gt;&lt;script&gt;alert(1)&lt;/script&gt;">x</a>`},
		{"svg", `<svg onload=alert(1)>x`, "&lt;svg onload=alert(1)&gt;x"},
		{"frame with a document", `<iframe srcdoc="<script>alert(1)</script>">x</iframe>`, "&lt;iframe srcdoc=&#34;&lt;script&gt;alert(1)&lt;/script&gt;&#34;&gt;x&lt;/iframe&gt;"},
		{"base", `<base href="http://evil.example/">x`, "&lt;base href=&#34;http://evil.example/&#34;&gt;x"},
		{"form takes the page's button", `<form action="http://evil.example"><button>x`, "&lt;form action=&#34;http://evil.example&#34;&gt;&lt;button&gt;x"},
		{"refresh", `<meta http-equiv=refresh content="0;url=http://evil.example">x`, "&lt;meta http-equiv=refresh content=&#34;0;url=http://evil.example&#34;&gt;x"},
		{"style", "<style>*{display:none}</style>x", "&lt;style&gt;*{display:none}&lt;/style&gt;x"},
		{"conditional comment", "<!--[if IE]><script>alert(1)</script><![endif]-->x", "&lt;!--[if IE]&gt;&lt;script&gt;alert(1)&lt;/script&gt;&lt;![endif]--&gt;x"},
		{"processing instruction", "<?xml version='1.0'?>x", "&lt;?xml version=&#39;1.0&#39;?&gt;x"},
		{"doctype", "<!DOCTYPE html>x", "&lt;!DOCTYPE html&gt;x"},
		{"cdata", "<![CDATA[<script>alert(1)</script>]]>x", "&lt;![CDATA[&lt;script&gt;alert(1)&lt;/script&gt;]]&gt;x"},

		// Mutation XSS: markup that changes its meaning when parsed the second time.
		{"noscript", `<noscript><p title="</noscript><img src=x onerror=alert(1)>">x`, "&lt;noscript&gt;&lt;p title=&#34;&lt;/noscript&gt;&lt;img src=x onerror=alert(1)&gt;&#34;&gt;x"},
		{"math and style", `<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=alert(1)&gt;">x`, "&lt;math&gt;&lt;mtext&gt;&lt;table&gt;&lt;mglyph&gt;&lt;style&gt;&lt;!--&lt;/style&gt;&lt;img title=&#34;--&gt;&lt;img src=1 onerror=alert(1)&gt;&#34;&gt;x"},
		{"svg and style", `<svg></p><style><a id="</style><img src=1 onerror=alert(1)>">x`, "&lt;svg&gt;&lt;/p&gt;&lt;style&gt;x"},
		{"textarea", `<textarea><b title="</textarea><img src=x onerror=alert(1)>">x`, "&lt;textarea&gt;<b>x</b>"},
		{"xmp", `<xmp><p title="</xmp><img src=x onerror=alert(1)>">x`, "&lt;xmp&gt;&lt;p title=&#34;&lt;/xmp&gt;&lt;img src=x onerror=alert(1)&gt;&#34;&gt;x"},
		{"escaped twice", "&amp;lt;script&amp;gt;", "&amp;lt;script&amp;gt;"},
		{"plaintext", "<plaintext></b><img src=x onerror=alert(1)>", "&lt;plaintext&gt;&lt;img src=x onerror=alert(1)&gt;"},
		{"template", "<template><img src=x onerror=alert(1)></template>x", "&lt;template&gt;&lt;img src=x onerror=alert(1)&gt;&lt;/template&gt;x"},

		// Unicode tricks.
		{"fullwidth brackets are text", "＜script＞alert(1)＜/script＞", "＜script＞alert(1)＜/script＞"},
		{"long s is no s", "<ſcript>x</ſcript>", "&lt;ſcript&gt;x&lt;/ſcript&gt;"},
		{"kelvin sign in a scheme", `<a href="javaſcript:alert(1)">x</a>`, "x"},
		{"overlong bracket", "\xc0\xbcscript\xc0\xbe", "\uFFFDscript\uFFFD"},
		{"invalid UTF-8 hides a bracket", "\xe2<b>x</b>", "\uFFFD<b>x</b>"},
		{"NUL", "a\x00b", "a\uFFFDb"},
		{"NUL as an entity", "a&#0;b", "a\uFFFDb"},
		{"line separators", "a\u2028b", "a\u2028b"},

		// Nothing to relay.
		{"empty", "", ""},
		{"blank", " \t\r\n\u3000", ""},
		{"zero-width", "\u200b\u2060\ufeff", ""},
		{"blank entities", "&nbsp;&#32;", ""},
		{"carriage return as an entity", "&#13;", ""},
		{"only tags", "<b> </b><a href='http://a.example'></a>", ""},
		{"only an end", "</b>", ""},

		// Nearly envelopes are plain text.
		{"JSON", `{"salt":"zz","content":"x"}`, `{&#34;salt&#34;:&#34;zz&#34;,&#34;content&#34;:&#34;x&#34;}`},
	}
	s := sanitize.New(sanitize.Options{})
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := s.Message(tt.in)
			if err != nil {
				t.Fatal(err)
			}
			if got != tt.want {
				t.Errorf("Message(%q)\n got %q\nwant %q", tt.in, got, tt.want)
			}
			checkSafe(t, got)
		})
	}
}

func TestMessageIsCut(t *testing.T) {
	const mark = "... (message truncated)"
	s := sanitize.New(sanitize.Options{MaxLength: 10})
	tests := []struct{ name, in, want string }{
		{"at the limit", "0123456789", "0123456789"},
		{"one beyond", "0123456789x", "0123456789" + mark},
		{"characters, not bytes", "ééééé世界世界🎉", "ééééé世界世界🎉"},
		{"never within a character", "🎉🎉🎉🎉🎉🎉🎉🎉🎉🎉🎉", "🎉🎉🎉🎉🎉🎉🎉🎉🎉🎉" + mark},
		{"bad bytes are one character", strings.Repeat("\xff", 11), "\uFFFD"},
		{"before escaping, not after", `""""""""""`, strings.Repeat("&#34;", 10)},
		{"an entity is one character", strings.Repeat("&lt;", 10), strings.Repeat("&lt;", 10)},
		{"never within an entity", strings.Repeat("&amp;", 11), strings.Repeat("&amp;", 10) + mark},
		{"an entity of an entity", "0123456&amp;lt;", "0123456&amp;lt" + mark},
		{"entity without its end", "012345678&ampx", "012345678&amp;" + mark},
		{"never within a tag that is text", "0123456<img>", "0123456&lt;im" + mark},
		{"never within a link", `0<a href="http://a.example">x</a>`, "0" + mark},
		{"within an end tag", "0123456<b>x</b>", "0123456<b></b>" + mark},
		{"within a tag's name", "01234567<b>x</b>", "01234567" + mark},
		{"mark is outside the element", "<b>0123456789</b>", "<b>0123456</b>" + mark},
		{"only space is left", strings.Repeat(" ", 20) + "x", mark},
		{"nothing is left", strings.Repeat(" ", 20), ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := s.Message(tt.in)
			if err != nil || got != tt.want {
				t.Errorf("Message(%q)\n got %q, %v\nwant %q", tt.in, got, err, tt.want)
			}
		})
	}
}

func TestMessageTooLong(t *testing.T) {
	tests := []struct {
		name    string
		options sanitize.Options
		in      string
		refused bool
		crypt   bool
	}{
		{"plain at the cap is cut", sanitize.Options{}, strings.Repeat("x", sanitize.MaxPlain), false, false},
		{"plain above the cap", sanitize.Options{}, strings.Repeat("x", sanitize.MaxPlain+1), true, false},
		{"space above the cap", sanitize.Options{}, strings.Repeat(" ", sanitize.MaxPlain+1), true, false},
		{"envelope above the length of plain text", sanitize.Options{MaxLength: 10}, envelope(32, 100), false, false},
		{"envelope at its limit", sanitize.Options{MaxCiphertext: len(envelope(32, 100))}, envelope(32, 100), false, false},
		{"envelope above its limit", sanitize.Options{MaxCiphertext: len(envelope(32, 100)) - 1}, envelope(32, 100), true, true},
		{"envelope above the default", sanitize.Options{}, envelope(32, 4096), true, true},
		{"envelope above the cap of plain text, if so configured", sanitize.Options{MaxCiphertext: 1 << 20}, envelope(32, 4096), false, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := sanitize.New(tt.options).Message(tt.in)
			if !tt.refused {
				if err != nil || got == "" {
					t.Fatalf("Message = %.40q, %v", got, err)
				}
				return
			}
			var tooLong *sanitize.TooLongError
			if got != "" || !errors.Is(err, sanitize.ErrTooLong) || !errors.As(err, &tooLong) {
				t.Fatalf("Message = %.40q, %v", got, err)
			}
			if tooLong.Size != len(tt.in) || tooLong.Limit >= tooLong.Size || tooLong.Encrypted != tt.crypt {
				t.Errorf("%+v", tooLong)
			}
			if !strings.Contains(err.Error(), "Please split it") {
				t.Errorf("%q does not say what to do", err)
			}
		})
	}
}

// Somebody sends the costliest text they can think of, over and over: the time
// may only grow with its size. Sixteen times the size may take sixteen times as
// long; with a quadratic step anywhere it would be 256 times. A busy machine can
// spoil a measurement, but not all of them.
func TestCostIsLinear(t *testing.T) {
	const size, growth, allowed, attempts = sanitize.MaxPlain, 16, 80, 1000
	s := sanitize.New(sanitize.Options{MaxLength: sanitize.MaxPlain})
	measure := func(text string) time.Duration {
		start := time.Now()
		if _, err := s.Message(text); err != nil {
			t.Fatal(err)
		}
		return time.Since(start)
	}
	for _, unit := range []string{
		"<b>", "<b><i><em><strong>", "</b>", "<a>", "<a href='http://a.example'>", "<div>", "<object>", "<script>", "<b", "<", "<!--",
		"<b \"a=\"", "<b a='", "<b a=", "<b a=\"<", "<b/", "<strong ", "</b",
		"<textarea>", "&", "&amp", "&#x", `<a title="`, "<a a a a ", "{\"salt\":\"", "\xff", "\r", "<math><mi>", "<!-->", "<svg><style>",
	} {
		large := strings.Repeat(unit, size/len(unit))
		small := strings.Repeat(unit, size/growth/len(unit))
		bestSmall, bestLarge := measure(small), measure(large)
		for attempt := 1; bestLarge > allowed*bestSmall; attempt++ {
			if attempt == attempts {
				t.Errorf("%q: %v for %d bytes, %v for %d", unit, bestSmall, len(small), bestLarge, len(large))
				break
			}
			bestSmall, bestLarge = min(bestSmall, measure(small)), min(bestLarge, measure(large))
		}
	}
}

// checkSafe fails unless a browser that puts markup into innerHTML gets the
// allowed elements only, and gets them closed.
func checkSafe(t *testing.T, markup string) {
	t.Helper()
	if !utf8.ValidString(markup) || strings.ContainsAny(markup, "\x00\r") {
		t.Fatalf("%+q is no clean text", markup)
	}
	body := &html.Node{Type: html.ElementNode, Data: "body", DataAtom: atom.Body}
	nodes, err := html.ParseFragment(strings.NewReader(markup), body)
	if err != nil {
		t.Fatalf("%q: %v", markup, err)
	}
	var again strings.Builder
	for _, n := range nodes {
		checkNode(t, markup, n, nil)
		if err := html.Render(&again, n); err != nil {
			t.Fatal(err)
		}
	}
	// A parser's result is the markup itself. Nothing was closed, moved or dropped on
	// the way, so no second parsing sees something else.
	if again.String() != markup {
		t.Fatalf("%q\nis parsed as %q", markup, again.String())
	}
}

func checkNode(t *testing.T, markup string, n *html.Node, within []string) {
	t.Helper()
	switch n.Type {
	case html.TextNode:
		return
	case html.ElementNode:
	default:
		t.Fatalf("%q holds a node of type %d", markup, n.Type)
	}
	if !slices.Contains([]string{"b", "i", "em", "strong", "a"}, n.Data) || n.Namespace != "" {
		t.Fatalf("%q holds <%s>", markup, n.Data)
	}
	if slices.Contains(within, n.Data) {
		t.Fatalf("%q holds <%s> in its kind", markup, n.Data)
	}
	var gotRel string
	for _, a := range n.Attr {
		switch {
		case n.Data == "a" && a.Key == "href":
			u, err := url.Parse(a.Val)
			if err != nil || !slices.Contains([]string{"http", "https", "mailto"}, u.Scheme) {
				t.Fatalf("%q links to %q: %v", markup, a.Val, err)
			}
		case n.Data == "a" && a.Key == "title":
		case n.Data == "a" && a.Key == "rel":
			gotRel = a.Val
		default:
			t.Fatalf("%q holds <%s %s=%q>", markup, n.Data, a.Key, a.Val)
		}
	}
	if n.Data == "a" && gotRel != "noopener noreferrer nofollow" {
		t.Fatalf("%q holds a link with rel %q", markup, gotRel)
	}
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		checkNode(t, markup, c, append(within, n.Data))
	}
}

// FuzzMessage puts what is relayed through an HTML parser, as a page will.
func FuzzMessage(f *testing.F) {
	for _, seed := range []string{
		"Hello", "a < b && c", "<b>x</b>", "<b><i>x</b>y", `<a href="http://a.example" title='"'>x</a>`,
		`<a href="javascript:alert(1)">x</a>`, "<script>x</script>", "<svg><style><!--</style><img>", "&lt;", "&#x3c;b>",
		"<textarea><b>", "<plaintext>x", "\r\n\x00\xff", "<a href=http://x/>y", "<a href=mailto:x title=y>z", "<b/x>",
		"<noscript><p title=\"</noscript><img>\">", "<a href=\"http://a\thref\">", "x<y", "<!--x-->", "&#13;", envelope(32, 1),
	} {
		f.Add(seed)
	}
	s := sanitize.New(sanitize.Options{MaxLength: 200})
	roomy := sanitize.New(sanitize.Options{MaxLength: sanitize.MaxPlain})
	f.Fuzz(func(t *testing.T, text string) {
		got, err := s.Message(text)
		if err != nil {
			if !errors.Is(err, sanitize.ErrTooLong) || got != "" || len(text) <= sanitize.MaxPlain {
				t.Fatalf("Message(%q) = %q, %v", text, got, err)
			}
			return
		}
		if got == text && strings.HasPrefix(got, `{"salt":"`) {
			if strings.ContainsAny(got, "<>&'") {
				t.Fatalf("envelope %q", got)
			}
			return
		}
		checkSafe(t, got)
		// Content that was made safe before comes through unchanged.
		if again, err := roomy.Message(got); err != nil || again != got {
			t.Fatalf("%q\nbecomes %q, %v", got, again, err)
		}
	})
}

// FuzzTyped: what a page escapes before it sends is what people read, to the last
// character, and is only text.
func FuzzTyped(f *testing.F) {
	for _, seed := range []string{"Promise<string>", "a<b and c>d", "<b>x</b>", "&amp; &lt; &copy &#65;", "<3 <!-- ]]>", "\"'`", "a\n b\t", "<script>alert(1)</script>"} {
		f.Add(seed)
	}
	s := sanitize.New(sanitize.Options{MaxLength: sanitize.MaxPlain})
	escape := strings.NewReplacer("&", "&amp;", "<", "&lt;") // as static/js/room/content.js does
	f.Fuzz(func(t *testing.T, typed string) {
		if !utf8.ValidString(typed) || strings.ContainsAny(typed, "\x00\r") || len(typed) > 1000 {
			return // a text field has no such thing
		}
		got, err := s.Message(escape.Replace(typed))
		if err != nil {
			t.Fatal(err)
		}
		if isEnvelope(typed) || got == "" {
			return
		}
		if strings.Contains(got, "<") || stdhtml.UnescapeString(got) != typed {
			t.Fatalf("%q is read as %q", typed, got)
		}
	})
}

// FuzzWords: of what other pages send, only whole tags of the five names can be missing
// from what is read.
func FuzzWords(f *testing.F) {
	for _, seed := range []string{"Promise<string>", "<b>x</b", "<b title='", "<a href=\"x>\">y", "<b <i>x", "</em =\"", "<i/='>'>", "x<!--<b>-->", "<i 0>", "a<b x=1 c>d", "<b x = y|z/>"} {
		f.Add(seed)
	}
	s := sanitize.New(sanitize.Options{MaxLength: sanitize.MaxPlain})
	// A tag of an allowed name without attributes, or with some of which one has a value.
	const name, valued = `[\w:.@-]+`, `[\w:.@-]+[ \t\n\f]*=[ \t\n\f]*[^ \t\n\f<>]*`
	const begins, space, anyOf = `</?(?:b|i|em|strong|a)`, `[ \t\n\f/]+`, `(?:[ \t\n\f/]+(?:` + valued + `|` + name + `))*`
	tag := regexp.MustCompile(`(?i)` + begins + `(?:` + anyOf + space + valued + anyOf + `)?[ \t\n\f/]*>`)
	f.Fuzz(func(t *testing.T, text string) {
		if !utf8.ValidString(text) || strings.ContainsAny(text, "\x00\r&") || len(text) > 1000 || isEnvelope(text) {
			return
		}
		got, err := s.Message(text)
		if err != nil {
			t.Fatal(err)
		}
		if got == "" {
			return
		}
		checkSafe(t, got)
		if strings.ContainsAny(text, `"'`) { // where a tag ends is a matter of its quotes; see FuzzMessage
			return
		}
		read := textOf(t, got)
		if want := tag.ReplaceAllString(text, ""); read != want {
			t.Fatalf("%q is read as %q, want %q", text, read, want)
		}
	})
}

// textOf is what people read of markup.
func textOf(t *testing.T, markup string) string {
	t.Helper()
	nodes, err := html.ParseFragment(strings.NewReader(markup), &html.Node{Type: html.ElementNode, Data: "body", DataAtom: atom.Body})
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, n := range nodes {
		if n.Type == html.TextNode {
			b.WriteString(n.Data)
		}
		for d := range n.Descendants() {
			if d.Type == html.TextNode {
				b.WriteString(d.Data)
			}
		}
	}
	return b.String()
}

func BenchmarkMessage(b *testing.B) {
	for _, bench := range []struct{ name, text string }{
		{"words", "Shall we meet at the bridge at nine? I'll bring the boat."},
		{"long", strings.Repeat("lorem ipsum dolor sit amet ", 37)},
		{"markup", `<b>Look</b> at <a href="https://a.example/x?y=1" title="this">this</a>, <i>please</i>`},
		{"envelope", envelope(32, 4)},
		{"large envelope", envelope(32, 3000)},
		{"hostile", strings.Repeat("<b><i>", 10_000)},
	} {
		s := sanitize.New(sanitize.Options{})
		b.Run(bench.name, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(bench.text)))
			for b.Loop() {
				if _, err := s.Message(bench.text); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// A limit in characters that is configured must be reachable in any script.
func TestLongLimitsAreReachable(t *testing.T) {
	const length = 100_000
	s := sanitize.New(sanitize.Options{MaxLength: length})
	for _, char := range []string{"🦊", "&amp;"} {
		text := strings.Repeat(char, length)
		if clean, err := s.Message(text); err != nil || clean != text {
			t.Errorf("%s: err = %v, %d bytes of %d", char, err, len(clean), len(text))
		}
	}
	if _, err := s.Message(strings.Repeat("&amp;", length) + "x"); err == nil {
		t.Error("one byte more than such a message can have was taken")
	}
}
