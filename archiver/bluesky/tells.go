package bluesky

import (
	"stet/archiver"
	exbluesky "stet/extract/bluesky"
	"stet/extract/post"
)

// Tells lists what follows from the answers of the directory: the author's own
// server, which anybody can run. Of a reference without the account's DID it
// lists all that is asked.
func (p *Platform) Tells(ref post.Ref, _ string) []archiver.Telling {
	learns := "that the post " + ref.String() + " is asked for"
	all := []archiver.Telling{
		{Step: exbluesky.EndpointServer, Learns: learns, When: "where the index does not show the post: the author's own server, which the directory names", Author: true},
		{Step: archiver.StepMedia, Learns: "which files are fetched", When: "where the post has files: the author's own server, which keeps the originals", Author: true},
	}
	if !p.Lasting(ref) {
		return append([]archiver.Telling{
			{Step: exbluesky.EndpointIndex, Host: "public.api.bsky.app", Learns: learns},
			{Step: exbluesky.EndpointServer, Host: "plc.directory", Learns: "that the account of the post is looked up", When: "where the index does not show the post, or it has files"},
		}, all...)
	}
	return all
}
