package config

// Papertrail says how the logs of an environment are searched; see package
// papertrail. Besides what stands here, each of Services has a search of its own.
type Papertrail struct {
	// Wildcard selects the senders; default "*", all.
	Wildcard string `yaml:"wildcard"`
	// Notifications and Alarms are the searches of the groups of these names.
	Notifications []Search `yaml:"notifications"`
	Alarms        []Search `yaml:"alarms"`
}

// Search is a search of its own.
type Search struct {
	Name  string `yaml:"name"`
	Query string `yaml:"query"` // as Papertrail writes queries
}

// IsZero reports whether the file says nothing of it.
func (p Papertrail) IsZero() bool {
	return p.Wildcard == "" && len(p.Notifications) == 0 && len(p.Alarms) == 0
}
