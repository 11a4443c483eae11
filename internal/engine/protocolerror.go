package engine

import (
	"encoding/json"
	"net/http"
	"strconv"
)

// protocolError is the answer to a request that cannot be served: the numbers and words are
// those of all Engine.IO servers.
type protocolError struct {
	status  int
	code    int
	message string
}

var (
	unknownTransport    = protocolError{http.StatusBadRequest, 0, "Transport unknown"}
	unknownSession      = protocolError{http.StatusBadRequest, 1, "Session ID unknown"}
	badMethod           = protocolError{http.StatusBadRequest, 2, "Bad handshake method"}
	badRequest          = protocolError{http.StatusBadRequest, 3, "Bad request"}
	unsupportedProtocol = protocolError{http.StatusBadRequest, 5, "Unsupported protocol version"}
	payloadTooLarge     = protocolError{http.StatusRequestEntityTooLarge, 3, "Payload too large"}
)

// refuse answers a request with an error.
func refuse(w http.ResponseWriter, e protocolError) {
	body, err := json.Marshal(struct {
		Code    int    `json:"code"`
		Message string `json:"message"`
	}{e.code, e.message})
	if err != nil {
		panic(err) // there is nothing in it that could not be encoded
	}
	respond(w, e.status, "application/json", body)
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
