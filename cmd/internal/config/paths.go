package config

import (
	"fmt"
	"path/filepath"
	"strings"

	"stet/store"
)

// FileName is the name of the configuration file.
const FileName = "stet.yaml"

// Place is the machine as far as folders depend on it.
type Place struct {
	// Getenv reads an environment variable, and Environ lists all of them.
	Getenv  func(string) string
	Environ func() []string
	// OS is the operating system as Go names it.
	OS string
	// Home is the person's home folder, empty where there is none.
	Home string
}

// absolute returns the variable's value where it is an absolute path: the XDG
// specification says that others are to be ignored.
func (p Place) absolute(name string) string {
	if v := p.Getenv(name); filepath.IsAbs(v) {
		return v
	}
	return ""
}

// DataDir returns the folder of the archive where none is named: the one that
// the operating system gives to programs. It errors with ErrUsage where the
// machine has no such folder.
func (p Place) DataDir() (string, error) {
	if dir := p.absolute("XDG_DATA_HOME"); dir != "" {
		return filepath.Join(dir, "stet"), nil
	}
	if p.OS == "windows" {
		if dir := p.Getenv("LocalAppData"); dir != "" {
			return filepath.Join(dir, "stet"), nil
		}
	}
	if p.Home == "" {
		return "", fmt.Errorf("%w: there is no home folder to keep the archive in; name one with --data", store.ErrUsage)
	}
	switch p.OS {
	case "darwin", "ios":
		return filepath.Join(p.Home, "Library", "Application Support", "stet"), nil
	case "windows":
		return filepath.Join(p.Home, "AppData", "Local", "stet"), nil
	}
	return filepath.Join(p.Home, ".local", "share", "stet"), nil
}

// resolve makes a path of what a person wrote: ~/ is the home folder, and what
// is relative is relative to base.
func (p Place) resolve(path, base string) string {
	rest, home := strings.CutPrefix(filepath.ToSlash(path), "~/")
	switch {
	case home && p.Home != "":
		return filepath.Join(p.Home, filepath.FromSlash(rest))
	case path == "" || base == "" || filepath.IsAbs(path):
		return path
	}
	return filepath.Join(base, path)
}

// configFiles returns where the configuration file is looked for.
func (p Place) configFiles() []string {
	files := []string{FileName}
	switch dir := p.absolute("XDG_CONFIG_HOME"); {
	case dir != "":
		files = append(files, filepath.Join(dir, "stet", FileName))
	case p.OS == "windows" && p.Getenv("AppData") != "":
		files = append(files, filepath.Join(p.Getenv("AppData"), "stet", FileName))
	case p.Home == "":
	case p.OS == "darwin" || p.OS == "ios":
		files = append(files, filepath.Join(p.Home, "Library", "Application Support", "stet", FileName))
	case p.OS != "windows":
		files = append(files, filepath.Join(p.Home, ".config", "stet", FileName))
	}
	return files
}
