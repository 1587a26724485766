package notify_test

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"stet/archiver"
	"stet/archiver/fetch"
	"stet/archiver/notify"
	"stet/store"
	"stet/store/mem"
)

// once tells what events say in a one-off run.
func (w *world) once(t notify.Target, events ...archiver.Event) error {
	w.t.Helper()
	n := w.notifier(t)
	if err := n.Begin(w.ctx); err != nil {
		w.t.Fatal(err)
	}
	w.tell(events...)
	return n.Once(w.ctx)
}

func TestMail(t *testing.T) {
	inWorld(t, func(w *world) {
		s := w.mailServer("mail.example", nil)
		target := s.target()
		target.IncludeText = true
		target.To = []string{"Desk <desk@newsroom.example>", "zoë@newsroom.example"}
		if err := w.once(target, gone("17")); err != nil {
			t.Fatal(err)
		}
		got := s.mails()
		if len(got) != 1 {
			t.Fatalf("%d mails", len(got))
		}
		m := &got[0]
		if !m.tls || !strings.HasPrefix(m.from, "MAIL FROM:<stet@newsroom.example>") {
			t.Errorf("sent by %s, tls %v", m.from, m.tls)
		}
		equal(t, "receivers", m.to, []string{"desk@newsroom.example", "zoë@newsroom.example"})
		h := m.parsed(t).Header
		for name, want := range map[string]string{
			"From": `"stet" <stet@newsroom.example>`, "To": `"Desk" <desk@newsroom.example>, <zoë@newsroom.example>`,
			"Date": "Mon, 02 Mar 2026 09:00:00 +0000", "Auto-Submitted": "auto-generated", "X-Stet-Event": "gone", "MIME-Version": "1.0"} {
			if got := h.Get(name); got != want {
				t.Errorf("%s: %q, want %q", name, got, want)
			}
		}
		if id := h.Get("Message-ID"); id != "<"+h.Get("X-Stet-Delivery")+"@newsroom.example>" {
			t.Errorf("Message-ID %s", id)
		}
		if got, want := m.subject(t), "stet: Post by Ada Quay (@adaquay) is gone: deleted by its author"; got != want {
			t.Errorf("subject %q, want %q", got, want)
		}
		for _, want := range []string{"> Ten boats came in", "2026-03-02 01:00 UTC", "2026-03-02 02:00 UTC", "The harbour reopens, paragraph 12\n    https://news.example/harbour"} {
			if text := m.text(t); !strings.Contains(text, want) {
				t.Errorf("the text lacks %q:\n%s", want, text)
			}
		}
		page := m.part(t, "text/html")
		if !strings.Contains(page, `<a href="https://news.example/harbour"><bdi>The harbour reopens</bdi></a>, paragraph 12`) || strings.Contains(page, "src=") {
			t.Errorf("the page:\n%s", page)
		}
	})
}

// The same message is the same mail: readers of mail can tell by the id.
func TestMailIsRepeatedUnderItsID(t *testing.T) {
	inWorld(t, func(w *world) {
		lost := 1
		s := w.mailServer("mail.example", func(s *mailServer) {
			s.reply = func(c string) string {
				if c == "." && lost > 0 {
					lost--
					return "451 4.3.0 try again"
				}
				return ""
			}
		})
		_, stop := w.running(s.target())
		w.tell(gone("1"))
		w.mem.Inject(mem.Fault{Op: mem.OpSetCursor, After: 1, Times: 1000, Err: store.ErrFull})
		time.Sleep(10 * time.Minute)
		stop()
		w.mem.Heal()
		_, stop = w.running(s.target())
		time.Sleep(10 * time.Minute)
		stop()
		got := s.mails()
		if len(got) != 2 || got[0].parsed(t).Header.Get("Message-ID") != got[1].parsed(t).Header.Get("Message-ID") {
			t.Errorf("%d mails", len(got))
		}
	})
}

