package config

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"stet/store"
)

// Flags are the flags that stand above everything else.
type Flags struct {
	// Data is --data and File is --config; empty is not given.
	Data string
	File string
}

// Load reads the configuration: flags over the environment over a file over
// defaults. It errors with ErrUsage where any of them cannot be right.
func Load(p Place, f Flags) (*Config, error) {
	c := Default()
	if err := c.loadFile(p, f.File); err != nil {
		return nil, err
	}
	if err := c.loadEnv(p); err != nil {
		return nil, err
	}
	if err := checkVariables(p); err != nil {
		return nil, err
	}
	if f.Data != "" {
		c.Data = f.Data
		c.origin["data"] = "flag --data"
	}
	if c.Data == "" {
		dir, err := p.DataDir()
		if err != nil {
			return nil, err
		}
		c.Data = dir
	}
	if err := c.loadSecrets(); err != nil {
		return nil, err
	}
	return c, c.check()
}

// loadFile reads the file that is named, or the first of those that are looked
// for.
func (c *Config) loadFile(p Place, named string) error {
	files, how := p.configFiles(), ""
	if named != "" {
		files, how = []string{named}, "--config"
	} else if v := p.Getenv("STET_CONFIG"); v != "" {
		files, how = []string{v}, "STET_CONFIG"
	}
	for _, path := range files {
		entries, err := readFile(path)
		switch {
		case errors.Is(err, os.ErrNotExist) && how == "":
			continue
		case errors.Is(err, os.ErrNotExist):
			return fmt.Errorf("%w: there is no file %s, which %s names", store.ErrUsage, path, how)
		case err != nil && store.ClassOf(err).Name == "internal":
			return fmt.Errorf("%w: the configuration %s cannot be read: %w", store.ErrUsage, path, err)
		case err != nil:
			return err
		}
		c.File = path
		for _, e := range entries {
			if err := c.apply(p, e, "file ", filepath.Dir(path)); err != nil {
				return err
			}
		}
		return c.bothForms("file")
	}
	return nil
}

// loadEnv reads the environment. An empty variable is not set.
func (c *Config) loadEnv(p Place) error {
	keys := Keys()
	for i := range keys {
		k := &keys[i]
		v := p.Getenv(k.Env())
		if v == "" {
			continue
		}
		values := []string{v}
		if k.List {
			values = nil
			for part := range strings.SplitSeq(v, ",") {
				if part = strings.TrimSpace(part); part != "" {
					values = append(values, part)
				}
			}
		}
		if err := c.apply(p, entry{key: k.Name, values: values, from: k.Env()}, "environment ", ""); err != nil {
			return err
		}
	}
	return c.bothForms("environment")
}

// apply sets a key. Paths in a file are relative to its folder; ~/ is the home
// folder.
func (c *Config) apply(p Place, e entry, kind, base string) error {
	if g := groupOf(e.key); g != nil {
		c.origin[e.key] = kind + e.from
		for _, el := range e.elements {
			el.resolve(p, base)
			if err := g.add(c, el); err != nil {
				return fmt.Errorf("%w: %s: %s: %w", store.ErrUsage, el.at, e.key, err)
			}
		}
		return nil
	}
	k := find(e.key)
	if isPath(k) && len(e.values) == 1 {
		e.values = []string{p.resolve(e.values[0], base)}
	}
	if err := k.set(c, e.values); err != nil {
		return fmt.Errorf("%w: %s: %s: %w", store.ErrUsage, e.from, k.Name, err)
	}
	c.origin[k.Name] = kind + e.from
	// A secret and the file that holds it stand for the same thing: the one
	// that is set later replaces the other.
	if k.Secret {
		return c.forget(k.Name+"_file", kind)
	} else if name, ok := strings.CutSuffix(k.Name, "_file"); ok {
		return c.forget(name, kind)
	}
	return nil
}

// isPath reports whether the value of a key is a path.
func isPath(k *Key) bool {
	return k.Name == "data" || k.Name == "storage.files" || strings.HasSuffix(k.Name, "_file")
}

// forget empties a key that a higher source has replaced.
func (c *Config) forget(name, kind string) error {
	k := find(name)
	if k == nil || c.origin[name] == "" || strings.HasPrefix(c.origin[name], kind) {
		return nil
	}
	delete(c.origin, name)
	return k.set(c, []string{""})
}

