package papertrailtest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// route does what the method and the path ask for.
func (s *Server) route(method, p string, body []byte) answer {
	p, ok := strings.CutSuffix(p, ".json")
	parts := strings.Split(p, "/")
	if !ok || len(parts) > 3 {
		return refuse(http.StatusNotFound, "Not found")
	}
	var id int64
	if len(parts) > 1 {
		var err error
		if id, err = strconv.ParseInt(parts[1], 10, 64); err != nil {
			return refuse(http.StatusNotFound, "Not found")
		}
	}
	var fields fields
	if len(body) > 0 {
		if err := json.Unmarshal(body, &fields); err != nil {
			return refuse(http.StatusBadRequest, "Malformed JSON")
		}
	}
	switch {
	case len(parts) == 3:
		return s.member(method, parts, id, fields)
	case len(parts) == 1 && method == http.MethodGet:
		return s.list(parts[0])
	case len(parts) == 1 && method == http.MethodPost:
		return s.create(parts[0], fields)
	case len(parts) == 2:
		return s.item(method, parts[0], id, fields)
	}
	return refuse(http.StatusNotFound, "Not found")
}

// fields are all that a request may have.
type fields struct {
	Group struct {
		Name     *string `json:"name"`
		Wildcard *string `json:"system_wildcard"`
	} `json:"group"`
	Search struct {
		Name    *string `json:"name"`
		Query   *string `json:"query"`
		GroupID int64   `json:"group_id"`
	} `json:"search"`
	System struct {
		Name      string `json:"name"`
		Hostname  string `json:"hostname"`
		IPAddress string `json:"ip_address"`
	} `json:"system"`
	Port        int   `json:"destination_port"`
	Destination int64 `json:"destination_id"`
	GroupID     int64 `json:"group_id"`
}

func (s *Server) list(kind string) answer {
	list := []any{}
	switch kind {
	case "groups":
		for _, g := range s.groups {
			list = append(list, s.groupJSON(g))
		}
	case "searches":
		for _, x := range s.searches {
			list = append(list, s.searchJSON(x))
		}
	case "systems":
		for _, x := range s.systems {
			list = append(list, systemJSON(x))
		}
	default:
		return refuse(http.StatusNotFound, "Not found")
	}
	return success(list)
}

func (s *Server) create(kind string, f fields) answer {
	switch kind {
	case "groups":
		if f.Group.Name == nil || *f.Group.Name == "" {
			return refuse(http.StatusBadRequest, "Name can't be blank")
		}
		g := &Group{Name: *f.Group.Name}
		if f.Group.Wildcard != nil {
			g.Wildcard = *f.Group.Wildcard
		}
		s.addGroup(g)
		return success(s.groupJSON(g))
	case "searches":
		return s.createSearch(f)
	case "systems":
		return s.createSystem(f)
	}
	return refuse(http.StatusNotFound, "Not found")
}

func (s *Server) createSearch(f fields) answer {
	switch {
	case f.Search.Name == nil || *f.Search.Name == "":
		return refuse(http.StatusBadRequest, "Name can't be blank")
	case f.Search.Query == nil || *f.Search.Query == "":
		return refuse(http.StatusBadRequest, "Query can't be blank")
	case f.Search.GroupID != 0 && s.groupOf(f.Search.GroupID) == nil:
		return refuse(http.StatusBadRequest, "Group does not exist")
	}
	x := &Search{Name: *f.Search.Name, Query: *f.Search.Query, Group: f.Search.GroupID}
	s.addSearch(x)
	return success(s.searchJSON(x))
}

func (s *Server) createSystem(f fields) answer {
	switch {
	case f.System.Name == "":
		return refuse(http.StatusBadRequest, "Name can't be blank")
	case (f.System.Hostname == "") == (f.System.IPAddress == ""):
		return refuse(http.StatusBadRequest, "Hostname or IP address is required")
	case (f.Port == 0) == (f.Destination == 0):
		return refuse(http.StatusBadRequest, "Log destination is required")
	}
	x := &System{Name: f.System.Name, Hostname: f.System.Hostname, IPAddress: f.System.IPAddress, Port: f.Port, Destination: f.Destination}
	s.addSystem(x)
	return success(systemJSON(x))
}

func (s *Server) groupOf(id int64) *Group {
	return find(s.groups, func(g *Group) bool { return g.ID == id })
}

