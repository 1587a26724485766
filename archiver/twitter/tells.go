package twitter

import (
	"stet/archiver"
	"stet/extract/post"
)

// Tells lists what is asked with a token that has to be had first.
func (p *Platform) Tells(ref post.Ref, _ string) []archiver.Telling {
	var all []archiver.Telling
	for i, ep := range p.endpoints {
		host := map[string]string{(&v11{}).Name(): "api.twitter.com", (&v2{}).Name(): "api.x.com"}[ep.Name()]
		if host == "" {
			continue
		}
		t := archiver.Telling{Step: ep.Name(), Host: host, Learns: "that the post " + ref.String() + " is asked for", Credentials: []string{"Authorization"}}
		if i > 0 {
			t.When = "where those before do not show the post whole"
		}
		all = append(all, t)
	}
	return all
}
