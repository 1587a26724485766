package web

import "net/http"

// What a browser may do with what it is sent. Nothing is loaded from elsewhere,
// no script or style stands inside a page, and no page of ours is framed.
const (
	// deskPolicy is for the pages: scripts, styles and pictures are files of
	// this server.
	deskPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; media-src 'self'; font-src 'self'; connect-src 'self'; " +
		"frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
	// rawPolicy is for archived bytes: they are shown in an origin of their own
	// that can do nothing.
	rawPolicy = "sandbox; default-src 'none'; img-src data:; style-src 'unsafe-inline'; form-action 'none'; base-uri 'none'"
	// nothing is for what is no page.
	nothing = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
)

// commonHeaders are sent with every answer of every listener.
func commonHeaders(h http.Header) {
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()")
	h.Set("X-Robots-Tag", "noindex, nofollow, noarchive")
}

// deskHeaders are those of the desk.
func deskHeaders(h http.Header) {
	commonHeaders(h)
	h.Set("Content-Security-Policy", deskPolicy)
	h.Set("X-Frame-Options", "DENY")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	// What people look up is not left on the machine that they look from.
	h.Set("Cache-Control", "private, no-store")
}

// rawHeaders let archived bytes be read and nothing else.
func rawHeaders(h http.Header, ancestors string) {
	h.Set("Content-Security-Policy", rawPolicy+"; frame-ancestors "+ancestors)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Del("X-Frame-Options")
}
