package engine

import (
	"encoding/json"
	"net/http"
	"strconv"
)

// refusal is an answer to a request that cannot be served: the numbers and words
// are those of all Engine.IO servers.
type refusal struct {
	status  int
	code    int
	message string
}

var (
	unknownTransport    = refusal{http.StatusBadRequest, 0, "Transport unknown"}
	unknownSession      = refusal{http.StatusBadRequest, 1, "Session ID unknown"}
	badMethod           = refusal{http.StatusBadRequest, 2, "Bad handshake method"}
	badRequest          = refusal{http.StatusBadRequest, 3, "Bad request"}
	unsupportedProtocol = refusal{http.StatusBadRequest, 5, "Unsupported protocol version"}
	payloadTooLarge     = refusal{http.StatusRequestEntityTooLarge, 3, "Payload too large"}
)

func refuse(w http.ResponseWriter, f refusal) {
	body, err := json.Marshal(struct {
		Code    int    `json:"code"`
		Message string `json:"message"`
	}{f.code, f.message})
	if err != nil {
		panic(err) // there is nothing in it that could not be encoded
	}
	respond(w, f.status, "application/json", body)
}

// respond writes a whole response.
func respond(w http.ResponseWriter, status int, contentType string, body []byte) {
	h := w.Header()
	h.Set("Content-Type", contentType)
	h.Set("Content-Length", strconv.Itoa(len(body)))
	h.Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write(body) //nolint:gosec // no page, by its type; and an error means that nobody waits for it any more
}
