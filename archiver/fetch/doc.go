// Package fetch is the one door out: every outgoing HTTP connection of stet is
// opened by a [Client] of this package, and no other package dials.
//
// A client
//
//   - refuses private and special addresses after DNS, at dial time, on every
//     hop (see [Options.AllowPrivate]);
//   - bounds time, size as sent and decoded, compression ratio, header size and
//     redirects;
//   - paces requests per host, and remembers when a host asks to slow down;
//   - records every attempt as a [store.Exchange], byte for byte, with secrets
//     taken out.
//
// # What is recorded
//
// The client speaks HTTP/1.1 itself over the connections that it dials, so
// that the heads it records are the bytes that were on the wire. It offers only
// http/1.1 in ALPN. The payload is recorded with the transfer coding taken off
// and the content coding (gzip, deflate, br) left on; the caller is given the
// decoded body beside it. Interim answers (status 1xx) and trailers are not
// recorded. The handshake with a proxy is not part of an exchange.
//
// Values of Authorization, Cookie, Proxy-Authorization and of the headers and
// parameters that the caller names as secret are replaced by [Redaction], and
// their names listed in [store.Exchange.Redacted]: a header by its name in
// lower case, a parameter as "?name", a header of the response as
// "response:name", and "userinfo" for a name and password in the URL. Where a
// request carried a credential, Set-Cookie of its response is redacted too, and
// the exchange is marked private. What [Options.Access] sends to a host of the
// operator's own is such a credential; the exchange names the access, without
// what was sent.
//
// # Errors
//
// A response with any status but 429 (and 503 with Retry-After) is no error:
// what a status means is for the platform's package. Errors wrap one of the
// classes of package store, or the context's error:
//
//   - [store.ErrInvalid]: the URL or the request cannot be right;
//   - [store.ErrRefused]: the address, port, scheme or host is forbidden;
//   - [store.ErrNetwork]: name resolution, connection, TLS, proxy, time-outs of
//     the client's own limits;
//   - [store.ErrRateLimited]: as [RateLimitError], with the time to come back;
//   - [store.ErrTooLarge]: a limit on size or ratio;
//   - [store.ErrUnexpected]: not HTTP, a redirect loop, an undecodable body.
//
// # Caveats
//
// The bytes in [Response] may share memory: Body is the same slice as the
// inline payload where nothing had to be decoded. Neither must be changed.
//
// A client keeps connections alive, each idle one watched by a goroutine;
// [Client.Close] ends them.
package fetch
