package httpapi

import "github.com/mettel-automation/delivery/papertrail"

// The shapes of https://papertrail.com/help/settings-api, as far as they are used.

// object is what all have.
type object struct {
	ID   int64  `json:"id"`
	Name string `json:"name"`
}

// known reports whether an answer has an id: without it, it is of no use.
func (o object) known() bool { return o.ID > 0 }

type group struct {
	object
	Wildcard string `json:"system_wildcard"` // may be null
	Systems  []struct {
		ID int64 `json:"id"`
	} `json:"systems"`
}

func (g group) record() papertrail.GroupRecord {
	r := papertrail.GroupRecord{ID: g.ID, Name: g.Name, Wildcard: g.Wildcard}
	for _, s := range g.Systems {
		r.Systems = append(r.Systems, s.ID)
	}
	return r
}

type search struct {
	object
	Query string `json:"query"`
	Group struct {
		ID int64 `json:"id"`
	} `json:"group"` // may be null
	// Alerts is not in the documentation. Without it nobody knows.
	Alerts *[]any `json:"alerts"`
}

func (s search) record() papertrail.SearchRecord {
	r := papertrail.SearchRecord{ID: s.ID, Name: s.Name, Query: s.Query, Group: s.Group.ID, Alerts: -1}
	if s.Alerts != nil {
		r.Alerts = len(*s.Alerts)
	}
	return r
}

type system struct{ object }

func (s system) record() papertrail.SystemRecord {
	return papertrail.SystemRecord{ID: s.ID, Name: s.Name}
}

type groupBody struct {
	Group groupFields `json:"group"`
}

type groupFields struct {
	Name     string `json:"name,omitempty"`
	Wildcard string `json:"system_wildcard,omitempty"`
}

type searchBody struct {
	Search searchFields `json:"search"`
}

type searchFields struct {
	Name    string `json:"name,omitempty"`
	Query   string `json:"query,omitempty"`
	GroupID int64  `json:"group_id,omitempty"`
}

type systemBody struct {
	System        systemFields `json:"system"`
	Port          int          `json:"destination_port,omitempty"`
	DestinationID int64        `json:"destination_id,omitempty"`
}

type systemFields struct {
	Name      string `json:"name"`
	Hostname  string `json:"hostname,omitempty"`
	IPAddress string `json:"ip_address,omitempty"`
}

type joinBody struct {
	GroupID int64 `json:"group_id"`
}