// bothForms errors where one source gives a secret and a file for it.
func (c *Config) bothForms(kind string) error {
	for _, name := range secrets() {
		a, b := c.origin[name], c.origin[name+"_file"]
		if strings.HasPrefix(a, kind) && strings.HasPrefix(b, kind) {
			return fmt.Errorf("%w: %s and %s_file are both set (%s and %s); take one out", store.ErrUsage, name, name, a, b)
		}
	}
	return nil
}

// secrets returns the names of the keys that hold secrets.
func secrets() []string {
	var names []string
	for _, k := range Keys() {
		if k.Secret {
			names = append(names, k.Name)
		}
	}
	return names
}

// maxSecret is the largest file of a secret.
const maxSecret = 64 << 10

// loadSecrets reads the secrets that are given as files.
func (c *Config) loadSecrets() error {
	for _, name := range secrets() {
		path := find(name + "_file").get(c)
		if path == "" {
			continue
		}
		body, err := secretFile(path)
		if err == nil {
			err = find(name).set(c, []string{body})
		}
		if err != nil {
			return fmt.Errorf("%w: %s_file (%s): reading the secret from %s: %w", store.ErrUsage, name, c.From(name+"_file"), path, err)
		}
		c.origin[name] = c.From(name + "_file")
	}
	return nil
}

// Again returns a secret as it is now: where a file holds it, the file is read
// once more, in which another may stand since. It errors with ErrUsage where that
// cannot be read.
func (c *Config) Again(name string) (string, error) {
	path := find(name + "_file").get(c)
	if path == "" {
		return find(name).get(c), nil
	}
	fresh := &Config{}
	body, err := secretFile(path)
	if err == nil {
		err = find(name).set(fresh, []string{body})
	}
	if err != nil {
		return "", fmt.Errorf("%w: %s_file: reading the secret from %s again: %w", store.ErrUsage, name, path, err)
	}
	return find(name).get(fresh), nil
}

// check errors where values do not fit each other.
func (c *Config) check() error {
	if len(c.Watch.Schedule) == 0 {
		return fmt.Errorf("%w: watch.schedule (%s) is empty; it takes at least one delay", store.ErrUsage, c.From("watch.schedule"))
	}
	if !slices.IsSorted(c.Watch.Schedule) {
		return fmt.Errorf("%w: watch.schedule (%s) does not ascend: its values are delays after the first capture", store.ErrUsage, c.From("watch.schedule"))
	}
	if (c.Twitter.ConsumerKey == "") != (c.Twitter.ConsumerSecret == "") {
		return fmt.Errorf("%w: twitter.consumer_key and twitter.consumer_secret belong together; only one of them is set", store.ErrUsage)
	}
	if (c.Reddit.ClientID == "") != (c.Reddit.ClientSecret == "") {
		return fmt.Errorf("%w: reddit.client_id and reddit.client_secret belong together; only one of them is set", store.ErrUsage)
	}
	if c.Wayback.Submit != "off" && (c.Wayback.AccessKey == "" || c.Wayback.SecretKey == "") {
		return fmt.Errorf("%w: wayback.submit is %s (%s), which needs wayback.access_key and wayback.secret_key, of an account of the Internet Archive: https://archive.org/account/s3.php",
			store.ErrUsage, c.Wayback.Submit, c.From("wayback.submit"))
	}
	if (c.Serve.CertFile == "") != (c.Serve.KeyFile == "") {
		return fmt.Errorf("%w: serve.cert_file and serve.key_file belong together; only one of them is set", store.ErrUsage)
	}
	if (c.Export.CertFile == "") != (c.Export.KeyFile == "") {
		return fmt.Errorf("%w: export.cert_file and export.key_file belong together; only one of them is set", store.ErrUsage)
	}
	if c.Export.CertFile != "" && len(c.Evidence.Authorities) == 0 {
		return fmt.Errorf("%w: export.cert_file (%s) needs evidence.authorities: whoever signs with a certificate has it stamped when that was", store.ErrUsage, c.From("export.cert_file"))
	}
	return c.Storage.check()
}
