package main

import (
	"errors"
	"fmt"
)

// scenario is who is connected, and what they do.
type scenario struct {
	name string
	// rooms talk, each of so many members, of whom so many speak; 0 senders
	// are all. With 0 rooms nobody talks.
	rooms, members, senders int
	// rate is how many deliveries a second an open loop asks for; 0 is a
	// closed loop.
	rate float64
	// idle is how many connections besides are silent. Their memory is measured.
	idle int
}

// idleRoom is how many members a room has that is silent.
const idleRoom = 10

// usual are the scenarios that are run unless others are asked for.
var usual = []scenario{
	{name: "10 rooms of 10, closed loop", rooms: 10, members: 10},
	{name: "4 rooms of 50, 5 speak, closed loop", rooms: 4, members: 50, senders: 5},
	{name: "10 rooms of 10, 20,000/s", rooms: 10, members: 10, rate: 20_000},
	{name: "4 rooms of 50, 5 speak, 20,000/s", rooms: 4, members: 50, senders: 5, rate: 20_000},
	{name: "2,000 idle", idle: 2000},
	{name: "5,000 idle and a room of 10, 5,000/s", rooms: 1, members: 10, rate: 5000, idle: 5000},
}

// describe returns a name for a scenario that has none.
func (s scenario) describe() string {
	var name string
	if s.rooms > 0 {
		name = fmt.Sprintf("%d rooms of %d", s.rooms, s.members)
		if s.senders > 0 {
			name += fmt.Sprintf(", %d speak", s.senders)
		}
		if s.rate > 0 {
			name += fmt.Sprintf(", %s/s", thousands(s.rate))
		} else {
			name += ", closed loop"
		}
	}
	if s.idle > 0 {
		if name != "" {
			name += ", "
		}
		name += thousands(float64(s.idle)) + " idle"
	}
	return name
}

// check reports what cannot be done.
func (s scenario) check() error {
	switch {
	case s.rooms < 0 || s.idle < 0 || s.rooms == 0 && s.idle == 0:
		return errors.New("-rooms and -idle must not be negative, and not both 0")
	case s.rooms > 0 && (s.members < 1 || s.senders < 0 || s.senders > s.members):
		return errors.New("-members must be positive, and -senders among them")
	case s.idle%idleRoom != 0:
		return fmt.Errorf("-idle must be a multiple of %d", idleRoom)
	}
	return nil
}
