package store

import (
	"time"

	"stet/extract/post"
)

// Exchange is one recorded request and its response, or the attempt at one.
// The bytes are those that were on the wire, with secrets taken out of the
// request and named in Redacted.
type Exchange struct {
	// Started is the instant at which the request began; it is the record's
	// time.
	Started time.Time `json:"-"`
	Method  string    `json:"method"`
	// URL is the address asked for, with secret parameters taken out.
	URL string `json:"url"`
	// Purpose says what the request was for: article, post, media, look,
	// page, resolve, control, source, robots.
	Purpose string `json:"purpose,omitempty"`
	// Took is the time until the last byte, in nanoseconds.
	Took time.Duration `json:"took,omitempty"`
	// Address is the numeric address and port that was connected to; behind a
	// proxy, the proxy's. Proxy is then "http" or "https".
	Address string `json:"address,omitempty"`
	Proxy   string `json:"proxy,omitempty"`
	// Protocol is as WARC-Protocol writes it: http/1.1.
	Protocol string `json:"protocol,omitempty"`
	TLS      *TLS   `json:"tls,omitempty"`
	// Redacted names the request headers and URL parameters whose values were
	// replaced.
	Redacted []string `json:"redacted,omitempty"`
	// Status is the response's status code; 0 where none arrived.
	Status int `json:"status,omitempty"`
	// Error is the sentence that says what went wrong, ErrorClass the name of
	// its [Class].
	Error      string `json:"error,omitempty"`
	ErrorClass string `json:"error_class,omitempty"`
	// Body describes the response's message body. It is stored beside the other
	// members, so that it can be removed with the bytes that it describes.
	Body Body `json:"-"`
	// Refs are the posts whose words the body holds, as far as they are known
	// when it is stored.
	Refs []post.Ref `json:"refs,omitempty"`
	// Article is the address of the article that the body holds a version of: by it
	// is found also what was read again and did not differ.
	Article string `json:"article,omitempty"`
	// Private is true for what was fetched with credentials of the newsroom's
	// own.
	Private bool `json:"private,omitempty"`
	// Decided is true where it is private by a decision alone: see [Privacy].
	Decided bool `json:"-"`
	// Access names the operator's access with which a host of its own was
	// asked; empty where there was none.
	Access string `json:"access,omitempty"`

	// RequestHead is the request line and headers, RequestBody what followed.
	RequestHead []byte `json:"-"`
	RequestBody []byte `json:"-"`
	// ResponseHead is the status line and headers, byte for byte, with the
	// empty line that ends them.
	ResponseHead []byte `json:"-"`
}

// TLS is what is known of an encrypted connection.
type TLS struct {
	// Version is as WARC-Protocol writes it: tls/1.3.
	Version string `json:"version"`
	// Cipher is the IANA name.
	Cipher     string `json:"cipher"`
	ServerName string `json:"server_name"`
	// Chain is the blob that holds the certificates that the peer sent, leaf
	// first, in PEM.
	Chain Digest `json:"chain,omitzero"`
	// ChainPEM is the content of Chain while it is not stored yet.
	ChainPEM []byte `json:"-"`
}

// Body is a response's message body. Exactly one of Inline, Blob and SameAs is
// set, or none where the body is empty.
type Body struct {
	// Size is the number of bytes kept; Digest their SHA-256. For a body that
	// arrived in chunks these are the bytes of the payload, without the
	// chunks' framing; its Content-Encoding is kept as sent.
	Size   int64  `json:"size"`
	Digest Digest `json:"digest,omitzero"`
	// Chunked is true where the transfer coding was taken off.
	Chunked bool `json:"chunked,omitempty"`
	// Truncated says why the body is not whole, in the words of
	// WARC-Truncated: length, time, disconnect, unspecified.
	Truncated string `json:"truncated,omitempty"`
	// Type is the media type of the response, without parameters.
	Type string `json:"type,omitempty"`
	// Blob is where a large body is kept.
	Blob Digest `json:"blob,omitzero"`
	// SameAs is the exchange whose body had the same digest.
	SameAs ID `json:"same_as,omitzero"`
	// Listed is true where the index leads from SameAs here, as it does since there
	// are rules that ask who else needs a body.
	Listed bool `json:"listed,omitempty"`
	// Withheld is true where the answer may not be kept, by the terms of the
	// endpoint or because it shows a post that was taken down: only the outcome is.
	Withheld bool `json:"withheld,omitempty"`
	// Removed is true where the record's bytes of the body, or what is said of
	// them, were removed. It is found when a record is decoded, not stored.
	Removed bool `json:"-"`

	// Inline is the body itself.
	Inline []byte `json:"-"`
}
