// Package twitter asks X (Twitter) for posts: its v2 and v1.1 interfaces where
// credentials are configured, else the keyless endpoint that X's own embeds
// use, and oEmbed. What the answers mean is in extract/twitter; this package
// knows addresses, credentials and order only.
//
// The v1.1 interface is spoken through github.com/dghubble/go-twitter, over the
// transport of archiver/fetch. That library decodes answers with loss and takes
// some failures for successes, so what counts are the recorded bytes.
package twitter
