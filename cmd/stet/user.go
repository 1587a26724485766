package main

import (
	"context"
	"fmt"
	"io"
	"os/user"
	"strings"
	"time"

	"github.com/spf13/cobra"

	users "stet/cmd/internal/user"
	"stet/cmd/internal/wire"
	"stet/store"
)

func (a *app) userCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "user",
		Short: "Say who may log in to the pages of the service",
		Long: `The pages of ` + "`stet serve`" + ` are open to read on the machine itself. Everywhere else, and
for writing as soon as there is a user, people log in with a name and a password.

The role says what somebody may do: reader (look up and show), archivist (also
capture, look again, keep cases, approve what the public is shown), admin
(everything). Programs use tokens: see ` + "`stet token`" + `.

Only an argon2id hash of the password is kept, in users.json in the folder of the
archive. A new password, and removal, log somebody out at once.`,
		Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return fmt.Errorf("%w: there is no `stet user %s`; there are add, list, passwd, role and remove", store.ErrUsage, args[0])
			}
			return a.listUsers(cmd.Context())
		},
	}
	var role, file string
	add := &cobra.Command{
		Use:   "add NAME",
		Short: "Add a user, with a password that is drawn and printed once",
		Example: `  stet user add ada --role archivist
  stet user add bob --password-file -         (the first line of standard input)`,
		Args: oneArg("a name to log in with"),
		RunE: func(cmd *cobra.Command, args []string) error { return a.addUser(cmd.Context(), args[0], role, file) },
	}
	add.Flags().StringVar(&role, "role", string(users.Reader), "what the user may do: reader, archivist or admin")
	passwd := &cobra.Command{
		Use: "passwd NAME", Short: "Give a user a new password, and log them out", Args: oneArg("the name of a user"),
		RunE: func(cmd *cobra.Command, args []string) error { return a.newPassword(cmd.Context(), args[0], file) },
	}
	for _, c := range []*cobra.Command{add, passwd} {
		c.Flags().StringVar(&file, "password-file", "", "take the password from the first line of a file, or of standard input (-)")
	}
	cmd.AddCommand(add, passwd,
		&cobra.Command{Use: "list", Short: "List the users", Args: noArgs, RunE: func(cmd *cobra.Command, _ []string) error { return a.listUsers(cmd.Context()) }},
		&cobra.Command{Use: "role NAME ROLE", Short: "Give a user another role", Args: nameAndRole,
			RunE: func(cmd *cobra.Command, args []string) error { return a.newRole(cmd.Context(), args[0], args[1]) }},
		&cobra.Command{Use: "remove NAME", Short: "Remove a user, and log them out", Args: oneArg("the name of a user"),
			RunE: func(cmd *cobra.Command, args []string) error { return a.removeUser(cmd.Context(), args[0]) }})
	return cmd
}

// nameAndRole asks for a user's name and a role.
func nameAndRole(cmd *cobra.Command, args []string) error {
	if len(args) != 2 {
		return fmt.Errorf("%w: `%s` needs a name and a role: reader, archivist or admin", store.ErrUsage, cmd.CommandPath())
	}
	return nil
}

// changingUsers calls f with the users of the archive, which is open meanwhile:
// only one process changes them at a time. What was done is kept in the archive.
func (a *app) changingUsers(ctx context.Context, must bool, what string, name string, f func(*users.Users) error) error {
	return a.writing(ctx, must, func(w *wire.Archive) error {
		a.tokens.Lock()
		defer a.tokens.Unlock()
		if err := f(users.Of(w.Dir, a.now)); err != nil || what == "" {
			return err
		}
		return a.audit(ctx, w, store.Audit{Action: "user", Targets: []string{name}, Reason: what})
	})
}

