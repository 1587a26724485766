package wire

import (
	"stet/cmd/internal/config"
	"stet/extract/post"
)

// PlatformState says how a platform is set up.
type PlatformState struct {
	Platform post.Platform `json:"platform"`
	// Credentials says which are used: bearer-token, consumer-key or none.
	Credentials string `json:"credentials"`
	// Missing are the keys that are not set and would add something.
	Missing []string `json:"missing"`
	// Words is a sentence for people.
	Words string `json:"-"`
}

// PlatformStates lists the platforms on which the engine can act.
func PlatformStates(c *config.Config) []PlatformState {
	x := PlatformState{Platform: post.Twitter, Credentials: "none", Missing: []string{"twitter.bearer_token", "twitter.consumer_key and twitter.consumer_secret"},
		Words: "captured by its public endpoints, without credentials"}
	switch {
	case c.Twitter.BearerToken != "":
		x.Credentials, x.Words, x.Missing = "bearer-token", "captured by its API (bearer token) and its public endpoints", []string{}
	case c.Twitter.ConsumerKey != "":
		x.Credentials, x.Words, x.Missing = "consumer-key", "captured by its API (consumer key) and its public endpoints", []string{}
	}
	return []PlatformState{x}
}
