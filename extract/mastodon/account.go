package mastodon

import (
	"cmp"
	"strings"

	"stet/extract"
	"stet/extract/post"
)

// account is an account as the interface of an instance describes it.
type account struct {
	ID        str            `json:"id"`
	Username  str            `json:"username"`
	Acct      str            `json:"acct"`
	Name      str            `json:"display_name"`
	URL       str            `json:"url"`
	URI       str            `json:"uri"`
	Avatar    str            `json:"avatar"`
	Verified  opt[bool]      `json:"verified"`
	Suspended opt[bool]      `json:"suspended"`
	Limited   opt[bool]      `json:"limited"`
	Moved     opt[movedTo]   `json:"moved"`
	Pleroma   opt[pleromaAt] `json:"pleroma"`
}

type movedTo struct {
	Acct str `json:"acct"`
	URL  str `json:"url"`
}

// pleromaAt is what Pleroma adds to an account.
type pleromaAt struct {
	ActorID str       `json:"ap_id"`
	Inert   opt[bool] `json:"deactivated"`
}

// whole reports whether the payload is an account.
func (a *account) whole() bool { return a.ID != "" && (a.Acct != "" || a.Username != "") }

// author returns the account in the words of the public schema. An account of
// the network is named with its host. Its id is the address of its actor, which
// is the same at every instance; where the software does not tell, the number
// at this one.
func (a *account) author(ref post.Ref) post.Author {
	out := post.Author{ID: string(a.ID), Name: string(a.Name), Handle: cmp.Or(string(a.Acct), string(a.Username)), URL: web(a.URL), Avatar: web(a.Avatar)}
	if ref.Platform == post.Mastodon {
		out.ID = cmp.Or(web(a.URI), web(a.Pleroma.V.ActorID), HostOf(ref)+"/"+string(a.ID))
		if !strings.Contains(out.Handle, "@") {
			out.Handle += "@" + HostOf(ref)
		}
	}
	out.Name = cmp.Or(out.Name, string(a.Username))
	if a.Verified.V {
		out.Verified = "verified"
	}
	return out
}

// describe adds what the account says of itself to a post.
func (a *account) describe(p *post.Post, note func(string)) {
	if a.Limited.V {
		p.Labels = append(p.Labels, "limited")
		note("the instance limits the account")
	}
	if to := cmp.Or(string(a.Moved.V.Acct), string(a.Moved.V.URL)); to != "" {
		note("the account has moved to " + to)
	}
}

// AccountParser names the reader of an account, with its version.
const AccountParser = "mastodon.account/1"

// ReadAccount says what a response of an instance to a look-up of an account
// means for it: Live, AccountSuspended or AccountGone, all of the account and
// none of a post. The handle is the one that was asked for.
func ReadAccount(handle string, r extract.Response) extract.Answer {
	if a, ok := trouble(r); ok {
		return a
	}
	words := errorWords(r.Body)
	switch {
	case r.StatusCode == 410 && r.JSON():
		return extract.Answer{Status: post.AccountGone, Explicit: true, Reason: extract.ReasonCode, Words: cmp.Or(words, "410 Gone")}
	case r.StatusCode == 404 && isNotFound(r):
		return extract.Answer{Status: post.AccountGone, Reason: extract.ReasonAbsent, Words: words}
	case r.StatusCode != 200:
		return other(r)
	case !r.JSON():
		return extract.Trouble(extract.ReasonNotJSON, false)
	}
	var a account
	if extract.DecodeJSON(r.Body, &a) != nil || !a.whole() {
		return extract.Trouble(extract.ReasonShape, false)
	}
	name, _, _ := strings.Cut(strings.TrimPrefix(handle, "@"), "@")
	got, _, _ := strings.Cut(cmp.Or(string(a.Username), string(a.Acct)), "@")
	switch {
	case !strings.EqualFold(name, got):
		return extract.Trouble(extract.ReasonOtherPost, false)
	case a.Suspended.V || a.Pleroma.V.Inert.V:
		return extract.Answer{Status: post.AccountSuspended, Explicit: true, Reason: extract.ReasonStated, Words: "the account is suspended"}
	}
	return extract.Answer{Status: post.Live, Explicit: true, Reason: extract.ReasonAccountThere}
}

// Witnessed returns what an answer of an account says of its posts: that the
// account is there says nothing of them.
func Witnessed(a extract.Answer) extract.Answer {
	if a.Status == post.Live {
		return extract.Answer{Status: post.Unknown, Reason: a.Reason}
	}
	return a
}
