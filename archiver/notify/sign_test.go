package notify_test

import (
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"stet/archiver/notify"
	"stet/store"
)

// The signature is the one that the package's comment describes, computed here
// with openssl:
//
//	printf '1772442000.{"id":"1"}' | openssl dgst -sha256 -hmac s3cret
const knownSignature = "t=1772442000,v1=47c9d092a3359db270e4fcbadad54268548f22c8920a86c2e298a275190fcfad"

func TestVerify(t *testing.T) {
	body := []byte(`{"id":"1"}`)
	at := time.Unix(1772442000, 0)
	wrong := strings.Repeat("00", 32)
	_, mac, _ := strings.Cut(knownSignature, "v1=")
	tests := []struct {
		name   string
		secret string
		header string
		body   string
		now    time.Time
		ok     bool
	}{
		{"right", "s3cret", knownSignature, string(body), at, true},
		{"four minutes later", "s3cret", knownSignature, string(body), at.Add(4 * time.Minute), true},
		{"our clock is behind", "s3cret", knownSignature, string(body), at.Add(-4 * time.Minute), true},
		{"played again", "s3cret", knownSignature, string(body), at.Add(6 * time.Minute), false},
		{"from the future", "s3cret", knownSignature, string(body), at.Add(-6 * time.Minute), false},
		{"another secret", "secret", knownSignature, string(body), at, false},
		{"another body", "s3cret", knownSignature, `{"id":"2"}`, at, false},
		{"another time", "s3cret", "t=1772442001,v1=" + mac, string(body), at, false},
		{"two secrets while one is replaced", "s3cret", "t=1772442000,v1=" + wrong + ",v1=" + mac, string(body), at, true},
		{"spaces and other versions", "s3cret", "t=1772442000, v0=abc, v1=" + mac, string(body), at, true},
		{"cut", "s3cret", knownSignature[:len(knownSignature)-2], string(body), at, false},
		{"no signature", "s3cret", "t=1772442000", string(body), at, false},
		{"no time", "s3cret", "v1=" + mac, string(body), at, false},
		{"empty", "s3cret", "", string(body), at, false},
	}
	for _, tt := range tests {
		err := notify.Verify(tt.secret, tt.header, []byte(tt.body), tt.now, 0)
		if (err == nil) != tt.ok || err != nil && !errors.Is(err, store.ErrVerification) {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
}

func TestWebhookIsSigned(t *testing.T) {
	inWorld(t, func(w *world) {
		in := w.inbox("hooks.example")
		target := hook("desk", "hooks.example")
		target.Secret = "s3cret"
		if err := w.once(target, gone("1")); err != nil {
			t.Fatal(err)
		}
		d := in.deliveries()[0]
		if err := notify.Verify("s3cret", d.header.Get(notify.SignatureHeader), d.body, time.Now(), 0); err != nil {
			t.Error(err)
		}
		id := d.header.Get(notify.DeliveryHeader)
		if raw, err := hex.DecodeString(id); err != nil || len(raw) != 16 || d.header.Get("Idempotency-Key") != `"`+id+`"` {
			t.Errorf("headers %v", d.header)
		}
		if d.header.Get("Content-Type") != "application/json" || d.header.Get("X-Stet-Event") != "gone" {
			t.Errorf("headers %v", d.header)
		}
		// Without a secret nothing is signed.
		if err := w.once(hook("other", "hooks.example"), gone("2")); err != nil {
			t.Fatal(err)
		}
		if d := in.deliveries()[1]; d.header.Get(notify.SignatureHeader) != "" {
			t.Errorf("headers %v", d.header)
		}
	})
}

// A receiver of webhooks reads the body, verifies it, and forgets what it has
// seen already.
func ExampleVerify() {
	const secret = "s3cret"
	seen := map[string]bool{}
	receive := func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 8<<20))
		if err != nil {
			http.Error(w, "too large", http.StatusRequestEntityTooLarge)
			return
		}
		now := time.Unix(1772442010, 0) // time.Now()
		if err := notify.Verify(secret, r.Header.Get(notify.SignatureHeader), body, now, notify.DefaultTolerance); err != nil {
			http.Error(w, "not from stet", http.StatusUnauthorized)
			return
		}
		if id := r.Header.Get(notify.DeliveryHeader); !seen[id] {
			seen[id] = true
			fmt.Println("received", string(body))
		}
		w.WriteHeader(http.StatusNoContent)
	}
	for _, signature := range []string{knownSignature, knownSignature, strings.Replace(knownSignature, "t=1", "t=2", 1)} {
		r := httptest.NewRequest(http.MethodPost, "/stet", strings.NewReader(`{"id":"1"}`))
		r.Header.Set(notify.SignatureHeader, signature)
		r.Header.Set(notify.DeliveryHeader, "389448468a4679b5339295570f4f071a")
		w := httptest.NewRecorder()
		receive(w, r)
		fmt.Println(w.Code)
	}
	// Output:
	// received {"id":"1"}
	// 204
	// 204
	// 401
}
