package fakenet

import (
	"fmt"
	"html"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// TootState says how an [Instance] shows a post.
type TootState string

// The states of a post.
const (
	// TootLive: shown to everybody.
	TootLive TootState = "live"
	// TootMissing: deleted, or not public; the software answers 404 alike.
	TootMissing TootState = "missing"
	// TootTombstone: deleted, and other servers are shown a tombstone.
	TootTombstone TootState = "tombstone"
	// TootGone: deleted, and other servers are answered 410.
	TootGone TootState = "gone"
)

// AccountState says what became of an account on an [Instance].
type AccountState string

// The states of an account.
const (
	// AccountLive is the state of those that nothing happened to.
	AccountLive AccountState = ""
	// AccountSuspended: its posts are missing, its address answers 410, and a
	// look-up says that it is suspended.
	AccountSuspended AccountState = "suspended"
	// AccountClosed: its posts are missing, its address answers 410, and so
	// does a look-up.
	AccountClosed AccountState = "closed"
	// AccountPurged: nothing is known of it any more.
	AccountPurged AccountState = "purged"
)

// Toot is an invented post on an [Instance].
type Toot struct {
	ID string
	// User and Name are of the account; User is name@host for one of another
	// instance, whose post this one shows.
	User, Name string
	// HTML is the content as the software sends it.
	HTML    string
	Warning string
	Posted  time.Time
	// Media are its files.
	Media []Media
	// Quotes and Answers are the ids of the quoted post and of the parent.
	Quotes, Answers string
	// Repeats is the id of the post that this one repeats and says nothing of.
	Repeats string
	// OriginID is the id at the account's own instance, where that is another.
	OriginID string
}

// Instance is an invented server of the software Mastodon on a [Net]. It is
// safe for concurrent use.
type Instance struct {
	net  *Net
	host string
	// alone is true where the server does not talk to others.
	alone bool

	mu       sync.Mutex
	toots    map[string]*toot
	accounts map[string]AccountState
	// closed wants an account for its interface, signed wants requests of
	// other servers signed, and walled answers everything with a challenge.
	closed, signed, walled bool
}

// toot is a post and what became of it.
type toot struct {
	Toot
	state TootState
	// earlier are its versions before the last edit, each with its time.
	earlier []Toot
	edited  time.Time
}

// TootID returns the id of a post that an instance made at a time; n
// distinguishes those of the same millisecond.
func TootID(t time.Time, n int) string {
	return strconv.FormatInt(t.UnixMilli()<<16|int64(n&0xffff), 10)
}

// Instance sets up a server at a host.
func (n *Net) Instance(host string) *Instance {
	i := &Instance{net: n, host: host, toots: map[string]*toot{}, accounts: map[string]AccountState{}}
	n.HandleFunc(host, i.serve)
	n.HandleFunc("files."+host, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "image/jpeg")
		_, _ = w.Write(picture(r.URL.Path, 640, 480))
	})
	return i
}

// TruthSocial sets up the platform of that name.
func (n *Net) TruthSocial() *Instance {
	i := n.Instance("truthsocial.com")
	i.alone = true
	return i
}

// Add publishes posts; one with the id of another replaces it.
func (i *Instance) Add(toots ...Toot) {
	i.mu.Lock()
	defer i.mu.Unlock()
	for _, t := range toots {
		if t.Posted.IsZero() {
			t.Posted = i.net.now()
		}
		t.Name = or(t.Name, t.User)
		i.toots[t.ID] = &toot{Toot: t, state: TootLive}
	}
}

// Edit changes the content and the warning of a post, and keeps what it said.
func (i *Instance) Edit(id, content, warning string) {
	i.mu.Lock()
	defer i.mu.Unlock()
	t := i.mustHave(id)
	old := t.Toot
	if !t.edited.IsZero() {
		old.Posted = t.edited
	}
	t.earlier = append(t.earlier, old)
	t.HTML, t.Warning, t.edited = content, warning, i.net.now()
}

// SetState changes what is shown of a post.
func (i *Instance) SetState(id string, s TootState) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.mustHave(id).state = s
}

// SetAccount changes what became of an account.
func (i *Instance) SetAccount(user string, s AccountState) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.accounts[user] = s
}

// Close says whether the interface wants an account.
func (i *Instance) Close(closed bool) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.closed = closed
}

// Sign says whether other servers must sign what they ask.
func (i *Instance) Sign(signed bool) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.signed = signed
}

// Wall says whether everything is answered with the challenge of a network in
// front of the server.
func (i *Instance) Wall(walled bool) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.walled = walled
}

func (i *Instance) mustHave(id string) *toot {
	t := i.toots[id]
	if t == nil {
		panic("fakenet: there is no post " + id + " on " + i.host)
	}
	return t
}

// shown returns a post that everybody may see; i.mu is held.
func (i *Instance) shown(id string) (*toot, bool) {
	t := i.toots[id]
	if t == nil || t.state != TootLive || i.accounts[t.User] != AccountLive {
		return t, false
	}
	return t, true
}

