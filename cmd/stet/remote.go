package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"stet/cmd/internal/forward"
	"stet/cmd/internal/token"
	"stet/cmd/internal/wire"
	"stet/store"
)

// remoteFlags lead to the archive of another machine.
type remoteFlags struct {
	server, tokenFile string
	insecure          bool
}

// serverOf returns the address of the service that is to run the command, empty
// where it is one of this machine. --data stands above STET_SERVER.
func (a *app) serverOf(cmd *cobra.Command) (string, error) {
	given := cmd.Flags().Changed
	switch {
	case given("server") && given("data"):
		return "", fmt.Errorf("%w: --server and --data name two archives", store.ErrUsage)
	case given("server") && a.remote.server == "":
		return "", fmt.Errorf("%w: --server is empty", store.ErrUsage)
	case given("server"):
		return a.remote.server, nil
	case given("data"):
		return "", nil
	}
	return a.place.Getenv("STET_SERVER"), nil
}

// here are the commands that work on the folder of an archive, or with folders
// of the machine that it is on.
func here(cmd *cobra.Command) bool {
	return slices.Contains([]string{"serve", "backup", "restore", "salvage", "migrate"}, topOf(cmd))
}

// topOf returns the name of the command below the program's.
func topOf(cmd *cobra.Command) string {
	for cmd.HasParent() && cmd.Parent().HasParent() {
		cmd = cmd.Parent()
	}
	return cmd.Name()
}

// preRunRemote connects to a service on another machine, where the command needs
// an archive.
func (a *app) preRunRemote(cmd *cobra.Command, server string) error {
	switch {
	case here(cmd):
		return fmt.Errorf("%w: `%s` works on the machine that the archive is on; run it there, without --server and STET_SERVER", store.ErrUsage, cmd.CommandPath())
	case !forwardable(cmd):
		return nil // it needs no archive
	}
	secret, err := a.token()
	if err != nil {
		return err
	}
	c, err := a.load()
	if err != nil {
		return err
	}
	conn, err := wire.DialServer(cmd.Context(), c, a.options(nil), wire.Server{URL: server, Token: secret, Insecure: a.remote.insecure})
	if err != nil {
		return err
	}
	a.service = conn
	return errForward
}

// maxToken is the largest file of a token.
const maxToken = 4 << 10

// token returns the token for the service: that of --token-file, of STET_TOKEN
// or of STET_TOKEN_FILE.
func (a *app) token() (string, error) {
	path, how := a.remote.tokenFile, "--token-file"
	if path == "" {
		if t := strings.TrimSpace(a.place.Getenv("STET_TOKEN")); t != "" {
			return checkToken(t, "STET_TOKEN")
		}
		path, how = a.place.Getenv("STET_TOKEN_FILE"), "STET_TOKEN_FILE"
	}
	if path == "" {
		return "", fmt.Errorf("%w: --server needs a token, in STET_TOKEN or a --token-file; `stet token add`, on the machine of the archive, makes one", store.ErrUsage)
	}
	info, err := os.Stat(path)
	if err == nil && (info.IsDir() || info.Size() > maxToken) {
		err = errors.New("it is not a small file")
	}
	var body []byte
	if err == nil {
		body, err = os.ReadFile(path)
	}
	if err != nil {
		return "", fmt.Errorf("%w: %s: reading the token from %s: %w", store.ErrUsage, how, path, cause(err))
	}
	return checkToken(strings.TrimSpace(string(body)), how)
}

// checkToken refuses what cannot stand in a header; the error does not repeat
// it.
func checkToken(t, how string) (string, error) {
	if t == "" || strings.ContainsFunc(t, func(r rune) bool { return r <= ' ' || r >= 0x7f }) {
		return "", fmt.Errorf("%w: %s does not hold a token: one word of letters and digits", store.ErrUsage, how)
	}
	return t, nil
}

// needs returns the role that a command from another machine needs, empty where
// no role is enough. What is not listed is the administrator's.
func needs(cmd *cobra.Command) token.Role {
	switch top := topOf(cmd); {
	case !forwardable(cmd) || here(cmd):
		return ""
	case top == "lookup" && cmd.Flags().Changed(elsewhereFlag):
		return token.Capture // it reaches out
	case top == "export" && (cmd.Flags().Changed("private") || tellsWho(cmd)):
		return token.Capture // as much as who may make things private
	case slices.Contains([]string{"show", "lookup", "status", "export"}, top):
		return token.Read
	case slices.Contains([]string{"capture", "recheck", "watch", "case", "approve", "private", "import"}, top):
		return token.Capture
	}
	return token.Admin
}

