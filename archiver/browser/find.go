package browser

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"runtime"

	"stet/store"
)

// names are those under which systems install the browser.
func names() []string {
	switch runtime.GOOS {
	case "darwin":
		return []string{"/Applications/Chromium.app/Contents/MacOS/Chromium", "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"}
	case "windows":
		return []string{"chrome", `C:\Program Files\Google\Chrome\Application\chrome.exe`, `C:\Program Files (x86)\Google\Chrome\Application\chrome.exe`,
			`C:\Program Files (x86)\Microsoft\Edge\Application\msedge.exe`}
	}
	return []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "headless_shell", "chrome-headless-shell"}
}

// Find returns the program to draw with: the configured one, or where that is
// empty the first that the machine has. It returns "" where there is none, and
// errors with store.ErrUsage where a configured one is not there.
func Find(configured string) (string, error) {
	if configured != "" {
		path, err := exec.LookPath(configured)
		if err != nil {
			return "", fmt.Errorf("%w: %s is no program: %w; set browser.path to a Chromium, or leave it out", store.ErrUsage, configured, err)
		}
		return path, nil
	}
	for _, name := range names() {
		path, err := exec.LookPath(name)
		if err == nil {
			return path, nil
		}
		if !errors.Is(err, exec.ErrNotFound) && !errors.Is(err, fs.ErrNotExist) && !os.IsPermission(err) {
			continue // a folder of PATH that cannot be read: the next name
		}
	}
	return "", nil
}
