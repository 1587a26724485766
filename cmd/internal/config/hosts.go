package config

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"os"
	"slices"
	"strings"

	"stet/archiver/fetch"
)

// hostGroup is the list of what hosts of the operator's own are sent.
func hostGroup() group {
	return group{name: "fetch.hosts", fields: map[string]bool{"host": false, "headers": false, "header_files": false, "cookie": false, "cookie_file": false, "allow_http": false},
		pairs: []string{"headers", "header_files"}, add: addHost}
}

func addHost(c *Config, e element) error {
	a := fetch.Access{Host: e.one("host"), Cookie: e.one("cookie"), Header: http.Header{}}
	if err := parsed(&e, "allow_http", &a.AllowHTTP, parseBool); err != nil {
		return err
	}
	if path := e.one("cookie_file"); path != "" {
		if a.Cookie != "" {
			return errors.New("cookie and cookie_file are both set; take one out")
		}
		value, err := secretFile(path)
		if err != nil {
			return fmt.Errorf("cookie_file: %w", err)
		}
		a.Cookie = value
	}
	for name, value := range e.pairs["headers"] {
		a.Header.Add(name, value)
	}
	for name, path := range e.pairs["header_files"] {
		value, err := secretFile(path)
		if err != nil {
			return fmt.Errorf("header_files: %s: %w", name, err)
		}
		a.Header.Add(name, value)
	}
	for _, name := range slices.Sorted(maps.Keys(a.Header)) {
		if len(a.Header[name]) > 1 {
			return fmt.Errorf("the header %s is given twice", name)
		}
	}
	if a.Host == "" {
		return errors.New("an element needs a host")
	}
	if err := a.Check(); err != nil {
		return err
	}
	same := func(o fetch.Access) bool { return strings.EqualFold(o.Host, a.Host) }
	if slices.ContainsFunc(c.Fetch.Hosts, same) {
		return fmt.Errorf("two elements are for the host %s", a.Host)
	}
	c.Fetch.Hosts = append(c.Fetch.Hosts, a)
	return nil
}

// secretFile reads a secret of one line from a file.
func secretFile(path string) (string, error) {
	info, err := os.Stat(path)
	if err == nil && (!info.Mode().IsRegular() || info.Size() > maxSecret) {
		err = fmt.Errorf("%s is not a small file", path)
	}
	if err != nil {
		return "", err
	}
	body, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	value := strings.TrimSpace(string(body))
	if value == "" {
		return "", fmt.Errorf("%s is empty", path)
	}
	return value, nil
}

// hostSettings writes the hosts for people: which headers, not what is in them.
func (c *Config) hostSettings() []Setting {
	var list []Setting
	for i := range c.Fetch.Hosts {
		a := &c.Fetch.Hosts[i]
		names := slices.Sorted(maps.Keys(a.Header))
		if a.Cookie != "" {
			names = append(names, "cookie")
		}
		also := ""
		if a.AllowHTTP {
			also = ", also over http"
		}
		list = append(list, Setting{Key: fmt.Sprintf("fetch.hosts[%d]", i), From: c.From("fetch.hosts"),
			Value: fmt.Sprintf("%s: %s %s%s", a.Host, strings.Join(names, ", "), Hidden, also)})
	}
	return list
}

// resolve makes the paths of an element complete.
func (e *element) resolve(p Place, base string) {
	for name, values := range e.values {
		if name == "file" || strings.HasSuffix(name, "_file") {
			for i := range values {
				values[i] = p.resolve(values[i], base)
			}
		}
	}
	for name, pairs := range e.pairs {
		if strings.HasSuffix(name, "_files") {
			for k, v := range pairs {
				pairs[k] = p.resolve(v, base)
			}
		}
	}
}
