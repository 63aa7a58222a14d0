package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"sort"
)

// Of an event, as crates/checkers/src/history writes it, what this judge reads. What else there is in a line is left alone.
type event struct {
	Setup   *setup   `json:"setup"`
	Write   *write   `json:"write"`
	Resolve *resolve `json:"resolve"`
	Guard   *guard   `json:"guard"`
}

type setup struct {
	Databases []string `json:"databases"`
	Aliases   []struct {
		Name        string      `json:"name"`
		Destination destination `json:"destination"`
	} `json:"aliases"`
}

type write struct {
	Begin   uint64          `json:"begin"`
	End     uint64          `json:"end"`
	Actor   string          `json:"actor"`
	Request *string         `json:"request"`
	Command json.RawMessage `json:"command"`
	Outcome struct {
		Ok *struct {
			Updates uint64 `json:"updates"`
		} `json:"ok"`
		Rejected *rejected       `json:"rejected"`
		Unknown  json.RawMessage `json:"unknown"`
	} `json:"outcome"`
}

type rejected struct {
	Code     string  `json:"code"`
	Revision *uint64 `json:"revision"`
}

type outcomeOfRead struct {
	Ok       *route    `json:"ok"`
	Rejected *rejected `json:"rejected"`
}

type route struct {
	Destination destination `json:"destination"`
}

type resolve struct {
	Begin        uint64          `json:"begin"`
	End          uint64          `json:"end"`
	Name         string          `json:"name"`
	Freshness    json.RawMessage `json:"freshness"`
	Unrestricted bool            `json:"unrestricted"`
	Outcome      outcomeOfRead   `json:"outcome"`
}

type guard struct {
	Guard uint64 `json:"guard"`
	Begin uint64 `json:"begin"`
	End   uint64 `json:"end"`
	Step  struct {
		Begin *struct {
			Lookup struct {
				Name string `json:"name"`
			} `json:"lookup"`
			Outcome outcomeOfRead `json:"outcome"`
		} `json:"begin"`
		Validate *struct {
			Outcome map[string]json.RawMessage `json:"outcome"`
		} `json:"validate"`
	} `json:"step"`
}

type destination struct {
	Local *struct {
		Database string `json:"database"`
	} `json:"local"`
	Remote *struct {
		Database   string `json:"database"`
		URL        string `json:"url"`
		User       string `json:"user"`
		Credential string `json:"credential"`
	} `json:"remote"`
}

// What is written to a name; of all other commands every field is nil.
type command struct {
	CreateAlias *struct {
		Name        string      `json:"name"`
		Destination destination `json:"destination"`
		Mode        string      `json:"mode"`
	} `json:"create_alias"`
	AlterAlias *struct {
		Name       string  `json:"name"`
		Database   *string `json:"database"`
		URL        *string `json:"url"`
		User       *string `json:"user"`
		Credential *string `json:"credential"`
	} `json:"alter_alias"`
	DropAlias *struct {
		Name string `json:"name"`
	} `json:"drop_alias"`
	CreateDatabase *struct {
		Name string `json:"name"`
		Mode string `json:"mode"`
	} `json:"create_database"`
	DropDatabase *struct {
		Name string `json:"name"`
	} `json:"drop_database"`
}

// Everything that was done to one name, or seen of it.
type nameHistory struct {
	initial state
	steps   []timed
}

type timed struct {
	begin, end uint64
	step       step
}

// Refusals that say what became of a request, and not only of one attempt at it.
var recorded = map[string]bool{
	"ALIAS_EXISTS": true, "ALIAS_NOT_FOUND": true, "ALIAS_TARGET_NOT_FOUND": true, "DATABASE_EXISTS": true,
	"DATABASE_HAS_ALIASES": true, "NO_SUCH_DATABASE": true, "ROLE_EXISTS": true, "ROLE_NOT_FOUND": true,
	"USER_EXISTS": true, "USER_NOT_FOUND": true,
}

// What nobody knows the outcome of ends after everything else.
const never = math.MaxInt64