// operator returns the name of who runs the command: that of a token, else that
// of the system's user, at the other end of the socket where a service runs it;
// empty where the system does not tell: the service's own user did not ask.
func (a *app) operator() string {
	switch {
	case a.holder != nil:
		return a.holder.Name
	case a.shared != nil:
		return a.peer
	}
	if u, err := user.Current(); err == nil {
		return u.Username
	}
	return ""
}

// password returns a password that a file holds, or one that is drawn.
func (a *app) password(file string) (password string, drawn bool, err error) {
	if file == "" {
		password, err = users.Generate(a.random)
		return password, true, err
	}
	var body []byte
	if file == "-" {
		body, err = io.ReadAll(io.LimitReader(a.stdin, maxToken))
	} else {
		body, err = a.files.Read(file, maxToken)
	}
	if err != nil {
		return "", false, fmt.Errorf("%w: --password-file: %w", store.ErrUsage, err)
	}
	line, _, _ := strings.Cut(string(body), "\n")
	return strings.TrimSuffix(line, "\r"), false, nil
}

// tellPassword prints a password that was drawn, once.
func (a *app) tellPassword(name string, role users.Role, password string, drawn bool) {
	switch {
	case a.json:
		v := struct {
			Name     string     `json:"name"`
			Role     users.Role `json:"role,omitempty"`
			Password string     `json:"password,omitempty"`
		}{Name: name, Role: role}
		if drawn {
			v.Password = password
		}
		a.out.json(v)
	case drawn:
		a.out.line("%s", password)
		a.warn("this is the password of %s; it is not kept and not shown again", name)
	default:
		a.out.line("%s can log in with that password.", name)
	}
}

func (a *app) addUser(ctx context.Context, name, roleWord, file string) error {
	role, err := users.ParseRole(roleWord)
	if err != nil {
		return err
	}
	password, drawn, err := a.password(file)
	if err != nil {
		return err
	}
	err = a.changingUsers(ctx, false, "added as "+string(role), name, func(u *users.Users) error { return u.Add(name, role, password, a.random) })
	if err == nil {
		a.tellPassword(name, role, password, drawn)
	}
	return err
}

func (a *app) newPassword(ctx context.Context, name, file string) error {
	password, drawn, err := a.password(file)
	if err != nil {
		return err
	}
	err = a.changingUsers(ctx, true, "new password", name, func(u *users.Users) error { return u.SetPassword(name, password, a.random) })
	if err == nil {
		a.tellPassword(name, "", password, drawn)
	}
	return err
}

func (a *app) newRole(ctx context.Context, name, roleWord string) error {
	role, err := users.ParseRole(roleWord)
	if err != nil {
		return err
	}
	err = a.changingUsers(ctx, true, "role "+string(role), name, func(u *users.Users) error { return u.SetRole(name, role) })
	if err == nil && !a.json {
		a.out.line("%s is %s now.", name, role)
	}
	return err
}

func (a *app) removeUser(ctx context.Context, name string) error {
	err := a.changingUsers(ctx, true, "removed", name, func(u *users.Users) error { return u.Remove(name) })
	if err == nil && !a.json {
		a.out.line("%s cannot log in any more.", name)
	}
	return err
}

func (a *app) listUsers(ctx context.Context) error {
	return a.changingUsers(ctx, true, "", "", func(u *users.Users) error {
		list, err := u.List()
		if err != nil {
			return err
		}
		for _, o := range list {
			if a.json {
				a.out.json(struct {
					Name    string     `json:"name"`
					Role    users.Role `json:"role"`
					Created time.Time  `json:"created"`
					Changed time.Time  `json:"changed"`
				}{o.Name, o.Role, o.Created, o.Changed})
				continue
			}
			a.out.line("%s  %s, added %s, password of %s", o.Name, o.Role, a.when(o.Created), a.when(o.Changed))
		}
		if len(list) == 0 && !a.json {
			a.out.block("", "No users: the pages are for whoever sits at this machine. `stet user add NAME` adds one.", 0)
		}
		return nil
	})
}
