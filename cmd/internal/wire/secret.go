package wire

import (
	"encoding/hex"
	"fmt"
	"io"
	"path/filepath"

	lists "stet/cmd/internal/beside"
	"stet/store"
)

// secretFile is the file with the secret of the pages, beside the archive.
const secretFile = "pages.json"

// pageSecret returns the secret that the sessions of the pages are sealed with.
// The first service makes it; the web nodes of one archive have the same.
func pageSecret(dir string, random io.Reader) ([]byte, error) {
	file := lists.File[string]{Path: filepath.Join(dir, secretFile), What: "secrets"}
	list, err := file.List()
	if err != nil {
		return nil, err
	}
	if len(list) == 0 {
		raw := make([]byte, 32)
		if _, err := io.ReadFull(random, raw); err != nil {
			return nil, fmt.Errorf("drawing the secret of the pages: %w", err)
		}
		list = []string{hex.EncodeToString(raw)}
		if err := file.Write(list); err != nil {
			return nil, err
		}
	}
	secret, err := hex.DecodeString(list[0])
	if err != nil || len(secret) < 32 {
		return nil, fmt.Errorf("%w: %s does not hold 64 hexadecimal digits; remove it, and everybody logs in anew", store.ErrCorrupt, file.Path)
	}
	return secret, nil
}
