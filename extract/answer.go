package extract

import (
	"bytes"
	"errors"
	"mime"
	"strings"

	"golang.org/x/net/html"

	"stet/extract/post"
)

// ErrShape is returned by payload parsers for bytes that do not have the shape
// of the payload: they never return a record that was guessed.
var ErrShape = errors.New("unexpected shape")

// Response is what a payload reader needs of one HTTP response.
type Response struct {
	// URL is the address that answered, after redirects; it may be empty.
	URL string
	// StatusCode is the HTTP status.
	StatusCode int
	// ContentType is the value of the header as received; it may be empty.
	ContentType string
	// Body is the content after Content-Encoding is undone.
	Body []byte
}

// JSON reports whether the response is declared as JSON. Platforms answer
// login pages and challenges with 200 and text/html.
func (r Response) JSON() bool {
	t, _, err := mime.ParseMediaType(r.ContentType)
	if err != nil && t == "" {
		return false
	}
	return t == "application/json" || t == "text/json" || strings.HasSuffix(t, "+json")
}

// Parsed is what a parser made of one payload.
type Parsed struct {
	Post post.Post
	// Related are other posts that the payload has in full (the quoted one,
	// the parent, the repeated one), each once and none equal to Post.
	Related []post.Post
	// Notes are sentences about what could not be read or had to be left out.
	Notes []string
}

// Answer is the meaning of one response to the question whether a post is
// there. It is evidence, not a verdict.
type Answer struct {
	// Status is what the response says; post.Unknown where it says nothing.
	Status post.Status
	// Explicit is true where the platform states Status in so many words
	// about this post or its account, false where it follows from an absence.
	Explicit bool
	// Reason is a short fixed phrase, one of the Reason constants, that says
	// how Status was found.
	Reason string
	// Words are the platform's own, where it gave any.
	Words string
	// Transport is true where the response is trouble on the way and says
	// nothing about the post: limits, errors, challenges, login pages.
	Transport bool
	// Retry is true where the same request can succeed later.
	Retry bool
	// Refused is true where the credentials or the plan do not suffice: the
	// same credentials will be refused again.
	Refused bool
	// Alone is true where Status, which can be one of an account, is of this
	// post only: a private video says nothing of the account's others.
	Alone bool
	// Parsed is the post where the response shows it, else nil: also where the
	// reason is [ReasonThere].
	Parsed *Parsed
}

// The reasons of an [Answer].
const (
	// ReasonShown: the post was shown.
	ReasonShown = "shown"
	// ReasonThere: the platform says that the post is there; what it says of it
	// beyond that may not be kept.
	ReasonThere = "it is there"
	// ReasonStated: the platform says so in words.
	ReasonStated = "stated"
	// ReasonCode: the platform says so by an error code.
	ReasonCode = "error code"
	// ReasonAbsent: the platform knows no such post and does not say why.
	ReasonAbsent = "absent"
	// ReasonLeftOut: a batch's answer leaves the post out without a word.
	ReasonLeftOut = "left out"
	// ReasonNoAuthor: the post was shown without its author.
	ReasonNoAuthor = "shown without its author"
	// ReasonNoWords: a placeholder without words, which platforms also give
	// for living posts.
	ReasonNoWords = "placeholder without words"
	// ReasonOtherWords: a placeholder with words that are not known.
	ReasonOtherWords = "placeholder with unknown words"
	// ReasonUnavailable: the platform says no more than "unavailable".
	ReasonUnavailable = "unavailable"
	// ReasonNotAuthorised: the post may not be seen with these credentials;
	// its account is protected or suspended.
	ReasonNotAuthorised = "not authorised"
	// ReasonAccountLives: the post's account shows other posts.
	ReasonAccountLives = "the account shows other posts"
	// ReasonAccountThere: the post's account is there.
	ReasonAccountThere = "the account is there"
	// ReasonEmpty: an empty answer.
	ReasonEmpty = "empty answer"
	// ReasonBadID: the platform refuses the id as impossible.
	ReasonBadID = "invalid id"
	// ReasonOtherPost: the answer is about another post.
	ReasonOtherPost = "answer about another post"
	// ReasonShape: the answer does not have the shape that is known.
	ReasonShape = "unexpected shape"
	// ReasonNotJSON: the answer is a page or another type of content.
	ReasonNotJSON = "not json"
	// ReasonWall: a page to log in, to consent or to prove to be a person.
	ReasonWall = "a wall in place of an answer"
	// ReasonLedAway: redirects led elsewhere, and nothing was there.
	ReasonLedAway = "led elsewhere"
	// ReasonLimited: too many requests.
	ReasonLimited = "rate limited"
	// ReasonRefused: the credentials or the plan do not suffice.
	ReasonRefused = "refused"
	// ReasonServer: an error of the server.
	ReasonServer = "server error"
	// ReasonArchived: a web archive shows the post as it was.
	ReasonArchived = "shown by a web archive"
	// ReasonArchivedGone: the archived answer says that there was no such page.
	ReasonArchivedGone = "archived as missing"
	// ReasonArchivedOther: what was archived is a log-in, a redirect, an empty
	// shell or an error, and does not show the post.
	ReasonArchivedOther = "archived without the post"
	// ReasonNotArchived: a web archive holds nothing of the post.
	ReasonNotArchived = "not archived"
	// ReasonExcluded: a web archive does not show the site, on demand of its
	// owner.
	ReasonExcluded = "excluded from the web archive"
	// ReasonHTTP: an HTTP status that says nothing about the post.
	ReasonHTTP = "unexpected http status"
)

