package main

import "github.com/anishathalye/porcupine"

// What a name stands for. The same as State in crates/checkers/src/linearizable/model.rs.
type kind int

const (
	absent kind = iota
	database_
	local
	remote
)

type state struct {
	kind                            kind
	database, url, user, credential string
}

type stepKind int

const (
	create stepKind = iota
	alter
	dropAlias
	dropDatabase
	isNothing
	isSomething
	isNoAlias
	isNoDatabase
	leads
)

// What was done to a name, or seen of it. Updates are those that were answered; nil if nobody knows the outcome.
type step struct {
	kind     stepKind
	to       state
	replaces bool
	updates  *uint64
	parts    [4]*string
}

func stateOf(to destination) state {
	if to.Local != nil {
		return state{kind: local, database: to.Local.Database}
	}
	if to.Remote != nil {
		return state{remote, to.Remote.Database, to.Remote.URL, to.Remote.User, to.Remote.Credential}
	}
	return state{}
}

func leadsTo(to destination) step { return step{kind: leads, to: stateOf(to)} }

// The name and step of a command that was refused with a code, or else done or of unknown outcome.
func stepOf(asked command, updates *uint64, code string) (string, step) {
	nothing := updates != nil && *updates == 0
	switch {
	case asked.CreateAlias != nil || asked.CreateDatabase != nil:
		one := step{kind: create, updates: updates}
		var name, mode string
		if c := asked.CreateAlias; c != nil {
			name, mode, one.to = c.Name, c.Mode, stateOf(c.Destination)
		} else {
			name, mode, one.to = asked.CreateDatabase.Name, asked.CreateDatabase.Mode, state{kind: database_}
		}
		one.replaces = mode == "or_replace" && one.to.kind != database_
		if code == "ALIAS_EXISTS" || code == "DATABASE_EXISTS" || code == "" && nothing {
			return name, step{kind: isSomething}
		}
		if code != "" {
			return "", step{}
		}
		return name, one
	case asked.AlterAlias != nil || asked.DropAlias != nil:
		one := step{kind: dropAlias, updates: updates}
		var name string
		if c := asked.AlterAlias; c != nil {
			name = c.Name
			one.kind, one.parts = alter, [4]*string{c.Database, c.URL, c.User, c.Credential}
		} else {
			name = asked.DropAlias.Name
		}
		if code == "ALIAS_NOT_FOUND" || code == "" && nothing {
			return name, step{kind: isNoAlias}
		}
		if code != "" {
			return "", step{}
		}
		return name, one
	case asked.DropDatabase != nil:
		if code == "NO_SUCH_DATABASE" || code == "" && nothing {
			return asked.DropDatabase.Name, step{kind: isNoDatabase}
		}
		if code != "" {
			return "", step{}
		}
		return asked.DropDatabase.Name, step{kind: dropDatabase, updates: updates}
	}
	return "", step{}
}

func isAlias(is state) bool { return is.kind == local || is.kind == remote }

// Whether it can take effect in a state, and what there is then. What nobody knows the outcome of leaves a state as it is in
// which it is refused.
func (one step) apply(name string, is state) (bool, state) {
	if one.kind >= isNothing {
		return one.seen(name, is), is
	}
	after, fits := one.done(is)
	if fits {
		return true, after
	}
	return one.updates == nil, is
}

func (one step) done(is state) (state, bool) {
	switch one.kind {
	case create:
		replaces := one.replaces && isAlias(is)
		if one.updates == nil {
			return one.to, replaces || is.kind == absent
		}
		if *one.updates == 2 {
			return one.to, replaces
		}
		return one.to, is.kind == absent
	case alter:
		return altered(is, one.parts)
	case dropAlias:
		return state{}, isAlias(is)
	default:
		return state{}, is.kind == database_
	}
}

func altered(is state, parts [4]*string) (state, bool) {
	toDatabase, toURL, toUser, toCredential := parts[0], parts[1], parts[2], parts[3]
	switch {
	case is.kind == local && (toURL != nil || toUser != nil || toCredential != nil):
		return is, false
	case is.kind == remote && (toDatabase == nil) != (toURL == nil):
		return is, false
	case is.kind == remote && is.credential == "" && (toUser != nil || toCredential != nil):
		return is, false
	case !isAlias(is):
		return is, false
	}
	for at, field := range []*string{&is.database, &is.url, &is.user, &is.credential} {
		if parts[at] != nil {
			*field = *parts[at]
		}
	}
	return is, true
}

func (one step) seen(name string, is state) bool {
	switch one.kind {
	case isNothing:
		return is.kind == absent
	case isSomething:
		return is.kind != absent
	case isNoAlias:
		return !isAlias(is)
	case isNoDatabase:
		return is.kind != database_
	}
	to := one.to
	if is.kind == database_ {
		return to.kind == local && to.database == name
	}
	if is.kind == remote && to.kind == remote && to.credential == "" {
		to.credential = is.credential
	}
	return isAlias(is) && is == to
}

// The model of one name.
func model(name string, initial state) porcupine.Model {
	return porcupine.Model{
		Init: func() interface{} { return initial },
		Step: func(is, input, _ interface{}) (bool, interface{}) {
			ok, after := input.(step).apply(name, is.(state))
			return ok, after
		},
	}
}
