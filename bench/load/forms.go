package load

import (
	"context"
	"errors"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
)

// maxPage bounds what is read of a page, in bytes.
const maxPage = 1 << 20

// visitor is somebody with a browser.
type visitor struct {
	site   *url.URL
	client *http.Client
}

func newVisitor(site string, transport http.RoundTripper) (*visitor, error) {
	u, err := url.Parse(site)
	if err != nil {
		return nil, err
	}
	jar, err := cookiejar.New(nil)
	if err != nil {
		return nil, err
	}
	return &visitor{u, &http.Client{
		Transport:     transport,
		Jar:           jar,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Timeout:       patience,
	}}, nil
}

func (v *visitor) cookies() []*http.Cookie { return v.client.Jar.Cookies(v.site) }

var (
	tokenField = regexp.MustCompile(`<input\b[^>]*\bname=["']?csrf_token\b[^>]*>`)
	fieldValue = regexp.MustCompile(`\bvalue=["']([^"']*)["']`)
)

// submit opens the start page, as one must for its form's token, sends a form,
// and returns the header of the answer.
func (v *visitor) submit(ctx context.Context, to string, form url.Values, want int) (http.Header, error) {
	page, err := v.get(ctx, "/")
	if err != nil {
		return nil, err
	}
	value := fieldValue.FindStringSubmatch(tokenField.FindString(page))
	if value == nil {
		return nil, errors.New("the start page has no form with a token")
	}
	form.Set("csrf_token", html.UnescapeString(value[1]))
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, v.site.JoinPath(to).String(), strings.NewReader(form.Encode()))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.Header.Set("Origin", v.site.String())
	request.Header.Set("Referer", v.site.JoinPath("/").String())
	_, header, err := v.do(request, want)
	return header, err
}

// get returns a page.
func (v *visitor) get(ctx context.Context, path string) (string, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, v.site.JoinPath(path).String(), http.NoBody)
	if err != nil {
		return "", err
	}
	page, _, err := v.do(request, http.StatusOK)
	return page, err
}

func (v *visitor) do(request *http.Request, want int) (page string, header http.Header, err error) {
	answer, err := v.client.Do(request)
	if err != nil {
		return "", nil, err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(io.LimitReader(answer.Body, maxPage))
	if err != nil {
		return "", nil, err
	}
	if answer.StatusCode != want {
		return "", nil, fmt.Errorf("%s %s was answered with %s", request.Method, request.URL.Path, answer.Status)
	}
	return string(body), answer.Header, nil
}
