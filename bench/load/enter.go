package load

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"path"
)

// entrance is where the members of one room come in.
type entrance struct {
	target Target
	dialer *net.Dialer
	crowd  *Crowd
	room   *chatroom
}

// nameOf returns what a member is called.
func nameOf(member int) string { return fmt.Sprintf("m%04d", member) }

// seat connects the room's next member, who has these cookies, and joins.
func (e *entrance) seat(ctx context.Context, cookies []*http.Cookie) error {
	conn, err := e.target.connect(ctx, e.dialer, cookies)
	if err != nil {
		return fmt.Errorf("connecting: %w", err)
	}
	s := &socket{crowd: &e.crowd.crowdState, room: e.room, member: len(e.room.sockets), conn: conn}
	e.room.sockets = append(e.room.sockets, s)
	if err := s.greet(); err != nil {
		return err
	}
	return s.join(e.room.id, nameOf(s.member))
}

// direct fills a room of a server without pages.
func (e *entrance) direct(ctx context.Context) error {
	// As long as the ids of our own server, so that the messages are.
	e.room.id = fmt.Sprintf("00000000-0000-4000-8000-%012d", e.room.index)
	for range e.room.size {
		if err := e.seat(ctx, nil); err != nil {
			return err
		}
	}
	return nil
}

// forms fills a room as people do: one creates it, the others ask with its code,
// and come in one after the other when everybody present has said yes.
func (e *entrance) forms(ctx context.Context) error {
	transport := &http.Transport{DialContext: e.dialer.DialContext}
	// Once the pages are loaded, the sockets alone are of interest.
	defer transport.CloseIdleConnections()

	if err := e.found(ctx, transport); err != nil || e.room.size == 1 {
		return err
	}
	code, err := e.room.sockets[0].newCode()
	if err != nil {
		return err
	}
	for range e.room.size - 1 {
		if err := e.follow(ctx, transport, code); err != nil {
			return err
		}
	}
	return nil
}

// found creates the room.
func (e *entrance) found(ctx context.Context, transport http.RoundTripper) error {
	v, err := newVisitor(e.target.URL, transport)
	if err != nil {
		return err
	}
	header, err := v.submit(ctx, "/", url.Values{"display_name": {nameOf(0)}}, http.StatusFound)
	if err != nil {
		return err
	}
	e.room.id = path.Base(header.Get("Location"))
	return e.openAndSeat(ctx, v, e.room.id)
}

// follow brings in the next member with the room's code.
func (e *entrance) follow(ctx context.Context, transport http.RoundTripper, code string) error {
	v, err := newVisitor(e.target.URL, transport)
	if err != nil {
		return err
	}
	form := url.Values{"display_name": {nameOf(len(e.room.sockets))}, "room_code": {code}}
	if _, err := v.submit(ctx, "/join", form, http.StatusOK); err != nil {
		return err
	}
	request, err := e.room.approveNext()
	if err != nil {
		return err
	}
	return e.openAndSeat(ctx, v, request)
}

// openAndSeat opens the room's page, which has an address of its own for
// everybody who asked to join, and goes on as the page does.
func (e *entrance) openAndSeat(ctx context.Context, v *visitor, id string) error {
	if _, err := v.get(ctx, "/room/"+id); err != nil {
		return err
	}
	return e.seat(ctx, v.cookies())
}

// newCode returns a new code of the room. The present one is on the founder's
// page, but each generation of pages writes it in its own way; the event is the
// same for all.
func (s *socket) newCode() (string, error) {
	if err := s.emit("request_code_update", map[string]string{"room": s.room.id}); err != nil {
		return "", err
	}
	var news struct {
		Code string `json:"new_code"`
	}
	err := s.awaitEvent("code_update", &news)
	return news.Code, err
}

// approveNext has everybody in the room say yes to the next request to join and
// returns its id.
func (r *chatroom) approveNext() (string, error) {
	var request struct {
		ID string `json:"user_id"`
	}
	for _, s := range r.sockets {
		if err := s.awaitEvent("join_request", &request); err != nil {
			return "", err
		}
		if err := s.emit("approve_join", map[string]string{"room": r.id, "user_id": request.ID}); err != nil {
			return "", err
		}
	}
	return request.ID, r.sockets[0].awaitEvent("join_approved", nil)
}
