// Package metrics counts what the server does, for Prometheus. It has a
// registry of its own and no global state.
//
// No label holds a value that a client chose. A value that is unknown, or does not
// look like a constant of this program, is counted as "other". So the number of
// series is bounded, and no room, name or address gets into them.
package metrics

import (
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"securechat/internal/version"
)

const namespace = "securechat"

// Metrics counts. Its methods are safe for concurrent use, and on a nil
// *Metrics they do nothing.
type Metrics struct {
	registry *prometheus.Registry

	sockets  prometheus.Gauge
	opened   prometheus.Counter
	messages prometheus.Counter
	refused  *prometheus.CounterVec
	requests *prometheus.HistogramVec
	events   *prometheus.HistogramVec

	byEvent map[string]prometheus.Observer // the members of events, where a look-up takes long

	routes, places, reasons *vocabulary
}

// New returns Metrics. They report the numbers of rooms and of their members that
// counts returns. counts is called at each scrape, from any goroutine.
func New(counts func() (rooms, members int)) *Metrics {
	m := &Metrics{
		registry: prometheus.NewRegistry(),
		sockets: prometheus.NewGauge(prometheus.GaugeOpts{
			Namespace: namespace, Name: "sockets",
			Help: "Socket.IO connections that are open.",
		}),
		opened: prometheus.NewCounter(prometheus.CounterOpts{
			Namespace: namespace, Name: "sockets_opened_total",
			Help: "Socket.IO connections that were opened.",
		}),
		messages: prometheus.NewCounter(prometheus.CounterOpts{
			Namespace: namespace, Name: "messages_total",
			Help: "Chat messages that were relayed, each counted once.",
		}),
		refused: prometheus.NewCounterVec(prometheus.CounterOpts{
			Namespace: namespace, Name: "refusals_total",
			Help: "What was refused, by where and why.",
		}, []string{"where", "reason"}),
		requests: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Namespace: namespace, Name: "http_request_duration_seconds",
			Help:    "Time to answer an HTTP request. Long polls wait for news up to half a minute.",
			Buckets: []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 10, 30},
		}, []string{"route", "status"}),
		events: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Namespace: namespace, Name: "event_duration_seconds",
			Help:    "Time to handle a Socket.IO event.",
			Buckets: []float64{.00001, .000025, .00005, .0001, .00025, .0005, .001, .0025, .005, .01, .05, .25, 1},
		}, []string{"event"}),
		byEvent: make(map[string]prometheus.Observer),
		routes:  newVocabulary(routeShape, 50),
		places:  newVocabulary(wordShape, 20),
		reasons: newVocabulary(wordShape, 50),
	}
	for _, event := range knownEvents {
		m.byEvent[event] = m.events.WithLabelValues(event)
	}
	m.refused.WithLabelValues(other, other) // a counter that is there from the start shows its first increase
	build := prometheus.NewGaugeVec(prometheus.GaugeOpts{
		Namespace: namespace, Name: "build_info",
		Help: "Which Secure Chat this is: its value is 1.",
	}, []string{"version", "commit"})
	build.WithLabelValues(version.Number, version.Commit()).Set(1)
	m.registry.MustRegister(
		build,
		m.sockets, m.opened, m.messages, m.refused, m.requests, m.events,
		newPopulation(counts),
		collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
	)
	return m
}

// SocketOpened counts a new connection.
func (m *Metrics) SocketOpened() {
	if m == nil {
		return
	}
	m.sockets.Inc()
	m.opened.Inc()
}

// SocketClosed counts a connection as closed. Call it once for each SocketOpened.
func (m *Metrics) SocketClosed() {
	if m == nil {
		return
	}
	m.sockets.Dec()
}

// MessageRelayed counts a chat message, however many members receive it.
func (m *Metrics) MessageRelayed() {
	if m == nil {
		return
	}
	m.messages.Inc()
}

// Refused counts a refusal. Where and reason are constants in lower case, such as
// "join" and "rate limit". Spaces become underscores.
func (m *Metrics) Refused(where, reason string) {
	if m == nil {
		return
	}
	m.refused.WithLabelValues(m.places.word(where), m.reasons.word(reason)).Inc()
}

// ObserveHTTP counts an answered request. Route is the pattern of the router,
// such as /room/{id}, and not the path.
func (m *Metrics) ObserveHTTP(route string, status int, d time.Duration) {
	if m == nil {
		return
	}
	label := other
	if status >= 100 && status <= 599 {
		label = strconv.Itoa(status)
	}
	m.requests.WithLabelValues(m.routes.word(route), label).Observe(d.Seconds())
}

// ObserveEvent counts a handled event. The name may be any that a client sent.
func (m *Metrics) ObserveEvent(event string, d time.Duration) {
	if m == nil {
		return
	}
	histogram, known := m.byEvent[event]
	if !known {
		histogram = m.byEvent[other]
	}
	histogram.Observe(d.Seconds())
}
