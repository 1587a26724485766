package warc

import (
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// rule says on which records a field may stand, and whether more than once.
type rule struct {
	types  []Type
	repeat bool
}

// allTypes are the types of the standard.
func allTypes() []Type {
	return []Type{TypeInfo, TypeRequest, TypeResponse, TypeRevisit, TypeResource, TypeMetadata, TypeConversion, TypeContinuation}
}

// rules are those of clause 5 of the standard.
func rules() map[string]rule {
	all := allTypes()
	net := []Type{TypeResponse, TypeResource, TypeRequest, TypeMetadata, TypeRevisit}
	but := func(t ...Type) []Type {
		return slices.DeleteFunc(slices.Clone(all), func(x Type) bool { return slices.Contains(t, x) })
	}
	return map[string]rule{
		"warc-record-id": {types: all}, "content-length": {types: all}, "warc-date": {types: all}, "warc-type": {types: all},
		"content-type": {types: all}, "warc-block-digest": {types: all}, "warc-truncated": {types: all}, "warc-segment-number": {types: all},
		"warc-concurrent-to":           {types: net, repeat: true},
		"warc-payload-digest":          {types: but(TypeInfo, TypeMetadata)},
		"warc-ip-address":              {types: net},
		"warc-refers-to":               {types: []Type{TypeMetadata, TypeRevisit, TypeConversion}},
		"warc-refers-to-target-uri":    {types: []Type{TypeRevisit}},
		"warc-refers-to-date":          {types: []Type{TypeRevisit}},
		"warc-target-uri":              {types: but(TypeInfo)},
		"warc-warcinfo-id":             {types: but(TypeInfo)},
		"warc-filename":                {types: []Type{TypeInfo}},
		"warc-profile":                 {types: []Type{TypeRevisit}},
		"warc-identified-payload-type": {types: but(TypeInfo, TypeMetadata, TypeContinuation)},
		"warc-segment-origin-id":       {types: []Type{TypeContinuation}},
		"warc-segment-total-length":    {types: []Type{TypeContinuation}},
		"warc-protocol":                {types: net, repeat: true},
		"warc-cipher-suite":            {types: net},
	}
}

// fieldRules is read only.
var fieldRules = rules()

var (
	dateForm  = regexp.MustCompile(`^\d{4}(-\d\d(-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,9})?)?Z)?)?)?$`)
	idForm    = regexp.MustCompile(`^<[A-Za-z][A-Za-z0-9+.\-]*:[^\s<>]+>$`)
	badEscape = regexp.MustCompile(`%([^0-9A-Fa-f]|.?$|.[^0-9A-Fa-f])`)
	mediaForm = regexp.MustCompile(`^[!#$%&'*+\-.^_` + "`" + `|~0-9A-Za-z]+/[!#$%&'*+\-.^_` + "`" + `|~0-9A-Za-z]+([ \t]*;.*)?$`)
)

// checkHeader holds the fields of a record against the standard.
func checkHeader(rec *Read, problem func(format string, args ...any)) {
	if rec.Version != "1.1" {
		problem("it is of version %q", rec.Version)
	}
	t := rec.Type()
	known := slices.Contains(allTypes(), t)
	if !known {
		problem("its type %q is not known", t)
	}
	seen := map[string]bool{}
	for _, f := range rec.Header {
		name := strings.ToLower(f.Name)
		r, ok := fieldRules[name]
		if ok && known && !slices.Contains(r.types, t) {
			problem("%s shall not be used on a %s", f.Name, t)
		}
		if seen[name] && ok && !r.repeat {
			problem("%s is repeated", f.Name)
		}
		seen[name] = true
		if !utf8.ValidString(f.Value) || strings.ContainsFunc(f.Value, control) {
			problem("%s is not text", f.Name)
		}
		checkValue(name, f, problem)
	}
	for _, name := range []string{"warc-record-id", "content-length", "warc-date", "warc-type"} {
		if !seen[name] {
			problem("%s is missing", name)
		}
	}
	if known && t != TypeInfo && t != TypeMetadata && !seen["warc-target-uri"] {
		problem("a %s without WARC-Target-URI", t)
	}
	if rec.Size > 0 && t != TypeContinuation && !seen["content-type"] {
		problem("a block without Content-Type")
	}
	checkMeaning(rec, t, problem)
}

// checkValue looks at the form of one value.
func checkValue(name string, f Field, problem func(format string, args ...any)) {
	switch name {
	case "warc-date", "warc-refers-to-date":
		if !dateForm.MatchString(f.Value) {
			problem("%s is %.60q, which is not a time in UTC", f.Name, f.Value)
		}
	case "warc-record-id", "warc-concurrent-to", "warc-refers-to", "warc-warcinfo-id", "warc-segment-origin-id":
		if !idForm.MatchString(f.Value) {
			problem("%s is %.60q, not <uri>", f.Name, f.Value)
		}
	case "warc-target-uri", "warc-refers-to-target-uri", "warc-profile":
		if !hasScheme(f.Value) || CleanURI(f.Value) != f.Value || badEscape.MatchString(f.Value) {
			problem("%s is %.60q, which is not an address as RFC 3986 writes it", f.Name, f.Value)
		}
	case "content-type":
		if !mediaForm.MatchString(f.Value) {
			problem("Content-Type is %.60q", f.Value)
		}
	case "warc-ip-address":
		if _, err := netip.ParseAddr(f.Value); err != nil {
			problem("WARC-IP-Address is %.60q", f.Value)
		}
	case "warc-truncated":
		if !slices.Contains([]string{"length", "time", "disconnect", "unspecified"}, f.Value) {
			problem("WARC-Truncated is %.60q", f.Value)
		}
	}
}

// checkMeaning looks at what fields mean together.
func checkMeaning(rec *Read, t Type, problem func(format string, args ...any)) {
	h := rec.Header
	web := strings.HasPrefix(strings.ToLower(h.Get("WARC-Target-URI")), "http")
	if (t == TypeRequest || t == TypeResponse) && web && !isHTTP(rec) {
		problem("a %s from the web is not of the type application/http", t)
	}
	if t != TypeRevisit {
		return
	}
	profile := h.Get("WARC-Profile")
	switch _, kind, _ := strings.Cut(profile, "/revisit/"); {
	case !strings.HasPrefix(profile, "http://netpreserve.org/warc/1.") || kind != "identical-payload-digest" && kind != "server-not-modified":
		problem("the profile of a revisit is %.80q", profile)
	case kind == "identical-payload-digest" && h.Get("WARC-Payload-Digest") == "":
		problem("a revisit without WARC-Payload-Digest")
	}
	if h.Get("WARC-Refers-To") == "" && h.Get("WARC-Refers-To-Target-URI") == "" {
		problem("a revisit that refers to nothing")
	}
}
