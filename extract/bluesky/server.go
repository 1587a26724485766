package bluesky

import (
	"encoding/json"
	"net/url"
	"strings"

	"stet/extract"
	"stet/extract/post"
)

// Document is what an account's DID document says.
type Document struct {
	DID string
	// Handle is the one that the account claims. Whether the handle leads back
	// to the account is not known from the document.
	Handle string
	// Server is the address of the server that keeps the account's repository,
	// without a slash at its end.
	Server string
}

// DocumentURL returns where the document of a DID is, empty for what is none.
func DocumentURL(did string) string {
	switch {
	case !validDID(did):
		return ""
	case strings.HasPrefix(did, "did:plc:"):
		return "https://plc.directory/" + did
	}
	return "https://" + strings.TrimPrefix(did, "did:web:") + "/.well-known/did.json"
}

// ReadDocument reads a DID document. The answer is about the account: Live
// where there is a document that names its server, AccountGone where the
// directory states that the account was given up. What a host of its own
// (did:web) answers beside a document says nothing: it can be down or sold.
func ReadDocument(did string, r extract.Response) (Document, extract.Answer) {
	if a, ok := extract.HTTPTrouble(r.StatusCode); ok {
		return Document{}, a
	}
	directory := strings.HasPrefix(did, "did:plc:")
	message := string(errorOf(r).Message)
	switch {
	case r.StatusCode == 410 && directory && message != "":
		return Document{}, extract.Answer{Status: post.AccountGone, Explicit: true, Reason: extract.ReasonStated, Words: message}
	case r.StatusCode == 404 && directory && message != "":
		return Document{}, extract.Answer{Status: post.NotFound, Reason: extract.ReasonAbsent, Words: message}
	case r.StatusCode != 200:
		return Document{}, extract.Trouble(extract.ReasonHTTP, false)
	}
	var d struct {
		ID       str       `json:"id"`
		Known    list[str] `json:"alsoKnownAs"`
		Services list[struct {
			ID       str `json:"id"`
			Type     str `json:"type"`
			Endpoint str `json:"serviceEndpoint"`
		}] `json:"service"`
	}
	// Hosts serve the document under all kinds of media types.
	if extract.DecodeJSON(r.Body, &d) != nil || string(d.ID) != did {
		return Document{}, extract.Trouble(extract.ReasonShape, false)
	}
	doc := Document{DID: did}
	for _, k := range d.Known {
		if h, ok := strings.CutPrefix(strings.ToLower(string(k)), "at://"); ok && doc.Handle == "" && validHandle(h) && h != invalidHandle {
			doc.Handle = h
		}
	}
	for _, s := range d.Services {
		if id := strings.TrimPrefix(string(s.ID), did); id == "#atproto_pds" && doc.Server == "" {
			doc.Server = serverURL(string(s.Endpoint))
		}
	}
	if doc.Server == "" {
		return doc, extract.Answer{Status: post.Unknown, Reason: extract.ReasonUnavailable, Words: "the account's document names no server"}
	}
	return doc, extract.Answer{Status: post.Live, Explicit: true, Reason: extract.ReasonShown}
}

// serverURL returns the address of a server, empty for what cannot be one.
func serverURL(s string) string {
	u, err := url.Parse(s)
	if err != nil || u.Scheme != "https" || u.Hostname() == "" || u.User != nil || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "" {
		return ""
	}
	return "https://" + strings.ToLower(u.Host)
}

// ReadHandle returns the account that a handle leads to, from an answer of
// com.atproto.identity.resolveHandle.
func ReadHandle(r extract.Response) (string, extract.Answer) {
	if e := errorOf(r); r.StatusCode == 400 && e.Message != "" {
		return "", extract.Answer{Status: post.Unknown, Reason: extract.ReasonAbsent, Words: string(e.Message)}
	}
	if a, ok := refusal(r); ok {
		return "", a
	}
	var v struct {
		DID str `json:"did"`
	}
	if extract.DecodeJSON(r.Body, &v) != nil || !validDID(string(v.DID)) {
		return "", extract.Trouble(extract.ReasonShape, false)
	}
	return string(v.DID), extract.Answer{Status: post.Live, Explicit: true, Reason: extract.ReasonShown}
}

