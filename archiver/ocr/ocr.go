package ocr

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"time"

	"stet/store"
)

const (
	// Program is what is looked for on the path.
	Program = "tesseract"
	// DefaultTimeout is how long it may take: a screenshot takes a second or
	// two, a photograph of a page ten.
	DefaultTimeout = 60 * time.Second
	// maxText is the most bytes that it may say.
	maxText = 256 << 10
	// MaxPicture is the largest picture that is handed to it.
	MaxPicture = 32 << 20
)

// HowTo says how Tesseract gets onto a machine.
const HowTo = "install it (Debian and Ubuntu: apt install tesseract-ocr; macOS: brew install tesseract; Windows: winget install UB-Mannheim.TesseractOCR)"

// Options say how a picture is read. The zero value works.
type Options struct {
	// Languages are those of the words, as Tesseract calls them: eng, deu+fra.
	// Empty is what it takes by itself.
	Languages string
	// Timeout is 0 for [DefaultTimeout].
	Timeout time.Duration
}

// Read returns the words of a picture. It errors with ErrUsage where
// Tesseract is not installed, with ErrInvalid where it cannot read the picture
// or does not know the languages, with [context.DeadlineExceeded] where it takes too long.
func Read(ctx context.Context, picture []byte, o Options) (string, error) {
	if len(picture) > MaxPicture {
		return "", fmt.Errorf("%w: the picture has more than %d bytes", store.ErrInvalid, MaxPicture)
	}
	if err := fits(picture); err != nil {
		return "", err
	}
	path, err := exec.LookPath(Program)
	if err != nil {
		return "", fmt.Errorf("%w: %s is not installed on this machine; %s", store.ErrUsage, Program, HowTo)
	}
	if o.Timeout == 0 {
		o.Timeout = DefaultTimeout
	}
	if strings.Trim(o.Languages, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_+/") != "" {
		return "", fmt.Errorf("%w: %.40q names no languages as %s knows them, such as eng or deu+fra", store.ErrInvalid, o.Languages, Program)
	}
	run, cancel := context.WithTimeout(ctx, o.Timeout)
	defer cancel()
	args := []string{"stdin", "stdout"}
	if o.Languages != "" {
		args = append(args, "-l", o.Languages)
	}
	cmd := exec.CommandContext(run, path, args...)
	cmd.Stdin = bytes.NewReader(picture)
	cmd.Env = append(cmd.Environ(), "OMP_THREAD_LIMIT=1")
	cmd.WaitDelay = time.Second
	var said, complained bounded
	cmd.Stdout, cmd.Stderr = &said, &complained
	err = cmd.Run()
	switch {
	case ctx.Err() != nil:
		return "", ctx.Err()
	case errors.Is(run.Err(), context.DeadlineExceeded):
		return "", fmt.Errorf("reading the picture: %w: %s took longer than %s", context.DeadlineExceeded, Program, o.Timeout)
	case err != nil:
		return "", fmt.Errorf("%w: %s cannot read the picture: %w: %s", store.ErrInvalid, Program, err, firstLine(complained.String()))
	}
	return strings.TrimSpace(strings.ToValidUTF8(said.String(), "\ufffd")), nil
}

// bounded keeps the first bytes of what a program says, and takes all of it.
type bounded struct{ kept bytes.Buffer }

// Write implements [io.Writer].
func (b *bounded) Write(p []byte) (int, error) {
	if left := maxText - b.kept.Len(); left > 0 {
		b.kept.Write(p[:min(left, len(p))])
	}
	return len(p), nil
}

func (b *bounded) String() string { return b.kept.String() }

func firstLine(s string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(s), "\n")
	return line[:min(len(line), 200)]
}
