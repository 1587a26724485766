package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"stet/store"
)

func (a *app) configCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "config",
		Short: "Show the configuration",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 0 {
				return fmt.Errorf("%w: there is no `stet config %.80s`; `stet config print` shows the effective values", store.ErrUsage, args[0])
			}
			return fmt.Errorf("%w: `stet config print` shows the effective values and where each comes from", store.ErrUsage)
		},
		RunE: func(*cobra.Command, []string) error { return nil },
	}
	cmd.AddCommand(&cobra.Command{
		Use:   "print",
		Short: "Print the effective values and where each comes from",
		Long: `Print every key with its effective value and where it comes from. A flag stands
above the environment, the environment above the file, the file above the
default. Secrets are not shown.`,
		Args: noArgs,
		RunE: func(*cobra.Command, []string) error { return a.configPrint() },
	})
	return cmd
}

func (a *app) configPrint() error {
	c, err := a.load()
	if err != nil {
		return err
	}
	settings := c.Settings()
	if a.json {
		for _, s := range settings {
			a.out.json(s)
		}
		return nil
	}
	file := "none"
	if c.File != "" {
		file = c.File
	}
	a.out.line("Configuration file: %s", file)
	a.out.line("")
	for _, s := range settings {
		a.out.line("%s", fmt.Sprintf("%-28s %s", s.Key, s.Value))
		if s.From != "default" {
			a.out.line("%-28s from %s", "", s.From)
		}
	}
	return nil
}