// Trouble returns the answer for a response that says nothing about the post.
func Trouble(reason string, retry bool) Answer {
	return Answer{Status: post.Unknown, Reason: reason, Transport: true, Retry: retry}
}

// HTTPTrouble returns the answer for an HTTP status that says nothing about a
// post, whatever the body: limits, errors of the server, demands to log in.
// It returns false for statuses that a platform can give a meaning: 200, 400,
// 403, 404, 410, 451.
func HTTPTrouble(status int) (Answer, bool) {
	switch {
	case status == 200, status == 400, status == 403, status == 404, status == 410, status == 451:
		return Answer{}, false
	case status == 429:
		return Trouble(ReasonLimited, true), true
	case status >= 500, status == 408, status == 425:
		return Trouble(ReasonServer, true), true
	case status == 401, status == 402, status == 407:
		a := Trouble(ReasonRefused, false)
		a.Refused = true
		return a, true
	}
	return Trouble(ReasonHTTP, false), true
}

// Shows returns the answer for a response that shows the post.
func Shows(p Parsed) Answer {
	return Answer{Status: post.Live, Explicit: true, Reason: ReasonShown, Parsed: &p}
}

// ReadShowing returns the answer of a page that shows a post or tells nothing:
// one that serves the same words, or a bare frame, for posts that are gone, that
// are private, and to visitors that it turns away. Read parses the post.
func ReadShowing(r Response, read func(doc *html.Node) (Parsed, error)) Answer {
	if a, ok := HTTPTrouble(r.StatusCode); ok {
		return a
	}
	doc, ok := r.Page()
	if r.StatusCode != 200 || !ok {
		return Trouble(ReasonHTTP, false)
	}
	p, err := read(doc)
	if err != nil {
		return Trouble(ReasonShape, false)
	}
	return Shows(p)
}

// StatusAnswer returns what the HTTP status alone means where a platform uses
// statuses as the web does: 404 and 410 miss the post without saying why, unless
// a log-in, consent or challenge page comes with them, and a
// refusal that is no page is the platform's own, and as often that of a private
// post as of a visitor. It returns false for 200, where the content decides.
func StatusAnswer(r Response) (Answer, bool) {
	switch r.StatusCode {
	case 200:
		return Answer{}, false
	case 404, 410:
		if r.Wall() {
			return Trouble(ReasonWall, true), true
		}
		return Answer{Status: post.NotFound, Reason: ReasonAbsent, Words: errorWords(r.Body)}, true
	case 401, 403:
		if r.looksLikePage() {
			return Trouble(ReasonWall, true), true
		}
		return Answer{Status: post.Unknown, Reason: ReasonNotAuthorised, Words: errorWords(r.Body)}, true
	}
	if a, ok := HTTPTrouble(r.StatusCode); ok {
		return a, true
	}
	return Trouble(ReasonHTTP, false), true
}

// DataStatusAnswer is [StatusAnswer] for interfaces that answer with data whatever
// the status: a page is not theirs, so that 404 with one says nothing.
func DataStatusAnswer(r Response) (Answer, bool) {
	if (r.StatusCode == 404 || r.StatusCode == 410) && r.looksLikePage() {
		return Trouble(ReasonNotJSON, true), true
	}
	return StatusAnswer(r)
}

// looksLikePage reports whether a response is a page, as a network in front of a
// platform makes it, and not an interface's own.
func (r Response) looksLikePage() bool {
	head := bytes.ToLower(r.Body[:min(len(r.Body), 4096)])
	return !r.JSON() && (bytes.Contains(head, []byte("<html")) || bytes.Contains(head, []byte("<!doctype html")))
}

// errorWords returns what an interface says in a short plain body, or in one of
// JSON as the error's message.
func errorWords(body []byte) string {
	if v, err := ParseValue(body); err == nil && v.IsObject() {
		for _, words := range []Value{v.Get("message"), v.Get("error", "message"), v.Get("error"), v.Get("data", "error")} {
			if words.Text() != "" {
				return words.Text()
			}
		}
		return ""
	}
	s := strings.TrimSpace(strings.ToValidUTF8(string(body[:min(len(body), 200)]), ""))
	if strings.ContainsAny(s, "<{[") {
		return ""
	}
	return s
}

// Rule says what one answer of an endpoint concludes, for people: the table by
// which verdicts are reached. Sample is such an answer; tests hold each rule
// against what the reader makes of it.
type Rule struct {
	// Endpoint is a stable word, as in looks.
	Endpoint string `json:"endpoint"`
	// Answer describes the answer.
	Answer string `json:"answer"`
	// Status and Explicit are what it means by itself; Transport is true where
	// it says nothing about the post.
	Status    post.Status `json:"status"`
	Explicit  bool        `json:"explicit"`
	Transport bool        `json:"transport"`
	Sample    Response    `json:"-"`
}