// serve answers for the host.
func (i *Instance) serve(w http.ResponseWriter, r *http.Request) {
	i.mu.Lock()
	defer i.mu.Unlock()
	part := strings.Split(strings.Trim(r.URL.Path, "/"), "/")
	at := func(n int) string {
		if n < len(part) {
			return part[n]
		}
		return ""
	}
	switch {
	case i.walled:
		w.Header().Set("Content-Type", "text/html; charset=UTF-8")
		w.Header().Set("Server", "cloudflare")
		w.WriteHeader(http.StatusForbidden)
		fmt.Fprint(w, `<!DOCTYPE html><html lang="en-US"><head><title>Just a moment...</title></head><body>Enable JavaScript and cookies to continue</body></html>`)
	case r.URL.Path == "/api/v1/instance":
		writeJSON(w, http.StatusOK, obj{"uri": i.host, "title": "An invented place", "version": "4.4.3", "stats": obj{"user_count": 3}})
	case at(0) == "api" && i.closed:
		writeJSON(w, http.StatusUnauthorized, obj{"error": "This API requires an authenticated user"})
	case r.URL.Path == "/api/oembed":
		i.oembed(w, r.URL.Query().Get("url"))
	case r.URL.Path == "/api/v1/accounts/lookup":
		i.lookup(w, r.URL.Query().Get("acct"))
	case at(0) == "api" && at(1) == "v1" && at(2) == "statuses":
		i.status(w, at(3), at(4))
	case strings.HasPrefix(at(0), "@") && strings.Contains(r.Header.Get("Accept"), "application/activity+json") && !i.alone:
		i.object(w, strings.TrimPrefix(at(0), "@"), at(1))
	case at(0) == "api":
		writeJSON(w, http.StatusNotFound, obj{"error": "Not Found"})
	default:
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprint(w, "<!doctype html><title>An invented place</title><div id=mastodon></div>")
	}
}

// status serves a post, or its history.
func (i *Instance) status(w http.ResponseWriter, id, more string) {
	t, ok := i.shown(id)
	switch {
	case !ok:
		writeJSON(w, http.StatusNotFound, obj{"error": "Record not found"})
	case more == "history":
		versions := append(slices.Clone(t.earlier), t.Toot)
		if !t.edited.IsZero() {
			versions[len(versions)-1].Posted = t.edited
		}
		out := []obj{}
		for _, v := range versions {
			out = append(out, obj{"content": v.HTML, "spoiler_text": v.Warning, "sensitive": v.Warning != "", "created_at": stampOf(v.Posted),
				"account": i.account(t.User, t.Name), "media_attachments": i.attachments(&v), "emojis": []obj{}})
		}
		writeJSON(w, http.StatusOK, out)
	case more != "":
		writeJSON(w, http.StatusNotFound, obj{"error": "Not Found"})
	default:
		writeJSON(w, http.StatusOK, i.entity(t, true))
	}
}

