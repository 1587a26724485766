package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"stet/cmd/internal/config"
	"stet/cmd/internal/token"
	"stet/cmd/internal/wire"
	"stet/store"
)

func (a *app) tokenCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "token",
		Short: "Let the command line of other machines use this archive",
		Long: `A token lets stet on another machine use the archive of the service, ` + "`stet\nserve`" + `, as if it were there:

  STET_TOKEN=… stet show twitter:20 --server https://stet.news.example

The role says what its holder may do: read (show, lookup, status), capture (also
capture, recheck, watch, approve), admin (everything but what works on folders of the
machine: serve, backup, restore, compact, rebuild, salvage). Files that a command
names are those of the machine that it is typed on.

The service takes such commands at serve.listen, as soon as there is a token.
Over a network that needs https: serve.cert_file, or a proxy in front that
hands upgrades of connections on.

Only a digest of the token is kept, in tokens.json in the folder of the archive.`,
		Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return fmt.Errorf("%w: there is no `stet token %s`; there are add, list and revoke", store.ErrUsage, args[0])
			}
			return a.listTokens(cmd.Context())
		},
	}
	var role, expires string
	add := &cobra.Command{
		Use:   "add NAME",
		Short: "Make a token and print it, once",
		Example: `  stet token add desk --role capture --expires 90d
  stet token add dashboard`,
		Args: oneArg("a name for the token, such as that of who holds it"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.addToken(cmd.Context(), args[0], role, expires)
		},
	}
	add.Flags().StringVar(&role, "role", string(token.Read), "what its holder may do: read, capture or admin")
	add.Flags().StringVar(&expires, "expires", "", "when it ends: a date, a date and time, or a duration such as 90d (default never)")
	cmd.AddCommand(add,
		&cobra.Command{Use: "list", Short: "List the tokens", Args: noArgs, RunE: func(cmd *cobra.Command, _ []string) error { return a.listTokens(cmd.Context()) }},
		&cobra.Command{Use: "revoke NAME", Short: "End a token, also for commands that run", Args: oneArg("the name of a token"),
			RunE: func(cmd *cobra.Command, args []string) error { return a.revokeToken(cmd.Context(), args[0]) }})
	return cmd
}

// withTokens calls f with the tokens of the archive, which is open meanwhile:
// only one process changes them at a time.
func (a *app) withTokens(ctx context.Context, must bool, f func(*token.Tokens) error) error {
	return a.writing(ctx, must, func(w *wire.Archive) error {
		a.tokens.Lock()
		defer a.tokens.Unlock()
		return f(token.Of(w.Dir, a.now))
	})
}

func (a *app) addToken(ctx context.Context, name, roleWord, expires string) error {
	role, err := token.ParseRole(roleWord)
	if err != nil {
		return err
	}
	var until time.Time
	if expires != "" {
		if until, err = a.momentOf("--expires", expires); err != nil {
			return err
		}
	}
	return a.withTokens(ctx, false, func(t *token.Tokens) error {
		secret, err := t.Add(name, role, until, a.random)
		if err != nil {
			return err
		}
		if a.json {
			a.out.json(struct {
				Name    string     `json:"name"`
				Role    token.Role `json:"role"`
				Token   string     `json:"token"`
				Expires *time.Time `json:"expires"`
			}{name, role, secret, nullTime(until)})
			return nil
		}
		a.out.line("%s", secret)
		a.warn("this is the token %s, of the role %s; it is not kept and not shown again", name, role)
		return nil
	})
}

func (a *app) revokeToken(ctx context.Context, name string) error {
	return a.withTokens(ctx, true, func(t *token.Tokens) error {
		if err := t.Revoke(name); err != nil {
			return err
		}
		if !a.json {
			a.out.line("The token %s opens nothing any more.", name)
		}
		return nil
	})
}

func (a *app) listTokens(ctx context.Context) error {
	return a.withTokens(ctx, true, func(t *token.Tokens) error {
		list, err := t.List()
		if err != nil {
			return err
		}
		for i := range list {
			a.tellToken(&list[i])
		}
		if len(list) == 0 && !a.json {
			a.out.block("", "No tokens: the archive is used on this machine only. `stet token add NAME` makes one.", 0)
		}
		return nil
	})
}

func (a *app) tellToken(t *token.Token) {
	if a.json {
		a.out.json(struct {
			Name    string     `json:"name"`
			Role    token.Role `json:"role"`
			State   string     `json:"state"`
			Created time.Time  `json:"created"`
			Expires *time.Time `json:"expires"`
			Revoked *time.Time `json:"revoked"`
		}{t.Name, t.Role, t.State(a.now()), t.Created, nullTime(t.Expires), nullTime(t.Revoked)})
		return
	}
	words := []string{string(t.Role), t.State(a.now()), "made " + a.when(t.Created)}
	if !t.Expires.IsZero() {
		words = append(words, "until "+a.when(t.Expires))
	}
	if !t.Revoked.IsZero() {
		words = append(words, "revoked "+a.when(t.Revoked))
	}
	a.out.line("%s  %s", t.Name, strings.Join(words, ", "))
}

// momentOf reads a time to come: a duration, or a date in the reader's zone.
func (a *app) momentOf(flag, s string) (time.Time, error) {
	if d, err := config.ParseDuration(s); err == nil {
		return a.now().Add(d).UTC(), nil
	}
	for _, form := range []string{time.RFC3339, "2006-01-02 15:04", "2006-01-02T15:04", time.DateOnly} {
		if t, err := time.ParseInLocation(form, s, a.zone); err == nil {
			if !t.After(a.now()) {
				return time.Time{}, fmt.Errorf("%w: %s: %s is past", store.ErrUsage, flag, s)
			}
			return t.UTC(), nil
		}
	}
	return time.Time{}, fmt.Errorf("%w: %s: %q is neither a duration such as 3d nor a date such as 2026-12-01 (in the zone %s)", store.ErrUsage, flag, s, a.zone)
}
