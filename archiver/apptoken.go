package archiver

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"sync"

	"stet/archiver/fetch"
	"stet/store"
)

// AppToken is the token of an app without a user: the one that is configured, or
// the one that the app's key and secret are exchanged for (OAuth 2.0, RFC 6749
// §4.4). It is safe for concurrent use; its exchanges are recorded without their
// bodies.
type AppToken struct {
	Client Client
	// URL is where key and secret are exchanged for a token.
	URL         string
	Key, Secret string
	// Keys are the names of the two in the configuration.
	Keys [2]string
	// Given is a token that needs no exchange.
	Given string

	mu     sync.Mutex
	bearer string
}

// Token returns the token.
func (t *AppToken) Token(ctx context.Context) (string, error) {
	if t.Given != "" {
		return t.Given, nil
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.bearer != "" {
		return t.bearer, nil
	}
	basic := http.Request{Header: http.Header{}}
	basic.SetBasicAuth(url.QueryEscape(t.Key), url.QueryEscape(t.Secret))
	resp, err := t.Client.Do(ctx, fetch.Request{Method: http.MethodPost, URL: t.URL, Purpose: "post", Withhold: true, Body: []byte("grant_type=client_credentials"),
		Header: http.Header{"Content-Type": {"application/x-www-form-urlencoded;charset=UTF-8"}, "Authorization": {basic.Header.Get("Authorization")}}})
	if err != nil {
		return "", fmt.Errorf("exchanging %s for a token: %w", t.Keys[0], err)
	}
	var body struct {
		Token string `json:"access_token"`
	}
	if err := json.Unmarshal(resp.Body, &body); err != nil || resp.Status != http.StatusOK || body.Token == "" {
		return "", fmt.Errorf("exchanging %s for a token: %w: the platform answered %d; check %s and %s",
			t.Keys[0], store.ErrRefused, resp.Status, t.Keys[0], t.Keys[1])
	}
	t.bearer = body.Token
	return t.bearer, nil
}

// Drop forgets a token that is refused, so that the next one is exchanged anew.
// It reports whether that can help.
func (t *AppToken) Drop(token string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.bearer == token {
		t.bearer = ""
	}
	return t.Given == ""
}