func stampOf(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

// origin returns the host, the user and the id at the account's own instance.
func (i *Instance) origin(t *toot) (host, user, id string) {
	user, host, _ = strings.Cut(t.User, "@")
	return or(host, i.host), user, or(t.OriginID, t.ID)
}

// entity is a post as the interface sends it.
func (i *Instance) entity(t *toot, quotes bool) obj {
	host, user, id := i.origin(t)
	e := obj{"id": t.ID, "created_at": stampOf(t.Posted), "in_reply_to_id": nil, "in_reply_to_account_id": nil, "sensitive": t.Warning != "",
		"spoiler_text": t.Warning, "visibility": "public", "language": "en", "uri": fmt.Sprintf("https://%s/users/%s/statuses/%s", host, user, id),
		"url": fmt.Sprintf("https://%s/@%s/%s", host, user, id), "replies_count": 1, "reblogs_count": 2, "favourites_count": 3, "quotes_count": 0,
		"edited_at": nil, "content": t.HTML, "reblog": nil, "account": i.account(t.User, t.Name), "media_attachments": i.attachments(&t.Toot),
		"mentions": []obj{}, "tags": []obj{}, "emojis": []obj{}, "quote": nil, "card": nil, "poll": nil}
	if !t.edited.IsZero() {
		e["edited_at"] = stampOf(t.edited)
	}
	if t.Answers != "" {
		e["in_reply_to_id"] = t.Answers
	}
	if r, ok := i.shown(t.Repeats); ok {
		e["reblog"], e["content"] = i.entity(r, false), ""
	}
	if q, ok := i.shown(t.Quotes); ok {
		e["quote"] = obj{"state": "accepted", "quoted_status_id": q.ID}
		if quotes {
			e["quote"] = obj{"state": "accepted", "quoted_status": i.entity(q, false)}
		}
	}
	return e
}

// account is an account as the interface sends it.
func (i *Instance) account(user, name string) obj {
	bare, host, _ := strings.Cut(user, "@")
	host = or(host, i.host)
	a := obj{"id": strconv.FormatUint(seed(user)%1_000_000, 10), "username": bare, "acct": user, "display_name": name, "locked": false,
		"url": "https://" + host + "/@" + bare, "uri": "https://" + host + "/users/" + bare, "avatar": "https://files." + i.host + "/avatar.png", "emojis": []obj{}, "fields": []obj{}}
	if i.accounts[user] == AccountSuspended {
		a["suspended"], a["display_name"] = true, ""
	}
	return a
}

func (i *Instance) attachments(t *Toot) []obj {
	out := []obj{}
	for n, m := range t.Media {
		address := fmt.Sprintf("https://files.%s/media/%s/%d", i.host, t.ID, n)
		out = append(out, obj{"id": strconv.Itoa(n), "type": "image", "url": address + "/original/a.jpg", "preview_url": address + "/small/a.jpg", "remote_url": nil,
			"meta": obj{"original": obj{"width": or(m.Width, 640), "height": or(m.Height, 480)}}, "description": m.Alt})
	}
	return out
}

// lookup serves an account by its name.
func (i *Instance) lookup(w http.ResponseWriter, acct string) {
	switch i.accounts[acct] {
	case AccountClosed:
		writeJSON(w, http.StatusGone, obj{"error": "Gone"})
		return
	case AccountPurged:
		writeJSON(w, http.StatusNotFound, obj{"error": "Record not found"})
		return
	}
	for _, t := range i.toots {
		if t.User == acct {
			writeJSON(w, http.StatusOK, i.account(acct, t.Name))
			return
		}
	}
	writeJSON(w, http.StatusNotFound, obj{"error": "Record not found"})
}

// object serves a post as other servers ask for it.
func (i *Instance) object(w http.ResponseWriter, user, id string) {
	t, ok := i.shown(id)
	address := fmt.Sprintf("https://%s/users/%s/statuses/%s", i.host, user, id)
	state := i.accounts[user]
	switch {
	case i.signed:
		writeJSON(w, http.StatusUnauthorized, obj{"error": "Request not signed"})
	case state == AccountSuspended, state == AccountClosed, t != nil && t.state == TootGone:
		writeJSON(w, http.StatusGone, obj{"error": "Gone"})
	case t != nil && t.state == TootTombstone:
		writeActivity(w, http.StatusGone, obj{"@context": "https://www.w3.org/ns/activitystreams", "id": address, "type": "Tombstone", "formerType": "Note"})
	case !ok || t.User != user:
		writeJSON(w, http.StatusNotFound, obj{"error": "Not Found"})
	default:
		o := obj{"@context": []any{"https://www.w3.org/ns/activitystreams"}, "id": address, "type": "Note", "summary": nil, "published": t.Posted.UTC().Format(time.RFC3339),
			"url": fmt.Sprintf("https://%s/@%s/%s", i.host, user, id), "attributedTo": "https://" + i.host + "/users/" + user, "to": []string{"https://www.w3.org/ns/activitystreams#Public"},
			"sensitive": t.Warning != "", "content": t.HTML, "contentMap": obj{"en": t.HTML}, "attachment": []obj{}, "tag": []obj{}}
		if t.Warning != "" {
			o["summary"] = t.Warning
		}
		if !t.edited.IsZero() {
			o["updated"] = t.edited.UTC().Format(time.RFC3339)
		}
		writeActivity(w, http.StatusOK, o)
	}
}

func writeActivity(w http.ResponseWriter, status int, v any) {
	writeJSON(typed{w, "application/activity+json; charset=utf-8"}, status, v)
}

// typed answers with a media type of its own.
type typed struct {
	http.ResponseWriter
	mediaType string
}

// WriteHeader sets the media type before the head is sent.
func (t typed) WriteHeader(status int) {
	t.Header().Set("Content-Type", t.mediaType)
	t.ResponseWriter.WriteHeader(status)
}

// oembed serves the embed code of a post of this instance.
func (i *Instance) oembed(w http.ResponseWriter, address string) {
	id := address[strings.LastIndexByte(address, '/')+1:]
	t, ok := i.shown(id)
	if !ok || !strings.HasPrefix(address, "https://"+i.host+"/@"+t.User+"/") {
		writeJSON(w, http.StatusNotFound, obj{"error": "Record not found"})
		return
	}
	code := fmt.Sprintf(`<blockquote class="mastodon-embed" data-embed-url="%[1]s/embed"><a href="%[1]s" target="_blank"><div>Post by @%[2]s@%[3]s</div><div>View on Mastodon</div></a></blockquote><script data-allowed-prefixes="https://%[3]s/" async src="https://%[3]s/embed.js"></script>`,
		html.EscapeString(address), t.User, i.host)
	writeJSON(w, http.StatusOK, obj{"type": "rich", "version": "1.0", "author_name": t.Name, "author_url": "https://" + i.host + "/@" + t.User,
		"provider_name": i.host, "provider_url": "https://" + i.host + "/", "cache_age": 86400, "html": code, "width": 400, "height": nil})
}