func read(from io.Reader) (map[string]*nameHistory, error) {
	names := map[string]*nameHistory{}
	add := func(name string, one timed) {
		if names[name] == nil {
			names[name] = &nameHistory{}
		}
		names[name].steps = append(names[name].steps, one)
	}
	var before []setup
	requests := map[string][]write{}
	pinned := map[uint64]string{}
	routes := map[uint64]destination{}
	lines := bufio.NewScanner(from)
	lines.Buffer(nil, 1<<24)
	for number := 1; lines.Scan(); number++ {
		var one event
		if err := json.Unmarshal(lines.Bytes(), &one); err != nil {
			return nil, fmt.Errorf("line %d: %w", number, err)
		}
		switch {
		case one.Setup != nil:
			before = append(before, *one.Setup)
		case one.Write != nil:
			id := fmt.Sprintf("line %d", number)
			if one.Write.Request != nil {
				id = fmt.Sprintf("%q of %q", *one.Write.Request, one.Write.Actor)
			}
			requests[id] = append(requests[id], *one.Write)
		case one.Resolve != nil && string(one.Resolve.Freshness) == `"linearizable"`:
			r := one.Resolve
			if r.Outcome.Ok != nil {
				add(r.Name, timed{r.Begin, r.End, leadsTo(r.Outcome.Ok.Destination)})
			} else if r.Outcome.Rejected != nil && r.Outcome.Rejected.Code == "DATABASE_NOT_FOUND" && r.Unrestricted {
				add(r.Name, timed{r.Begin, r.End, step{kind: isNothing}})
			}
		case one.Guard != nil:
			g := one.Guard
			if begun := g.Step.Begin; begun != nil && begun.Outcome.Ok != nil {
				pinned[g.Guard], routes[g.Guard] = begun.Lookup.Name, begun.Outcome.Ok.Destination
				add(begun.Lookup.Name, timed{g.Begin, g.End, leadsTo(begun.Outcome.Ok.Destination)})
			}
			if validated := g.Step.Validate; validated != nil {
				_, ok := validated.Outcome["ok"]
				if name, known := pinned[g.Guard]; ok && known {
					add(name, timed{g.Begin, g.End, leadsTo(routes[g.Guard])})
				}
			}
		}
	}
	for _, attempts := range requests {
		if name, one := merged(attempts); name != "" {
			add(name, one)
		}
	}
	for _, one := range before {
		for _, database := range one.Databases {
			if names[database] != nil {
				names[database].initial = state{kind: database_}
			}
		}
		for _, alias := range one.Aliases {
			if names[alias.Name] != nil {
				names[alias.Name].initial = stateOf(alias.Destination)
			}
		}
	}
	return names, lines.Err()
}

// What all attempts at one request tell, and of which name; no name if they tell nothing of any.
func merged(attempts []write) (string, timed) {
	var same []write
	for _, attempt := range attempts {
		if string(attempt.Command) == string(attempts[0].Command) {
			same = append(same, attempt)
		}
	}
	sort.SliceStable(same, func(a, b int) bool { return same[a].End < same[b].End })
	var done, refused, refusedForGood *write
	unknown := false
	for i := range same {
		outcome := same[i].Outcome
		switch {
		case outcome.Ok != nil && done == nil:
			done = &same[i]
		case outcome.Rejected != nil:
			if refused == nil {
				refused = &same[i]
			}
			if refusedForGood == nil && (outcome.Rejected.Revision != nil || recorded[outcome.Rejected.Code]) {
				refusedForGood = &same[i]
			}
		case outcome.Unknown != nil:
			unknown = true
		}
	}
	if refusedForGood == nil && !unknown {
		refusedForGood = refused
	}
	one := timed{begin: math.MaxUint64, end: never}
	counts := func(attempt write) bool { return attempt.Outcome.Ok != nil || attempt.Outcome.Unknown != nil }
	var updates *uint64
	code := ""
	switch {
	case done != nil:
		one.end, updates = done.End, &done.Outcome.Ok.Updates
	case refusedForGood != nil:
		one.end, code = refusedForGood.End, refusedForGood.Outcome.Rejected.Code
		counts = func(attempt write) bool {
			return attempt.Outcome.Ok != nil || attempt.Outcome.Unknown != nil || attempt.Outcome.Rejected != nil
		}
	case !unknown:
		return "", one
	}
	for _, attempt := range same {
		if counts(attempt) && attempt.Begin < one.begin {
			one.begin = attempt.Begin
		}
	}
	var asked command
	if json.Unmarshal(attempts[0].Command, &asked) != nil {
		return "", one
	}
	name, what := stepOf(asked, updates, code)
	one.step = what
	return name, one
}