func TestMailTLSAndLogIn(t *testing.T) {
	tests := []struct {
		name           string
		change         func(*mailServer)
		host           string
		user, password string
		sent           bool
		err            string
	}{
		{"STARTTLS", nil, "mail.example", "", "", true, ""},
		{"TLS from the start", func(s *mailServer) { s.implicit = true }, "mail.example", "", "", true, ""},
		{"no TLS", func(s *mailServer) { s.startTLS = false }, "mail.example", "", "", false, "does not offer STARTTLS"},
		{"no TLS on this machine", func(s *mailServer) { s.startTLS, s.loopback = false, true }, "127.0.0.1", "", "", true, ""},
		{"a name of this machine that leads elsewhere", func(s *mailServer) { s.startTLS = false }, "127.0.0.1", "", "", false, "does not offer STARTTLS"},
		{"another's certificate", nil, "post.example", "", "", false, "certificate is valid for mail.example, not post.example"},
		{"another's certificate from the start", func(s *mailServer) { s.implicit = true }, "post.example", "", "", false, "certificate is valid for mail.example, not post.example"},
		{"PLAIN", func(s *mailServer) { s.auth = "LOGIN PLAIN XOAUTH2" }, "mail.example", "ada", "pass word", true, ""},
		{"LOGIN", func(s *mailServer) { s.auth = "XOAUTH2 LOGIN" }, "mail.example", "ada", "pass word", true, ""},
		{"LOGIN over TLS from the start", func(s *mailServer) { s.auth, s.implicit = "LOGIN", true }, "mail.example", "ada", "pass word", true, ""},
		{"wrong password", func(s *mailServer) { s.auth = "PLAIN" }, "mail.example", "ada", "wrong one", false, "535 5.7.8 no such log-in"},
		{"neither PLAIN nor LOGIN", func(s *mailServer) { s.auth = "XOAUTH2" }, "mail.example", "ada", "pass word", false, "neither AUTH PLAIN nor LOGIN"},
		{"unknown host", nil, "nobody.example", "", "", false, "does not exist"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			inWorld(t, func(w *world) {
				host := tt.host
				if host == "nobody.example" {
					host = "mail.example"
				}
				s := w.mailServer(host, tt.change)
				target := s.target()
				target.URL = strings.Replace(target.URL, host, tt.host, 1)
				target.User, target.Password = tt.user, tt.password
				err := w.once(target, gone("1"))
				if got := s.mails(); (len(got) == 1) != tt.sent {
					t.Errorf("%d mails, %v", len(got), err)
				} else if tt.sent && got[0].user != tt.user {
					t.Errorf("sent as %q", got[0].user)
				}
				if tt.err == "" && err != nil || tt.err != "" && (err == nil || !strings.Contains(err.Error(), tt.err)) {
					t.Errorf("error %v, want %q", err, tt.err)
				}
				if err != nil && tt.password != "" && strings.Contains(err.Error(), tt.password) {
					t.Errorf("the error holds the password: %v", err)
				}
				if slices.Contains(s.commands, "DATA") && !tt.sent {
					t.Errorf("the text was sent: %v", s.commands)
				}
			})
		})
	}
}

// What strangers wrote cannot become a header, a command or the end of a mail.
func TestMailInjection(t *testing.T) {
	inWorld(t, func(w *world) {
		s := w.mailServer("mail.example", nil)
		target := s.target()
		target.IncludeText = true
		evil := "x\r\nBcc: everybody@newsroom.example\r\n\r\n.\r\nRCPT TO:<other@newsroom.example>\r\n"
		ev := with(gone("1"), func(e *archiver.Event) {
			e.Post.Author.Name, e.Post.Author.Handle, e.Post.Text, e.Post.ID, e.Post.URL = evil, evil, evil, evil, evil
			e.Status.Reason = evil
			e.Mentions[0].Title, e.Mentions[0].Article = evil, evil
		})
		if err := w.once(target, ev); err != nil {
			t.Fatal(err)
		}
		got := s.mails()
		if len(got) != 1 || len(got[0].to) != 1 {
			t.Fatalf("%d mails to %v", len(got), got)
		}
		h := got[0].parsed(t).Header
		if h.Get("Bcc") != "" || len(h) != 10 {
			t.Errorf("headers %v", h)
		}
		for _, c := range s.commands {
			if strings.Contains(c, "other@") {
				t.Errorf("command %q", c)
			}
		}
		if text := got[0].text(t); !strings.Contains(text, "\n  > .\n  > RCPT TO:<other@newsroom.example>\n") {
			t.Errorf("the words were changed:\n%s", text)
		}
	})
}

