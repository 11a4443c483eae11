package session

import (
	"bytes"
	"crypto/tls"
	"encoding/base64"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

var secret = []byte("a secret of the tests, long enough")

func request(cookies ...*http.Cookie) *http.Request {
	r := httptest.NewRequest(http.MethodGet, "http://chat.example/", nil)
	for _, c := range cookies {
		r.AddCookie(c)
	}
	return r
}

// issue returns a fresh session and its cookie.
func issue(t *testing.T, k *Keeper, r *http.Request) (string, *http.Cookie) {
	t.Helper()
	w := httptest.NewRecorder()
	id := k.Ensure(w, r)
	cookies := w.Result().Cookies()
	if len(cookies) != 1 {
		t.Fatalf("cookies set: %d, want 1", len(cookies))
	}
	return id, cookies[0]
}

func TestRoundTrip(t *testing.T) {
	k := New(secret, Options{})
	id, cookie := issue(t, k, request())

	got, ok := k.Read(request(cookie))
	if !ok || got != id {
		t.Fatalf("Read = %q, %v, want %q", got, ok, id)
	}
	again, _ := issue(t, k, request(cookie))
	if again != id {
		t.Fatalf("Ensure made a new session %q of %q", again, id)
	}
	if strings.Contains(cookie.Value, id) {
		t.Error("the cookie shows the id")
	}
}

func TestIDsAreRandomAndWide(t *testing.T) {
	k := New(secret, Options{})
	seen := map[string]bool{}
	for range 1000 {
		id, _ := issue(t, k, request())
		if len(id) != 32 {
			t.Fatalf("id %q has %d hex digits, want 32 (128 bits)", id, len(id))
		}
		if seen[id] {
			t.Fatal("an id came twice")
		}
		seen[id] = true
	}
}

func TestCookieAttributes(t *testing.T) {
	k := New(secret, Options{})
	_, cookie := issue(t, k, request())
	if !cookie.HttpOnly || cookie.SameSite != http.SameSiteLaxMode || cookie.Path != "/" ||
		cookie.MaxAge != int(DefaultMaxAge.Seconds()) || cookie.Domain != "" || cookie.Name != "session" {
		t.Errorf("cookie = %+v", cookie)
	}
	if cookie.Secure {
		t.Error("Secure on a plain connection: the browser would drop the session")
	}

	overTLS := request()
	overTLS.TLS = &tls.ConnectionState{}
	if _, cookie := issue(t, k, overTLS); !cookie.Secure || cookie.Name != "__Host-session" {
		t.Errorf("on TLS: cookie = %+v", cookie)
	}
	told := New(secret, Options{Secure: func(*http.Request) bool { return true }})
	if _, cookie := issue(t, told, request()); !cookie.Secure {
		t.Error("no Secure though told that the browser uses TLS")
	}
	// A neighbouring host can set a cookie without the prefix only.
	_, planted := issue(t, k, request())
	if _, ok := told.Read(request(planted)); ok {
		t.Error("on TLS a cookie without the prefix was accepted")
	}
}

// Every process with the secret reads every session; no other does.
func TestOnlyTheSecretCounts(t *testing.T) {
	id, cookie := issue(t, New(secret, Options{}), request())
	if got, ok := New(secret, Options{MaxAge: time.Hour}).Read(request(cookie)); !ok || got != id {
		t.Error("a second process with the secret cannot read the session")
	}
	if _, ok := New([]byte("another secret"), Options{}).Read(request(cookie)); ok {
		t.Error("a session was accepted that another secret signed")
	}
}

func TestLifeSlides(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := New(secret, Options{MaxAge: 2 * time.Hour})
		id, first := issue(t, k, request())

		time.Sleep(90 * time.Minute)
		_, second := issue(t, k, request(first))
		time.Sleep(90 * time.Minute)

		if _, ok := k.Read(request(first)); ok {
			t.Error("the first cookie outlived its two hours")
		}
		if got, ok := k.Read(request(second)); !ok || got != id {
			t.Error("the session did not live on with its renewed cookie")
		}
		time.Sleep(time.Hour)
		if _, ok := k.Read(request(second)); ok {
			t.Error("the second cookie outlived its two hours")
		}
		if fresh, _ := issue(t, k, request(second)); fresh == id {
			t.Error("an expired session came back")
		}
	})
}

