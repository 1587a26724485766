package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"stet/cmd/internal/config"
	"stet/store"
)

// root builds the tree of commands.
func (a *app) root() *cobra.Command {
	root := &cobra.Command{
		Use:   "stet COMMAND",
		Short: "Keep the social posts that articles show, so that they still stand",
		Long: `stet finds the social posts that articles embed, captures them, looks at the
originals again, and keeps every capture so that it still stands when the
original is deleted.

  stet capture https://news.example/story.html
  stet show https://x.com/someone/status/20
  stet recheck twitter:20
  stet demo                                     (no network, nothing to set up)`,
		SilenceErrors: true,
		SilenceUsage:  true,
		// Where a service has the archive open, here or elsewhere, it runs the
		// command.
		PersistentPreRunE: a.preRun,
		Args:              func(_ *cobra.Command, args []string) error { return a.unknownCommand(args) },
		RunE: func(cmd *cobra.Command, _ []string) error {
			cmd.SetOut(a.stderr)
			if err := cmd.Help(); err != nil {
				return err
			}
			return &told{code: 2, err: fmt.Errorf("%w: no command", store.ErrUsage)}
		},
	}
	root.SetIn(a.stdin)
	root.SetOut(a.stdout)
	root.SetErr(a.stderr)
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return fmt.Errorf("%w: %w; `%s --help` lists the flags", store.ErrUsage, err, cmd.CommandPath())
	})
	flags := root.PersistentFlags()
	flags.StringVar(&a.data, "data", "", "folder of the archive (default the system's folder for data)")
	flags.StringVar(&a.file, "config", "", "configuration file (default ./stet.yaml, then the system's folder)")
	flags.StringVar(&a.remote.server, "server", "", "use the archive of the service at this address, such as https://stet.news.example")
	flags.StringVar(&a.remote.tokenFile, "token-file", "", "file with the token for --server (default the token in STET_TOKEN)")
	flags.BoolVar(&a.remote.insecure, "insecure", false, "let --server begin with http:// (the token can be read on the way)")
	flags.BoolVar(&a.json, "json", false, "print JSON for scripts, one object per line")
	flags.BoolVarP(&a.verbose, "verbose", "v", false, "say more about errors, and what goes on")
	root.AddCommand(a.captureCommand(), a.extractCommand(), a.showCommand(), a.lookupCommand(), a.recheckCommand(),
		a.serveCommand(), a.watchCommand(), a.caseCommand(), a.sourceCommand(), a.jobsCommand(),
		a.checkCommand(), a.checkpointCommand(), a.verifyCommand(), a.backupCommand(), a.restoreCommand(), a.compactCommand(), a.migrateCommand(), a.rebuildCommand(), a.salvageCommand(),
		a.exportCommand(), a.importCommand(), a.statusCommand(), a.userCommand(), a.tokenCommand(), a.approveCommand(), a.holdCommand(), a.refuseCommand(), a.privateCommand(), a.redactCommand(), a.takedownCommand(), a.repairCommand(), a.doctorCommand(), a.configCommand(), a.demoCommand(), a.versionCommand())
	root.CompletionOptions.DisableDescriptions = false
	a.strictHelpers(root)
	return root
}

// strictHelpers lets the commands that cobra brings complain as the others do.
func (a *app) strictHelpers(root *cobra.Command) {
	root.InitDefaultHelpCmd()
	root.InitDefaultCompletionCmd()
	for _, cmd := range root.Commands() {
		switch cmd.Name() {
		case "help":
			show := cmd.Run
			cmd.Run = nil
			cmd.RunE = func(cmd *cobra.Command, args []string) error {
				if about, _, err := root.Find(args); len(args) > 0 && (err != nil || about == root) {
					return a.unknownCommand(args)
				}
				show(cmd, args)
				return nil
			}
		case "completion":
			cmd.Args = func(cmd *cobra.Command, args []string) error {
				if len(args) > 0 {
					return fmt.Errorf("%w: there is no completion for %.80q; `stet completion --help` lists the shells", store.ErrUsage, args[0])
				}
				return nil
			}
			cmd.RunE = func(cmd *cobra.Command, _ []string) error { return cmd.Help() }
			for _, shell := range cmd.Commands() {
				shell.Args = noArgs
			}
		}
	}
}

