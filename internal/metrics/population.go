package metrics

import "github.com/prometheus/client_golang/prometheus"

// population reports rooms and members from one call, so that the two numbers
// are of the same moment.
type population struct {
	counts         func() (rooms, members int)
	rooms, members *prometheus.Desc
}

func newPopulation(counts func() (rooms, members int)) *population {
	return &population{
		counts:  counts,
		rooms:   prometheus.NewDesc(namespace+"_rooms", "Rooms that are open.", nil, nil),
		members: prometheus.NewDesc(namespace+"_members", "Members of all rooms.", nil, nil),
	}
}

// Describe implements prometheus.Collector.
func (p *population) Describe(out chan<- *prometheus.Desc) {
	out <- p.rooms
	out <- p.members
}

// Collect implements prometheus.Collector.
func (p *population) Collect(out chan<- prometheus.Metric) {
	rooms, members := p.counts()
	out <- prometheus.MustNewConstMetric(p.rooms, prometheus.GaugeValue, float64(rooms))
	out <- prometheus.MustNewConstMetric(p.members, prometheus.GaugeValue, float64(members))
}
