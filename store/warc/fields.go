package warc

import (
	"net/netip"
	"regexp"
	"slices"
	"strings"
)

// rule says on which records a field may stand, and whether more than once.
type rule struct {
	// bit is the rule's own among those of all rules, on has a bit for each type
	// of record.
	bit    uint32
	on     uint16
	repeat bool
}

// allTypes are the types of the standard.
func allTypes() []Type {
	return []Type{TypeInfo, TypeRequest, TypeResponse, TypeRevisit, TypeResource, TypeMetadata, TypeConversion, TypeContinuation}
}

// typeBit returns the bit of a type, 0 where it is not known.
func typeBit(t Type) uint16 {
	switch t {
	case TypeInfo:
		return 1
	case TypeRequest:
		return 2
	case TypeResponse:
		return 4
	case TypeRevisit:
		return 8
	case TypeResource:
		return 16
	case TypeMetadata:
		return 32
	case TypeConversion:
		return 64
	case TypeContinuation:
		return 128
	}
	return 0
}

// rules are those of clause 5 of the standard.
func rules() map[string]rule {
	on := func(types ...Type) (bits uint16) {
		for _, t := range types {
			bits |= typeBit(t)
		}
		return bits
	}
	all := on(allTypes()...)
	net := on(TypeResponse, TypeResource, TypeRequest, TypeMetadata, TypeRevisit)
	but := func(types ...Type) uint16 { return all &^ on(types...) }
	m := map[string]rule{
		"warc-record-id": {on: all}, "content-length": {on: all}, "warc-date": {on: all}, "warc-type": {on: all},
		"content-type": {on: all}, "warc-block-digest": {on: all}, "warc-truncated": {on: all}, "warc-segment-number": {on: all},
		"warc-concurrent-to":           {on: net, repeat: true},
		"warc-payload-digest":          {on: but(TypeInfo, TypeMetadata)},
		"warc-ip-address":              {on: net},
		"warc-refers-to":               {on: on(TypeMetadata, TypeRevisit, TypeConversion)},
		"warc-refers-to-target-uri":    {on: on(TypeRevisit)},
		"warc-refers-to-date":          {on: on(TypeRevisit)},
		"warc-target-uri":              {on: but(TypeInfo)},
		"warc-warcinfo-id":             {on: but(TypeInfo)},
		"warc-filename":                {on: on(TypeInfo)},
		"warc-profile":                 {on: on(TypeRevisit)},
		"warc-identified-payload-type": {on: but(TypeInfo, TypeMetadata, TypeContinuation)},
		"warc-segment-origin-id":       {on: on(TypeContinuation)},
		"warc-segment-total-length":    {on: on(TypeContinuation)},
		"warc-protocol":                {on: net, repeat: true},
		"warc-cipher-suite":            {on: net},
	}
	bit := uint32(1)
	for name, r := range m {
		r.bit = bit
		bit <<= 1
		m[name] = r
	}
	return m
}

// fieldRules is read only.
var fieldRules = rules()

var badEscape = regexp.MustCompile(`%([^0-9A-Fa-f]|.?$|.[^0-9A-Fa-f])`)

// lowered returns a short name in lower case, in room where it has to be changed
// and fits.
func lowered(name string, room *[40]byte) []byte {
	if len(name) > len(room) {
		return []byte(strings.ToLower(name))
	}
	b := append(room[:0], name...)
	for i, c := range b {
		if c >= 'A' && c <= 'Z' {
			b[i] = c | 0x20
		}
	}
	return b
}

// checkHeader holds the fields of a record against the standard.
func checkHeader(rec *Read, problem func(format string, args ...any)) {
	if rec.Version != "1.1" {
		problem("it is of version %q", rec.Version)
	}
	t := rec.Type()
	kind := typeBit(t)
	if kind == 0 {
		problem("its type %q is not known", t)
	}
	var seen uint32
	var room [40]byte
	for _, f := range rec.Header {
		name := lowered(f.Name, &room)
		r, ok := fieldRules[string(name)]
		if ok && kind != 0 && r.on&kind == 0 {
			problem("%s shall not be used on a %s", f.Name, t)
		}
		if seen&r.bit != 0 && !r.repeat {
			problem("%s is repeated", f.Name)
		}
		seen |= r.bit
		if !oneLineOfText(f.Value) {
			problem("%s is not text", f.Name)
		}
		checkValue(string(name), f, problem)
	}
	has := func(name string) bool { return seen&fieldRules[name].bit != 0 }
	for _, name := range []string{"warc-record-id", "content-length", "warc-date", "warc-type"} {
		if !has(name) {
			problem("%s is missing", name)
		}
	}
	if kind != 0 && t != TypeInfo && t != TypeMetadata && !has("warc-target-uri") {
		problem("a %s without WARC-Target-URI", t)
	}
	if rec.Size > 0 && t != TypeContinuation && !has("content-type") {
		problem("a block without Content-Type")
	}
	checkMeaning(rec, t, problem)
}

// checkValue looks at the form of one value.
func checkValue(name string, f Field, problem func(format string, args ...any)) {
	switch name {
	case "warc-date", "warc-refers-to-date":
		if !dateForm(f.Value) {
			problem("%s is %.60q, which is not a time in UTC", f.Name, f.Value)
		}
	case "warc-record-id", "warc-concurrent-to", "warc-refers-to", "warc-warcinfo-id", "warc-segment-origin-id":
		if !idForm(f.Value) {
			problem("%s is %.60q, not <uri>", f.Name, f.Value)
		}
	case "warc-target-uri", "warc-refers-to-target-uri", "warc-profile":
		if !hasScheme(f.Value) || CleanURI(f.Value) != f.Value || strings.Contains(f.Value, "%") && badEscape.MatchString(f.Value) {
			problem("%s is %.60q, which is not an address as RFC 3986 writes it", f.Name, f.Value)
		}
	case "content-type":
		if !mediaForm(f.Value) {
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