// ParseRecord reads a record that the author's server keeps.
func ParseRecord(doc Document, body []byte) (extract.Parsed, error) {
	var a struct {
		URI   str             `json:"uri"`
		CID   str             `json:"cid"`
		Value json.RawMessage `json:"value"`
	}
	if err := extract.DecodeJSON(body, &a); err != nil {
		return extract.Parsed{}, err
	}
	b := &builder{}
	if doc.Server != "" {
		b.servers = Servers{doc.DID: doc.Server}
	}
	p, ok := b.record(string(a.URI), string(a.CID), a.Value, nil, maxNesting)
	if !ok || p.Author.ID != doc.DID {
		return extract.Parsed{}, extract.ErrShape
	}
	p.Author.Handle = doc.Handle
	return b.parsed(p), nil
}

// recordNotFound is the error for a record that a repository does not have.
const recordNotFound = "RecordNotFound"

// ReadRecord says what an answer of com.atproto.repo.getRecord means for the
// post id, asked of the server that the document names. A record that is not
// found is an absence by itself: a server says the same of repositories that it
// does not serve. See [Conclude].
func ReadRecord(id string, doc Document, r extract.Response) extract.Answer {
	e := errorOf(r)
	if a, ok := repoError(e, r.StatusCode); ok {
		return a
	}
	if (r.StatusCode == 400 || r.StatusCode == 404) && e.Name == recordNotFound {
		return extract.Answer{Status: post.NotFound, Reason: extract.ReasonCode, Words: e.words()}
	}
	if a, ok := refusal(r); ok {
		return a
	}
	p, err := ParseRecord(doc, r.Body)
	switch {
	case err != nil:
		return extract.Trouble(extract.ReasonShape, false)
	case p.Post.ID != id:
		return extract.Trouble(extract.ReasonOtherPost, false)
	}
	return shown(p)
}

// repoError says what an error about a repository means.
func repoError(e xrpcError, status int) (extract.Answer, bool) {
	if status != 400 && status != 403 && status != 404 {
		return extract.Answer{}, false
	}
	var s post.Status
	switch e.Name {
	case "RepoNotFound", "RepoDeactivated":
		s = post.AccountGone
	case "RepoTakendown", "RepoSuspended":
		s = post.AccountSuspended
	default:
		return extract.Answer{}, false
	}
	return extract.Answer{Status: s, Explicit: true, Reason: extract.ReasonCode, Words: e.words()}, true
}

// ReadRepoStatus says what an answer of com.atproto.sync.getRepoStatus means
// for the account: Live, AccountGone or AccountSuspended, and none of a post.
func ReadRepoStatus(did string, r extract.Response) extract.Answer {
	if a, ok := repoError(errorOf(r), r.StatusCode); ok {
		return a
	}
	if a, ok := refusal(r); ok {
		return a
	}
	var v struct {
		DID    str       `json:"did"`
		Active opt[bool] `json:"active"`
		Status str       `json:"status"`
	}
	if extract.DecodeJSON(r.Body, &v) != nil || string(v.DID) != did || !v.Active.Set {
		return extract.Trouble(extract.ReasonShape, false)
	}
	if v.Active.V {
		return extract.Answer{Status: post.Live, Explicit: true, Reason: extract.ReasonShown}
	}
	a := extract.Answer{Status: accountStatus(string(v.Status)), Reason: extract.ReasonUnavailable, Words: "the repository is not active: " + string(v.Status)}
	if a.Status != post.Unknown {
		a.Explicit, a.Reason = true, extract.ReasonStated
	}
	return a
}

// accountStatus reads why a repository is not active. An account that its
// owner deactivated is closed, though it can return; a server that is behind
// says nothing of it.
func accountStatus(word string) post.Status {
	switch word {
	case "takendown", "suspended":
		return post.AccountSuspended
	case "deleted", "deactivated":
		return post.AccountGone
	}
	return post.Unknown
}

// Conclude joins what the author's server says of a record and of the
// repository. A record that is not found in a repository that is served was
// deleted: nobody but the author takes records out of it.
func Conclude(record, repo extract.Answer) extract.Answer {
	switch {
	case record.Status != post.NotFound || record.Explicit:
		return record
	case repo.Status == post.Live:
		return extract.Answer{Status: post.Deleted, Explicit: true, Reason: extract.ReasonStated, Words: record.Words + "; the repository is active"}
	case repo.Explicit:
		return repo
	}
	return record
}
