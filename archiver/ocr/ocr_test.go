package ocr_test

import (
	"context"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"stet/archiver/ocr"
	"stet/store"
)

// install puts a program called tesseract on the path.
func install(t *testing.T, script string) {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("the program is a shell script")
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, ocr.Program), []byte("#!/bin/sh\n"+script), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir+string(os.PathListSeparator)+os.Getenv("PATH"))
}

func TestRead(t *testing.T) {
	install(t, `echo "words of $* in $(wc -c) bytes"`)
	got, err := ocr.Read(t.Context(), []byte("picture"), ocr.Options{Languages: "deu+fra"})
	if err != nil || strings.Join(strings.Fields(got), " ") != "words of stdin stdout -l deu+fra in 7 bytes" {
		t.Errorf("got %q, %v", got, err)
	}
	if _, err := ocr.Read(t.Context(), nil, ocr.Options{Languages: "eng -c x"}); !errors.Is(err, store.ErrInvalid) {
		t.Errorf("languages with a space: %v", err)
	}
}

func TestTrouble(t *testing.T) {
	install(t, `echo "cannot open" >&2; exit 1`)
	if _, err := ocr.Read(t.Context(), []byte("x"), ocr.Options{}); !errors.Is(err, store.ErrInvalid) || !strings.Contains(err.Error(), "cannot open") {
		t.Errorf("got %v", err)
	}
	install(t, `exec sleep 60`)
	if _, err := ocr.Read(t.Context(), []byte("x"), ocr.Options{Timeout: 50 * time.Millisecond}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("too slow: %v", err)
	}
	install(t, `head -c 3000000 /dev/zero | tr '\0' a`)
	if got, err := ocr.Read(t.Context(), []byte("x"), ocr.Options{}); err != nil || len(got) > 300_000 || len(got) == 0 {
		t.Errorf("too much: %d bytes, %v", len(got), err)
	}
	t.Setenv("PATH", t.TempDir())
	if _, err := ocr.Read(t.Context(), []byte("x"), ocr.Options{}); !errors.Is(err, store.ErrUsage) || !strings.Contains(err.Error(), "install it") {
		t.Errorf("not installed: %v", err)
	}
	if _, err := ocr.Read(t.Context(), make([]byte, ocr.MaxPicture+1), ocr.Options{}); !errors.Is(err, store.ErrInvalid) {
		t.Errorf("too large: %v", err)
	}
}

// TestWall: a small file that says it is a wall is not handed on.
func TestWall(t *testing.T) {
	install(t, `echo words`)
	wall := []byte("\x89PNG\r\n\x1a\n\x00\x00\x00\x0dIHDR\x00\x01\x00\x00\x00\x01\x00\x00\x08\x06\x00\x00\x00")
	wall = binary.BigEndian.AppendUint32(wall, crc32.ChecksumIEEE(wall[12:]))
	if _, err := ocr.Read(t.Context(), wall, ocr.Options{}); !errors.Is(err, store.ErrInvalid) || !strings.Contains(err.Error(), "65536 × 65536 points") {
		t.Errorf("got %v", err)
	}
}
