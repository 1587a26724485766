package store

import "stet/extract/post"

// References returns the ids of the records that c refers to, in the order in
// which it names them, without zero ids. They are those that a check follows.
func References(c Content) []ID {
	var ids []ID
	add := func(more ...ID) {
		for _, id := range more {
			if !id.IsZero() {
				ids = append(ids, id)
			}
		}
	}
	switch c := c.(type) {
	case *Exchange:
		add(c.Body.SameAs)
	case *Capture:
		add(c.Exchanges...)
		for _, m := range c.Media {
			add(m.Exchange)
		}
		add(c.Article, c.Round, c.Revisit, c.Part.Import)
	case *Derivation:
		add(c.Capture)
	case *Look:
		add(c.Exchange, c.Round)
	case *Verdict:
		add(c.Looks...)
	case *ArticleVersion:
		add(c.Exchange)
	case *PageReading:
		add(c.Capture)
	case *PageLook:
		add(c.Exchange, c.Capture)
	case *Resolution:
		add(c.Article)
		add(c.Exchanges...)
	case *Drawing:
		add(c.Of)
	case *Stamp:
		add(c.Of)
		add(c.Exchanges...)
	case *Submission:
		add(c.Of, c.Exchange)
	case *Case:
		add(c.Case)
	case *Retention:
		add(c.Of)
	case *Redaction:
		add(c.Takedown)
		for i := range c.Records {
			add(c.Records[i].ID)
		}
	}
	return ids
}

// refsOf returns every reference to a post in c, zero ones too.
func refsOf(c Content) []post.Ref {
	switch c := c.(type) {
	case *Exchange:
		return c.Refs
	case *Capture:
		return []post.Ref{c.Ref, c.Via}
	case *Derivation:
		p := &c.Post
		refs := append([]post.Ref{c.Ref, p.Quoted, p.Parent, p.Reposted}, p.Versions...)
		refs = append(refs, p.Aliases...)
		for i := range p.Media {
			refs = append(refs, p.Media[i].SourceRef)
		}
		for i := range p.Earlier {
			for j := range p.Earlier[i].Media {
				refs = append(refs, p.Earlier[i].Media[j].SourceRef)
			}
		}
		return refs
	case *Look:
		return []post.Ref{c.Ref}
	case *Verdict:
		return []post.Ref{c.Ref}
	case *ArticleVersion:
		var refs []post.Ref
		for i := range c.Mentions {
			refs = append(refs, c.Mentions[i].Ref)
		}
		return refs
	case *Resolution:
		return append([]post.Ref{c.Ref}, c.Candidates...)
	case *Watch:
		return []post.Ref{c.Ref}
	case *Drawing:
		return []post.Ref{c.Ref}
	case *Approval:
		return []post.Ref{c.Ref}
	case *Hold:
		return []post.Ref{c.Ref}
	case *Takedown:
		return []post.Ref{c.Ref}
	case *Redaction:
		return c.Refs
	case *Retention:
		return c.Refs
	case *Privacy:
		return append([]post.Ref{c.Ref}, c.Aliases...)
	case *Case:
		return []post.Ref{c.Member.Ref}
	}
	return nil
}