func TestMailReceivers(t *testing.T) {
	tests := []struct {
		name    string
		replies map[string]string
		mails   int // in a day
		to      []string
		reports []string
	}{
		{"both", nil, 1, []string{"a@newsroom.example", "b@newsroom.example"}, nil},
		{"one refused", map[string]string{"RCPT TO:<b@": "550 5.1.1 nobody of that name"}, 1, []string{"a@newsroom.example"}, []string{"mail:partly"}},
		{"one full for weeks", map[string]string{"RCPT TO:<b@": "452 4.2.2 mailbox full"}, 1, []string{"a@newsroom.example"}, []string{"mail:failing", "mail:partly", "mail:recovered"}},
		{"both refused", map[string]string{"RCPT": "550 5.1.1 nobody of that name"}, 0, nil, []string{"mail:failing"}},
		{"both full", map[string]string{"RCPT": "452 4.2.2 mailbox full"}, 0, nil, []string{"mail:failing"}},
		{"the sender is refused", map[string]string{"MAIL": "553 5.7.1 not you"}, 0, nil, []string{"mail:failing"}},
		{"the text is refused", map[string]string{".": "554 5.7.1 looks like spam"}, 0, nil, []string{"mail:skipped"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			inWorld(t, func(w *world) {
				s := w.mailServer("mail.example", func(s *mailServer) {
					s.reply = func(c string) string {
						for begin, reply := range tt.replies {
							if strings.HasPrefix(c, begin) {
								return reply
							}
						}
						return ""
					}
				})
				target := s.target()
				target.To = []string{"a@newsroom.example", "b@newsroom.example"}
				_, stop := w.running(target)
				w.tell(gone("1"))
				time.Sleep(20 * time.Hour)
				stop()
				got := s.mails()
				if len(got) != tt.mails {
					t.Fatalf("%d mails", len(got))
				}
				if tt.mails > 0 {
					equal(t, "receivers", got[0].to, tt.to)
				}
				equal(t, "reports", w.states(), tt.reports)
			})
		})
	}
}

// A server that says nothing, or too much, is left again.
func TestMailServerMisbehaves(t *testing.T) {
	for name, serve := range map[string]func(net.Conn){
		"silent": func(c net.Conn) { _, _ = c.Read(make([]byte, 1)) },
		"closes": func(net.Conn) {},
		"endless": func(c net.Conn) {
			for {
				if _, err := c.Write([]byte(strings.Repeat("220-hello\r\n", 1000))); err != nil {
					return
				}
			}
		},
		"not SMTP": func(c net.Conn) { _, _ = c.Write([]byte("HTTP/1.1 400 Bad Request\r\n\r\n")) },
	} {
		t.Run(name, func(t *testing.T) {
			var dial fetch.DialFunc
			change := func(o *fetch.Options) {
				other := o.Dial
				dial = func(ctx context.Context, network string, addr netip.AddrPort) (net.Conn, error) {
					if addr.Port() != 587 {
						return other(ctx, network, addr)
					}
					client, server := net.Pipe()
					go func() {
						defer server.Close()
						serve(server)
					}()
					return client, nil
				}
				o.Dial = dial
			}
			inWorldOf(t, change, func(w *world) {
				s := w.mailServer("mail.example", nil)
				began := time.Now()
				if err := w.once(s.target(), gone("1")); !errors.Is(err, store.ErrNetwork) && !errors.Is(err, store.ErrUnexpected) {
					t.Errorf("error %v", err)
				}
				if took := time.Since(began); took > 16*time.Minute {
					t.Errorf("took %v", took)
				}
				equal(t, "reports", w.states(), []string{"mail:failing"})
			})
		})
	}
}
