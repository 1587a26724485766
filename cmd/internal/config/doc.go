// Package config reads what stet is configured with: flags over the
// environment over a YAML file over defaults. One table of keys
// ([Keys]) drives all of them, so that a key has one name, one form and one
// place where it is explained.
//
// Unknown keys are errors that name the file and the line. Secrets can be given
// as files and are never printed. The zero configuration works.
//
// No library imports this package: cmd/internal/wire turns a [Config] into the
// options of the packages that do the work.
package config
