package archtest

import (
	"go/ast"
	"path"
	"slices"
	"strings"
	"testing"
)

// floor returns the number of a package's floor, from the bottom, or -1 where
// it stands on none.
func floor(pkg string) int {
	top, _, _ := strings.Cut(pkg, "/")
	return slices.Index([]string{"extract", "store", "archiver", "cmd"}, top)
}

// words is the package that everybody may import.
const words = "extract/post"

// shared are the packages that their siblings may import, with the folder whose
// packages may.
func shared() map[string]string {
	return map[string]string{
		words:            "",         // the words
		"archiver/fetch": "archiver", // the one client
		"store/codec":    "store",    // records as bytes
		"store/durable":  "store",    // files that a crash leaves whole
		"store/warc":     "store",
	}
}

// lists are the packages that name their siblings because they are lists of
// them.
func lists() []string { return []string{"extract/sites", "cmd/internal/wire"} }

// concrete reports whether a package is one of several that do the same job,
// or talks to something outside: only wire chooses among them.
func concrete(pkg string) bool {
	dir := path.Dir(pkg)
	if dir != "store" && dir != "archiver" {
		return false
	}
	switch pkg {
	case "archiver/fetch", "store/codec", "store/durable", "store/warc", "store/wacz", "store/view", "store/evidence", "store/storetest", "store/disktest", "store/servertest":
		return false
	}
	return true
}

// forTests are packages that only tests may import, and the demonstration
// where that is named.
func forTests() map[string]string {
	return map[string]string{"store/storetest": "", "store/disktest": "", "store/servertest": "", "store/mem": "", "extract/sitetest": "", "archiver/fakenet": "cmd/internal/demo", "archiver/platformtest": ""}
}

// TestLayers walks over all imports and accepts those that DESIGN §3 allows.
func TestLayers(t *testing.T) {
	for _, f := range module(t) {
		if floor(f.pkg) < 0 {
			t.Errorf("%s: there is no floor of that name", f.path)
		}
		for _, imported := range f.imports() {
			q, ours := strings.CutPrefix(imported, "stet/")
			if !ours {
				continue
			}
			if why := wrong(f.pkg, q, f.test); why != "" {
				t.Errorf("%s imports %s: %s", f.path, q, why)
			}
		}
	}
}

// wrong says why package p may not import q, empty where it may.
func wrong(p, q string, test bool) string {
	switch {
	case floor(q) > floor(p):
		return "imports run downward only"
	case test:
		return ""
	case p == q:
		return "a package does not import itself"
	}
	if who, only := forTests()[q]; only && p != who && !sharesTests(p) {
		return "it is for tests"
	}
	switch {
	case forTests()[q] == p && p != "":
		return ""
	case concrete(q) && floor(p) == floor("cmd") && p != "cmd/internal/wire":
		return "only cmd/internal/wire names it"
	case sharesTests(p) && sharesTests(q):
		return ""
	case q == "store/codec" && floor(p) != floor(q):
		return "records as bytes are the stores' own"
	case floor(q) < floor(p):
		if concrete(q) && p != "cmd/internal/wire" {
			return "only cmd/internal/wire names it"
		}
		return ""
	case strings.HasPrefix(p, q+"/"):
		return "" // a child imports its parent
	case slices.Contains(lists(), p):
		return ""
	case isShared(p, q):
		return ""
	case strings.HasPrefix(q, p+"/"):
		return "a parent does not import its child"
	case floor(p) == floor("cmd") && strings.HasPrefix(q, "cmd/internal/"):
		return ""
	}
	return "siblings do not meet"
}

// isShared reports whether q is a tool that p may use.
func isShared(p, q string) bool {
	who, ok := shared()[q]
	return ok && (who == "" || p == who || strings.HasPrefix(p, who+"/"))
}

// sharesTests reports whether a package is itself made for tests.
func sharesTests(p string) bool {
	_, ok := forTests()[p]
	return ok
}

