package store

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
		add(c.Article, c.Round)
	case *Derivation:
		add(c.Capture)
	case *Look:
		add(c.Exchange, c.Round)
	case *Verdict:
		add(c.Looks...)
	case *ArticleVersion:
		add(c.Exchange)
	case *Resolution:
		add(c.Article)
		add(c.Exchanges...)
	}
	return ids
}
