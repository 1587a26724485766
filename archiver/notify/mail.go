package notify

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"html/template"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"net/textproto"
	"strings"
	"time"
)

// mailer composes the mails of a target.
type mailer struct {
	from *mail.Address
	to   []*mail.Address
	page *template.Template
	now  func() time.Time
}

func newMailer(t *Target, now func() time.Time) (*mailer, error) {
	from, err := mail.ParseAddress(t.From)
	if err != nil {
		return nil, fmt.Errorf("the sender of mail: %w", err)
	}
	m := &mailer{from: from, page: htmlPage(), now: now}
	for _, a := range t.To {
		to, err := mail.ParseAddress(a)
		if err != nil {
			return nil, fmt.Errorf("a receiver of mail: %w", err)
		}
		m.to = append(m.to, to)
	}
	return m, nil
}

// compose writes a message as a mail of RFC 5322 with lines that end in CRLF:
// text and HTML (RFC 2046, multipart/alternative).
func (c *mailer) compose(m *message) ([]byte, error) {
	parts := m.parts()
	page, err := m.html(c.page, parts)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	header := func(name, value string) { b.WriteString(name + ": " + value + "\r\n") }
	var to []string
	for _, a := range c.to {
		to = append(to, a.String())
	}
	header("From", c.from.String())
	header("To", strings.Join(to, ",\r\n "))
	header("Subject", encodeHeader("stet: "+m.subject()))
	header("Date", c.now().Format(time.RFC1123Z))
	header("Message-ID", c.messageID(m))
	header("MIME-Version", "1.0")
	// RFC 3834: nobody's absence is to be told to the sender.
	header("Auto-Submitted", "auto-generated")
	header("X-Stet-Event", encodeHeader(m.event()))
	header(DeliveryHeader, m.id)
	w := multipart.NewWriter(&b)
	// The boundary follows from the id, so that the same message is the same
	// mail again. No line of quoted-printable text can be it: "=_" does not
	// occur there (RFC 2045, section 6.7).
	if err := w.SetBoundary("=_stet_" + hex.EncodeToString([]byte(m.id))[:32]); err != nil {
		return nil, fmt.Errorf("the boundary of a mail: %w", err)
	}
	header("Content-Type", mime.FormatMediaType("multipart/alternative", map[string]string{"boundary": w.Boundary()}))
	b.WriteString("\r\n")
	for _, part := range [...][2]string{{"text/plain", m.text(parts)}, {"text/html", page}} {
		if err := writePart(w, part[0], part[1]); err != nil {
			return nil, err
		}
	}
	if err := w.Close(); err != nil {
		return nil, fmt.Errorf("writing a mail: %w", err)
	}
	return b.Bytes(), nil
}

func writePart(w *multipart.Writer, mediaType, text string) error {
	pw, err := w.CreatePart(textproto.MIMEHeader{
		"Content-Type":              {mediaType + "; charset=utf-8"},
		"Content-Transfer-Encoding": {"quoted-printable"},
	})
	if err == nil {
		qp := quotedprintable.NewWriter(pw)
		if _, err = qp.Write([]byte(text)); err == nil {
			err = qp.Close()
		}
	}
	if err != nil {
		return fmt.Errorf("writing a mail: %w", err)
	}
	return nil
}

// messageID is the same for the same message, at the sender's domain.
func (c *mailer) messageID(m *message) string {
	domain := c.from.Address[strings.LastIndexByte(c.from.Address, '@')+1:]
	if strings.Trim(domain, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.") != "" || domain == "" {
		domain = "stet.invalid"
	}
	return "<" + m.id + "@" + domain + ">"
}

// encodeHeader writes a text as the value of a header, in encoded words where
// it is not ASCII (RFC 2047), folded so that no line grows too long.
func encodeHeader(s string) string {
	s = mime.QEncoding.Encode("utf-8", clean(s, 2*maxSubject))
	return strings.ReplaceAll(s, "?= =?", "?=\r\n =?")
}
