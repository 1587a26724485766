package config

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"stet/store"
)

// slip is how many letters a variable may differ from that of a key to be taken
// for a slip of the pen.
const slip = 2

// injected are the variables that Kubernetes gives every container of a
// namespace in which a service is called stet, or stet-something.
var injected = regexp.MustCompile(`^STET_(.+_)?(SERVICE_HOST|SERVICE_PORT(_.+)?|PORT|PORT_[0-9]+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)$`)

// variables returns the names of those that stet reads.
func variables() []string {
	names := []string{"STET_CONFIG", "STET_SERVER", "STET_TOKEN", "STET_TOKEN_FILE"}
	for _, k := range Keys() {
		names = append(names, k.Env())
	}
	return names
}

// UnknownVariables returns the environment variables that begin with STET_, are
// set, and are none of this program's nor of those that others set for it.
func UnknownVariables(p Place) []string {
	known := variables()
	var names []string
	for _, v := range p.Environ() {
		name, value, _ := strings.Cut(v, "=")
		if value != "" && strings.HasPrefix(name, "STET_") && !slices.Contains(known, name) && !injected.MatchString(name) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// checkVariables errors with ErrUsage where the environment misspells a key, as
// a file may not either: what was meant would not hold. Names that are like no
// key may be somebody else's, and are left to whoever tells of them.
func checkVariables(p Place) error {
	for _, name := range UnknownVariables(p) {
		if near := nearVariable(name); near != "" {
			return fmt.Errorf("%w: environment: %s is no key; did you mean %s?", store.ErrUsage, name, near)
		}
	}
	return nil
}

// nearVariable returns the variable that is misspelled as name, empty for none.
func nearVariable(name string) string {
	best, least := "", slip+1
	for _, v := range variables() {
		if d := Distance(name, v); d < least {
			best, least = v, d
		}
	}
	return best
}
