package wacz

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"

	"stet/store"
)

// maxName is the longest name of an entry that is read or written.
const maxName = 1024

// The names of the parts.
const (
	nameArchive = "archive/"
	nameIndexes = "indexes/"
	namePages   = "pages/"
	// NamePages is the list of pages, NamePackage the list of entries with
	// their digests, NameDigest its digest and signature.
	NamePages   = "pages/pages.jsonl"
	NamePackage = "datapackage.json"
	NameDigest  = "datapackage-digest.json"
)

// CheckName errors with ErrRefused where a name could lead elsewhere than into
// the folder that it is unpacked in, on any system, or is no name of a file.
func CheckName(name string) error {
	bad := func(why string) error {
		return fmt.Errorf("the entry %.120q: %w: %s", name, store.ErrRefused, why)
	}
	switch {
	case name == "" || len(name) > maxName:
		return bad("its name is empty or too long")
	case !utf8.ValidString(name):
		return bad("its name is not text")
	case strings.ContainsFunc(name, func(r rune) bool { return r < ' ' || r >= 0x7f && r < 0xa0 || strings.ContainsRune(`\:*?"<>|`, r) }):
		return bad("its name has characters that some systems read otherwise")
	case strings.HasPrefix(name, "/"):
		return bad("its name begins at the root")
	}
	for part := range strings.SplitSeq(name, "/") {
		stem, _, _ := strings.Cut(strings.ToLower(part), ".")
		switch {
		case part == "" || part == "." || part == "..":
			return bad("its name leads elsewhere")
		case strings.HasSuffix(part, ".") || strings.HasSuffix(part, " "):
			return bad("its name ends as no file of Windows may")
		case device(stem):
			return bad("its name is that of a device")
		}
	}
	return nil
}

// foldName returns what names have in common that are one on some systems:
// letters of either case, and however a mark is written on one.
func foldName(name string) string {
	for i := range len(name) {
		if name[i] >= utf8.RuneSelf {
			return norm.NFC.String(cases.Fold().String(norm.NFC.String(name)))
		}
	}
	return strings.ToLower(name)
}

// device reports whether Windows takes a name for a device.
func device(stem string) bool {
	switch stem {
	case "con", "prn", "aux", "nul":
		return true
	}
	rest, ok := strings.CutPrefix(stem, "com")
	if !ok {
		rest, ok = strings.CutPrefix(stem, "lpt")
	}
	return ok && len(rest) == 1 && rest[0] >= '1' && rest[0] <= '9'
}

// resourceName makes the name of a resource, which has fewer characters than
// that of a file.
func resourceName(path string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || strings.ContainsRune("._/-", r) {
			return r
		}
		if r >= 'A' && r <= 'Z' {
			return r - 'A' + 'a'
		}
		return '-'
	}, path)
}
