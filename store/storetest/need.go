package storetest

import (
	"os"
	"testing"
)

// Need skips a test that cannot run here, saying what it needs. With STET_CI=1
// in the environment nothing may be missing: then the test fails instead.
func Need(t testing.TB, available bool, what string) {
	t.Helper()
	if available {
		return
	}
	if os.Getenv("STET_CI") == "1" {
		t.Fatalf("this test needs %s, and with STET_CI=1 it must not be skipped", what)
	}
	t.Skipf("this test needs %s", what)
}
