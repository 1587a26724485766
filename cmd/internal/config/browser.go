package config

import "time"

// Browser says what is drawn by a Chromium of the machine.
type Browser struct {
	// Draw is off, posts, pages or all.
	Draw string
	// Path is the Chromium; empty is the one that the machine has.
	Path string
	// Most is how many run at a time, Timeout bounds one drawing, MaxBytes what
	// one page may load, and MaxMemory what one browser may hold.
	Most      int
	Timeout   time.Duration
	MaxBytes  int64
	MaxMemory int64
	// Sandbox says whether the browser's own sandbox is on.
	Sandbox bool
}

// Posts and Pages say what is drawn.
func (b *Browser) Posts() bool { return b.Draw == "posts" || b.Draw == "all" }

// Pages says whether articles and linked pages are drawn.
func (b *Browser) Pages() bool { return b.Draw == "pages" || b.Draw == "all" }

func browserKeys() []Key {
	return []Key{
		value("browser.draw", func(c *Config) *string { return &c.Browser.Draw }, parseDraw, asIs),
		value("browser.path", func(c *Config) *string { return &c.Browser.Path }, parsePath, asIs),
		value("browser.most", func(c *Config) *int { return &c.Browser.Most }, parseCount(1, 100), formatInt),
		value("browser.timeout", func(c *Config) *time.Duration { return &c.Browser.Timeout }, ParseDuration, FormatDuration),
		value("browser.max_bytes", func(c *Config) *int64 { return &c.Browser.MaxBytes }, ParseSize, FormatSize),
		value("browser.max_memory", func(c *Config) *int64 { return &c.Browser.MaxMemory }, ParseSize, FormatSize),
		value("browser.sandbox", func(c *Config) *bool { return &c.Browser.Sandbox }, parseBool, formatBool),
	}
}

// parseDraw takes what is drawn.
func parseDraw(s string) (string, error) {
	switch s {
	case "off", "false":
		return "off", nil
	case "posts", "pages", "all":
		return s, nil
	}
	return "", errValue(s, "off, posts, pages or all")
}

// parseSubmit takes what is handed to the Wayback Machine.
func parseSubmit(s string) (string, error) {
	switch s {
	case "off", "false":
		return "off", nil
	case "articles", "links", "all":
		return s, nil
	}
	return "", errValue(s, "off, articles, links or all")
}