// tellsWho reports whether an export is a bundle for others than the public: it
// names operators, machines and private mentions.
func tellsWho(cmd *cobra.Command) bool {
	bundle, audience := cmd.Flags().Lookup("bundle"), cmd.Flags().Lookup("for")
	return bundle.Value.String() == "true" && audience.Value.String() != "public"
}

// permitted errors with ErrRefused where a command comes from another machine
// and the token is not for it.
func (a *app) permitted(cmd *cobra.Command) error {
	if a.holder == nil {
		return nil
	}
	role := needs(cmd)
	switch {
	case role == "":
		return fmt.Errorf("%w: `%s` is not run for other machines", store.ErrRefused, cmd.CommandPath())
	case !a.holder.Role.Includes(role):
		return fmt.Errorf("%w: `%s` needs a token of the role %s, and %s has %s", store.ErrRefused, cmd.CommandPath(), role, a.holder.Name, a.holder.Role)
	}
	return nil
}

// runRemote runs a command line for the holder of a token.
func (a *app) runRemote(ctx context.Context, args []string) int {
	// What cobra does by itself, such as completion, does not ask permitted.
	cmd, _, err := a.root().Find(args)
	if err == nil && cmd.HasParent() {
		err = a.permitted(cmd)
	} else if err == nil {
		err = fmt.Errorf("%w: no command", store.ErrUsage)
	}
	if err != nil {
		return a.tell(ctx, err)
	}
	return a.run(ctx, args)
}

// gate lets the holders of tokens in.
type gate struct{ tokens *token.Tokens }

// Open reports whether there is any token.
func (g gate) Open() (bool, error) { return g.tokens.Any() }

// Check returns the holder of a token.
func (g gate) Check(secret string) (forward.Caller, error) {
	t, err := g.tokens.Check(secret)
	return forward.Caller{Name: t.Name, Role: string(t.Role)}, err
}

// remote returns the handler of commands from other machines.
func (s *service) remote() *forward.Remote {
	return &forward.Remote{Version: version().Version, Gate: gate{token.Of(s.c.Data, s.a.now)},
		Run: func(ctx context.Context, who forward.Caller, r forward.Request, l forward.Local) int {
			code := s.withApp(ctx, r, l, func(ctx context.Context, client *app) int {
				client.holder = &token.Token{Name: who.Name, Role: token.Role(who.Role)}
				return client.runRemote(ctx, withoutPlace(r.Args))
			})
			s.log.Info("remote command", "token", who.Name, "role", who.Role, "command", commandWord(r.Args), "exit", code)
			return code
		},
		Report: func(who forward.Caller, address, _ string, err error) {
			level := slog.LevelWarn
			if errors.Is(err, store.ErrNotFound) {
				level = slog.LevelDebug // nobody is let in, and somebody knocked
			}
			s.log.Log(context.Background(), level, "remote command refused", "token", who.Name, "from", address, "error", errorText(err))
		}}
}

// warnPlain logs that passwords and tokens can be read on the way, where the
// pages are open to other machines without encryption: a proxy in front may do
// that.
func (s *service) warnPlain(l net.Listener) {
	if l == nil || s.c.Serve.CertFile != "" || loopback(l) {
		return
	}
	s.log.Warn("passwords and tokens of other machines are taken without encryption: set serve.cert_file, or let a proxy in front do it", "listen", l.Addr().String())
}

// firstUser makes somebody who can log in, where the pages are not for this
// machine only and nobody can: the password is printed once.
func (s *service) firstUser(l net.Listener) error {
	if l == nil || len(s.c.Serve.Hosts) == 0 && loopback(l) {
		return nil
	}
	password, err := s.archive().FirstUser(s.a.options(nil))
	if err != nil || password == "" {
		return err
	}
	_, err = fmt.Fprintf(s.a.stderr, "\nNobody could log in to the pages yet. Log in as admin with the password\n\n    %s\n\nIt is not kept and not shown again; `stet user` adds others.\n\n", password)
	return err
}

// loopback reports whether only this machine reaches a listener.
func loopback(l net.Listener) bool {
	ip, err := netip.ParseAddrPort(l.Addr().String())
	return err == nil && ip.Addr().Unmap().IsLoopback()
}

// commandWord returns the first word of a command line that is one of the
// program's commands: what else is in it is the person's own.
func commandWord(args []string) string {
	for _, a := range args {
		if slices.Contains(commands(), a) {
			return a
		}
	}
	return ""
}