// The rules refuse what they are for.
func TestRules(t *testing.T) {
	for _, tt := range []struct {
		p, q string
		ok   bool
	}{
		{"store", "extract/post", true}, {"extract/twitter", "extract", true}, {"extract", "extract/post", true},
		{"extract/sites", "extract/twitter", true}, {"archiver/twitter", "extract/twitter", true}, {"archiver", "archiver/fetch", true},
		{"cmd/internal/wire", "store/bolt", true}, {"cmd/stet", "cmd/internal/wire", true}, {"store/bolt", "store/codec", true},
		{"cmd/internal/config", "archiver/fetch", true}, {"store/storetest", "store/mem", true}, {"archiver/web", "store/view", true}, {"cmd/stet", "store/view", true}, {"cmd/internal/demo", "archiver/fakenet", true},
		{"extract", "store", false}, {"store", "archiver", false}, {"archiver", "cmd/internal/config", false}, {"extract", "extract/twitter", false},
		{"extract/bluesky", "extract/twitter", false}, {"store", "store/bolt", false}, {"store/bolt", "store/mem", false},
		{"archiver", "archiver/twitter", false}, {"archiver/web", "archiver/twitter", false}, {"archiver", "store/bolt", false},
		{"cmd/stet", "store/bolt", false}, {"cmd/stet", "archiver/twitter", false}, {"cmd/internal/config", "store/search", false},
		{"cmd/stet", "archiver/fakenet", false}, {"archiver", "store/codec", false}, {"extract", "archiver/fetch", false},
	} {
		if why := wrong(tt.p, tt.q, false); (why == "") != tt.ok {
			t.Errorf("%s imports %s: %q, want allowed %v", tt.p, tt.q, why, tt.ok)
		}
	}
	if wrong("extract", "store", true) == "" {
		t.Error("a test may import upward")
	}
}

// The words import the standard library only.
func TestWordsStandAlone(t *testing.T) {
	seen := false
	for _, f := range module(t) {
		if f.pkg != words || f.test {
			continue
		}
		seen = true
		for _, imported := range f.imports() {
			if first, _, _ := strings.Cut(imported, "/"); strings.Contains(first, ".") || first == "stet" {
				t.Errorf("%s imports %s", f.path, imported)
			}
		}
	}
	if !seen {
		t.Errorf("%s has no files", words)
	}
}

// doors are the functions and values that open connections.
func doors() map[string][]string {
	return map[string][]string{
		"net":  {"Dial", "DialTimeout", "DialTCP", "DialUDP", "DialIP", "DialUnix", "Dialer", "DefaultResolver", "LookupHost", "LookupIP", "LookupAddr", "LookupCNAME", "LookupMX", "LookupTXT", "LookupNS", "LookupSRV"},
		"tls":  {"Dial", "DialWithDialer", "Dialer"},
		"http": {"Get", "Head", "Post", "PostForm", "DefaultClient", "DefaultTransport", "Client", "Transport"},
		"smtp": {"Dial", "SendMail"},
		// Libraries of others.
		"readability": {"FromURL"},
		"proxy":       {"SOCKS5", "FromURL", "FromEnvironment", "Dial", "Direct"},
		"websocket":   {"Dial", "Dialer"},
		"pgx":         {"Connect", "ConnectConfig"},
		"pgxpool":     {"New", "NewWithConfig"},
	}
}

// mayOpen are the packages that open connections, with what they may use: the
// one door out, and ways to what is not the web. A type that is only named, as
// http.Client in front of the one client's transport, is listed too.
func mayOpen() map[string][]string {
	return map[string][]string{
		"archiver/fetch":       nil, // everything
		"archiver/twitter":     {"http.Client"},
		"archiver/bluesky":     {"http.Client", "http.Transport", "websocket.Dial"},                                        // over connections of archiver/fetch
		"store/postgres":       {"pgxpool.New", "pgxpool.NewWithConfig", "pgx.Connect", "pgx.ConnectConfig", "net.Dialer"}, // to the database
		"store/s3":             {"http.Transport", "net.Dialer", "minio.New"},                                              // to the bucket
		"store/servertest":     {"pgx.Connect", "net.Listen", "net.DialTimeout"},
		"cmd/internal/forward": {"net.Dialer"}, // to the local socket
	}
}

// TestOneDoor looks for connections that are opened elsewhere than by the one
// client.
func TestOneDoor(t *testing.T) {
	used := map[string]bool{}
	for _, f := range module(t) {
		if f.test {
			continue
		}
		allowed, some := mayOpen()[f.pkg]
		for _, s := range doorsIn(f) {
			name := s.X.(*ast.Ident).Name + "." + s.Sel.Name
			used[f.pkg] = true
			if !some || allowed != nil && !slices.Contains(allowed, name) {
				t.Errorf("%s: %s opens connections; everything goes out through archiver/fetch", f.at(s), name)
			}
		}
	}
	if !used["archiver/fetch"] {
		t.Error("the test does not even see the connections of archiver/fetch")
	}
}

// doorsIn lists where a file names what opens connections.
func doorsIn(f *file) []*ast.SelectorExpr {
	var found []*ast.SelectorExpr
	ast.Inspect(f.ast, func(n ast.Node) bool {
		s, ok := n.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		id, ok := s.X.(*ast.Ident)
		if ok && id.Obj == nil && slices.Contains(doors()[id.Name], s.Sel.Name) {
			found = append(found, s)
		}
		return true
	})
	return found
}