// noArgs refuses arguments.
func noArgs(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return fmt.Errorf("%w: `%s` takes no arguments, but %.80q was given", store.ErrUsage, cmd.CommandPath(), args[0])
	}
	return nil
}

// atMostOneArg asks for one argument or none.
func atMostOneArg(cmd *cobra.Command, args []string) error {
	if len(args) > 1 {
		return fmt.Errorf("%w: `%s` takes one argument, but %d were given", store.ErrUsage, cmd.CommandPath(), len(args))
	}
	return nil
}

// someArgs asks for at least one argument.
func someArgs(what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) == 0 {
			return fmt.Errorf("%w: `%s` needs %s; `%s --help` shows how", store.ErrUsage, cmd.CommandPath(), what, cmd.CommandPath())
		}
		return nil
	}
}

// oneArg asks for exactly one argument.
func oneArg(what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if err := someArgs(what)(cmd, args); err != nil {
			return err
		}
		return atMostOneArg(cmd, args)
	}
}

// commands are the names of the commands of this version.
func commands() []string {
	return []string{"capture", "extract", "show", "lookup", "recheck", "serve", "watch", "case", "source", "jobs", "check", "checkpoint", "verify", "export", "import", "backup", "restore", "compact", "migrate", "rebuild", "salvage", "status", "user", "token", "approve", "hold", "refuse", "private", "redact", "takedown", "repair", "doctor", "config", "version", "completion", "demo", "help"}
}

// near are words that mean what a command does.
func near() map[string]string {
	return map[string]string{
		"archive": "capture", "save": "capture", "snapshot": "capture", "add": "capture", "grab": "capture", "fetch": "capture", "download": "capture", "keep": "capture",
		"scan": "extract", "parse": "extract", "embeds": "extract", "list": "lookup", "ls": "lookup", "grep": "lookup", "query": "lookup", "quote": "lookup", "said": "lookup",
		"get": "show", "view": "show", "cat": "show", "diff": "show", "history": "show", "log": "show", "timeline": "show", "info": "status", "stat": "status", "stats": "status",
		"delete": "takedown", "remove": "takedown", "erase": "takedown", "seal": "takedown", "blacken": "redact", "censor": "redact", "look": "recheck", "refresh": "recheck", "update": "recheck", "alive": "recheck",
		"fsck": "check", "scrub": "check", "vacuum": "compact", "reindex": "rebuild", "recover": "salvage", "rescue": "salvage", "settings": "config", "example": "demo", "try": "demo",
		"run": "serve", "start": "serve", "daemon": "serve", "web": "serve", "desk": "serve", "feed": "source", "feeds": "source", "sources": "source",
		"queue": "jobs", "job": "jobs", "alert": "watch", "follow": "source", "cases": "case", "users": "user", "tokens": "token", "login": "token", "health": "status",
	}
}

// unknownCommand says what was meant by a word that is no command.
func (a *app) unknownCommand(args []string) error {
	if len(args) == 0 {
		return nil
	}
	word := args[0]
	if meant, ok := near()[strings.ToLower(word)]; ok {
		return fmt.Errorf("%w: there is no command %q; `stet %s` does that", store.ErrUsage, word, meant)
	}
	if a.looksLikeTarget(word) {
		return fmt.Errorf("%w: there is no command before %.200q; `stet capture %.200s` captures it, `stet show %.200s` shows what is kept", store.ErrUsage, word, word, word)
	}
	best := slices.MinFunc(commands(), func(x, y string) int { return cmp.Compare(config.Distance(word, x), config.Distance(word, y)) })
	if config.Distance(word, best) <= max(len(word)/3, 1) {
		return fmt.Errorf("%w: there is no command %.80q; did you mean `stet %s`?", store.ErrUsage, word, best)
	}
	return fmt.Errorf("%w: there is no command %.80q; `stet --help` lists them", store.ErrUsage, word)
}

// looksLikeTarget reports whether a word is something that commands work on.
func (a *app) looksLikeTarget(word string) bool {
	if strings.Contains(word, "://") || strings.Contains(word, ":") || strings.Contains(word, ".") && strings.Contains(word, "/") {
		return true
	}
	exists, _, err := a.files.Stat(word)
	return exists && err == nil
}
