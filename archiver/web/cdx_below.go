package web

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"stet/store"
)

// below lists the addresses of pages and articles that begin as the one of a
// question does, or are of its host, or of its domain.
func (a audience) below(ctx context.Context, q *indexQuery) ([]string, error) {
	key := store.ArticleKey(q.url)
	host, rest := cutHost(key)
	match := q.match
	if match == "prefix" && rest == "" {
		match = "host" // what begins with a host and its slash is all of it
	}
	found := map[string]bool{}
	for _, x := range []store.Index{store.IndexURL, store.IndexArticle} {
		var err error
		switch match {
		case "prefix":
			if strings.HasSuffix(q.url, "/") && !strings.HasSuffix(key, "/") {
				key += "/"
			}
			err = a.keysOf(ctx, x, key, found)
		case "host":
			err = a.keysOfHost(ctx, x, host, found)
		default:
			err = a.keysOfDomain(ctx, x, host, found)
		}
		if err != nil {
			return nil, err
		}
	}
	out := make([]string, 0, len(found))
	for key := range found {
		if u, err := webURL(key); err == nil {
			out = append(out, u)
		}
	}
	slices.Sort(out)
	return out, nil
}

// cutHost divides the key of an address at the end of the host, or the port.
func cutHost(key string) (host, rest string) {
	if i := strings.IndexAny(key, "/?"); i >= 0 {
		return key[:i], key[i:]
	}
	return key, ""
}

// keysOf finds the keys that begin with a prefix.
func (a audience) keysOf(ctx context.Context, x store.Index, prefix string, found map[string]bool) error {
	values, err := a.s.o.Archive.Values(ctx, x, prefix, "", a.s.mostIndex+1)
	if err != nil {
		return err
	}
	for _, v := range values {
		found[v] = true
	}
	if len(found) > a.s.mostIndex {
		return fmt.Errorf("%w: more than %d addresses; ask for less", store.ErrTooLarge, a.s.mostIndex)
	}
	return nil
}

// keysOfHost finds the keys of a host: the first page's is the host alone.
func (a audience) keysOfHost(ctx context.Context, x store.Index, host string, found map[string]bool) error {
	first, err := a.s.o.Archive.Values(ctx, x, host, "", 1)
	if err != nil {
		return err
	}
	if len(first) > 0 && first[0] == host {
		found[host] = true
	}
	for _, sign := range []string{"/", "?"} {
		if err := a.keysOf(ctx, x, host+sign, found); err != nil {
			return err
		}
	}
	return nil
}

// maxHosts is how many hosts are stepped over in the search for those of a
// domain: the keys begin with the host, and those of one domain do not stand
// together.
const maxHosts = 20_000

// keysOfDomain finds the keys of a host and of those below it. It steps from
// host to host, however many pages each of them has.
func (a audience) keysOfDomain(ctx context.Context, x store.Index, domain string, found map[string]bool) error {
	after := ""
	for steps := 0; ; steps++ {
		if steps > maxHosts {
			return fmt.Errorf("%w: more than %d hosts are kept; ask for each with matchType=host", store.ErrTooLarge, maxHosts)
		}
		values, err := a.s.o.Archive.Values(ctx, x, "", after, 1)
		if err != nil || len(values) == 0 {
			return err
		}
		host, rest := cutHost(values[0])
		below := host == domain || strings.HasSuffix(host, "."+domain)
		switch {
		case rest == "":
			if after = values[0]; below {
				found[host] = true
			}
			continue
		case below:
			if err := a.keysOf(ctx, x, host+rest[:1], found); err != nil {
				return err
			}
		}
		after = host + rest[:1] + "\U0010ffff" // behind all that the host has with this sign
	}
}
