package mastodon

import (
	"stet/archiver"
	exmastodon "stet/extract/mastodon"
	"stet/extract/post"
)

// Tells lists what follows from the answers of an instance: where its files are,
// and the post's own host, where another's address of it is known.
func (p *Platform) Tells(ref post.Ref, address string) []archiver.Telling {
	all := []archiver.Telling{
		{Step: archiver.StepMedia, Learns: "which files are fetched", When: "where the post has files: the host of files that the instance names, often its own"},
	}
	if address == "" && p.name == post.Mastodon {
		all = append(all, archiver.Telling{Step: exmastodon.EndpointActivity, Learns: "that the post " + ref.String() + " is asked for",
			When: "where the instance names another host as the post's own"})
	}
	return all
}
