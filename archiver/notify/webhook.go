package notify

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"stet/archiver/fetch"
)

// webhook posts events as JSON.
type webhook struct {
	poster
	secret string
	now    func() time.Time
}

func newWebhook(c *fetch.Client, t *Target, now func() time.Time) *webhook {
	return &webhook{poster: poster{client: c, url: t.URL}, secret: t.Secret, now: now}
}

// webhookDigest is the body of a webhook about several events.
type webhookDigest struct {
	ID     string    `json:"id"`
	Event  string    `json:"event"`
	Time   time.Time `json:"time"`
	Count  int       `json:"count"`
	Events []shown   `json:"events"`
}

func (w *webhook) send(ctx context.Context, m *message) error {
	body, err := w.body(m)
	if err != nil {
		return err
	}
	h := http.Header{
		"Content-Type": {"application/json"},
		"X-Stet-Event": {m.event()},
		DeliveryHeader: {m.id},
		// A string of RFC 9651, as the draft of the header wants it.
		"Idempotency-Key": {`"` + m.id + `"`},
	}
	if w.secret != "" {
		h.Set(SignatureHeader, sign(w.secret, w.now(), body))
	}
	return w.post(ctx, body, h)
}

// body is the JSON of a message: the event, or a digest of several.
func (w *webhook) body(m *message) ([]byte, error) {
	var v any = webhookDigest{ID: m.id, Event: digest, Time: m.time, Count: len(m.events), Events: m.events}
	if m.single() {
		v = &m.events[0]
	}
	body, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("writing a message as JSON: %w", err)
	}
	return body, nil
}