func (s *Server) searchOf(id int64) *Search {
	return find(s.searches, func(x *Search) bool { return x.ID == id })
}

func (s *Server) systemOf(id int64) *System {
	return find(s.systems, func(x *System) bool { return x.ID == id })
}

func find[T any](list []*T, is func(*T) bool) *T {
	if i := slices.IndexFunc(list, is); i >= 0 {
		return list[i]
	}
	return nil
}

// item shows, updates or deletes one.
func (s *Server) item(method, kind string, id int64, f fields) answer {
	switch g, x := s.groupOf(id), s.searchOf(id); {
	case kind == "groups" && g != nil:
		return s.groupItem(method, g, f)
	case kind == "searches" && x != nil:
		return s.searchItem(method, x, f)
	case kind == "systems" && s.systemOf(id) != nil && method == http.MethodGet:
		return success(systemJSON(s.systemOf(id)))
	}
	return refuse(http.StatusNotFound, "Not found")
}

func (s *Server) groupItem(method string, g *Group, f fields) answer {
	switch method {
	case http.MethodPut:
		if f.Group.Name != nil {
			g.Name = *f.Group.Name
		}
		if f.Group.Wildcard != nil {
			g.Wildcard = *f.Group.Wildcard
		}
	case http.MethodDelete:
		s.groups = slices.DeleteFunc(s.groups, func(other *Group) bool { return other == g })
		s.searches = slices.DeleteFunc(s.searches, func(x *Search) bool { return x.Group == g.ID })
		return success(map[string]string{"message": "Group deleted"})
	}
	return success(s.groupJSON(g))
}

func (s *Server) searchItem(method string, x *Search, f fields) answer {
	switch method {
	case http.MethodPut:
		if f.Search.Name != nil {
			x.Name = *f.Search.Name
		}
		if f.Search.Query != nil {
			x.Query = *f.Search.Query
		}
	case http.MethodDelete:
		s.searches = slices.DeleteFunc(s.searches, func(other *Search) bool { return other == x })
		return success(map[string]string{"message": "Search deleted"})
	}
	return success(s.searchJSON(x))
}

// member lets a system join or leave a group.
func (s *Server) member(method string, parts []string, id int64, f fields) answer {
	g := s.groupOf(f.GroupID)
	if method != http.MethodPost || parts[0] != "systems" || s.systemOf(id) == nil || g == nil {
		return refuse(http.StatusNotFound, "Not found")
	}
	switch parts[2] {
	case "join":
		if !slices.Contains(g.Systems, id) {
			g.Systems = append(g.Systems, id)
		}
	case "leave":
		g.Systems = slices.DeleteFunc(g.Systems, func(other int64) bool { return other == id })
	default:
		return refuse(http.StatusNotFound, "Not found")
	}
	return success(map[string]string{"message": "System updated"})
}

func (s *Server) groupJSON(g *Group) any {
	systems := []any{}
	for _, id := range g.Systems {
		if x := s.systemOf(id); x != nil {
			systems = append(systems, systemJSON(x))
		}
	}
	var wildcard any
	if g.Wildcard != "" {
		wildcard = g.Wildcard
	}
	return map[string]any{"id": g.ID, "name": g.Name, "system_wildcard": wildcard, "systems": systems, "_links": links("groups", g.ID)}
}

func (s *Server) searchJSON(x *Search) any {
	object := map[string]any{"id": x.ID, "name": x.Name, "query": x.Query, "group": nil, "_links": links("searches", x.ID)}
	if g := s.groupOf(x.Group); g != nil {
		object["group"] = map[string]any{"id": g.ID, "name": g.Name, "_links": links("groups", g.ID)}
	}
	if s.opts.Alerts {
		object["alerts"] = append([]string{}, x.Alerts...)
	}
	return object
}

func systemJSON(x *System) any {
	text := func(s string) any {
		if s == "" {
			return nil
		}
		return s
	}
	return map[string]any{"id": x.ID, "name": x.Name, "hostname": text(x.Hostname), "ip_address": text(x.IPAddress), "last_event_at": nil, "_links": links("systems", x.ID)}
}

func links(kind string, id int64) any {
	return map[string]any{"self": map[string]string{"href": fmt.Sprintf("https://papertrailapp.com/api/v1/%s/%d.json", kind, id)}}
}