// A cookie that is not ours is replaced in silence.
func TestForeignCookiesAreReplaced(t *testing.T) {
	k := New(secret, Options{})
	_, valid := issue(t, k, request())
	decoded, err := base64.URLEncoding.DecodeString(valid.Value)
	if err != nil {
		t.Fatal(err)
	}
	flipped := make([]byte, len(decoded))
	copy(flipped, decoded)
	flipped[len(flipped)/2] ^= 1

	// A value of the right key but the wrong length, as another version might write.
	short, err := k.codec.Encode(CookieName, []byte("short"))
	if err != nil {
		t.Fatal(err)
	}
	// A signed value of another purpose under the same keys.
	other, err := k.codec.Encode("other", make([]byte, idSize))
	if err != nil {
		t.Fatal(err)
	}

	for name, value := range map[string]string{
		"empty":           "",
		"noise":           "AAAA",
		"flask":           "eyJjc3JmX3Rva2VuIjoiMDEyMyIsImRpc3BsYXlfbmFtZSI6IkFubmEifQ.ZzzzzA.c2lnbmF0dXJlLW9mLWZsYXNr",
		"truncated":       valid.Value[:len(valid.Value)-4],
		"flipped bit":     base64.URLEncoding.EncodeToString(flipped),
		"doubled":         valid.Value + valid.Value,
		"huge":            strings.Repeat("A", 100_000),
		"separators only": base64.URLEncoding.EncodeToString([]byte("||||")),
		"wrong length":    short,
		"other name":      other,
	} {
		t.Run(name, func(t *testing.T) {
			r := request()
			r.Header.Set("Cookie", CookieName+"="+value)
			if id, ok := k.Read(r); ok {
				t.Fatalf("accepted as session %q", id)
			}
			id, cookie := issue(t, k, r)
			if got, ok := k.Read(request(cookie)); !ok || got != id {
				t.Error("not replaced by a working session")
			}
		})
	}
}

// A cookie of the old server for another path or domain stays in the browser
// and is sent along, before or after ours.
func TestReadsPastForeignCookieOfTheSameName(t *testing.T) {
	k := New(secret, Options{})
	id, valid := issue(t, k, request())
	for _, header := range []string{
		"session=old.flask.value; session=" + valid.Value,
		"session=" + valid.Value + "; session=old.flask.value",
	} {
		r := request()
		r.Header.Set("Cookie", header)
		if got, ok := k.Read(r); !ok || got != id {
			t.Errorf("Read = %q, %v", got, ok)
		}
	}
	// The number of cookies is bounded, since each one costs a signature check.
	r := request()
	r.Header.Set("Cookie", strings.Repeat("session=x; ", maxCookies)+"session="+valid.Value)
	if _, ok := k.Read(r); ok {
		t.Errorf("more than %d cookies were looked at", maxCookies)
	}
}

func TestDerivedKeysDiffer(t *testing.T) {
	seen := map[string]string{}
	for _, secret := range []string{"one", "two", ""} {
		for _, purpose := range []string{"a", "b", ""} {
			key := DeriveKey([]byte(secret), purpose)
			if len(key) != 32 {
				t.Fatalf("key of %d bytes", len(key))
			}
			if before, ok := seen[string(key)]; ok {
				t.Errorf("%q/%q has the key of %s", secret, purpose, before)
			}
			seen[string(key)] = secret + "/" + purpose
		}
	}
	if first, second := DeriveKey(secret, "a"), DeriveKey(secret, "a"); !bytes.Equal(first, second) {
		t.Error("not the same key the second time")
	}
}

func FuzzRead(f *testing.F) {
	// A cookie made once with the tests' secret: the workers of a fuzz run are
	// processes of their own and have to agree about it.
	const (
		id    = "6c0ebacb165096c5721310278c5e176a"
		valid = "MTc5NTQwMzE3NHxtSDdtSFVNUkNPN3NIUE1EU3o5V1RKY0ZRLUpYQktFNjYyN1ZKZ1BhMUxjPXx0W5vB9nWJw04FvG3rj16VSIiIA_iT2-lQ-HzT4t25yA=="
	)
	k := New(secret, Options{MaxAge: 100 * 365 * 24 * time.Hour})
	if got, ok := k.Read(request(&http.Cookie{Name: CookieName, Value: valid})); !ok || got != id {
		f.Fatal("the format of the cookie or the derivation of its keys has changed: every session out there is lost")
	}
	for _, seed := range []string{"", "session=", "session=" + valid, "session=" + valid[:40], "session=\x00", "session=a; session=b"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, header string) {
		r := request()
		r.Header["Cookie"] = []string{header}
		got, ok := k.Read(r)
		if ok && got != id {
			t.Fatalf("forged session %q from %q", got, header)
		}
		w := httptest.NewRecorder()
		if ensured := k.Ensure(w, r); len(ensured) != 2*idSize || ok != (ensured == id) {
			t.Fatalf("Ensure = %q after Read = %q, %v", ensured, got, ok)
		}
	})
}

func BenchmarkEnsure(b *testing.B) {
	k := New(secret, Options{})
	w := httptest.NewRecorder()
	k.Ensure(w, request())
	r := request(w.Result().Cookies()[0])
	for b.Loop() {
		k.Ensure(httptest.NewRecorder(), r)
	}
}
