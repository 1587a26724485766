package storetest

import (
	"os"
	"runtime"
	"strconv"
	"strings"
)

// Anonymous returns how many bytes of anonymous memory this process has: what
// it did not map from files. Where the system does not tell, it is what the heap
// and the stacks have in use.
func Anonymous() int {
	body, err := os.ReadFile("/proc/self/status")
	if err == nil {
		if _, rest, ok := strings.Cut(string(body), "\nRssAnon:"); ok {
			if fields := strings.Fields(rest); len(fields) > 0 {
				if n, err := strconv.Atoi(fields[0]); err == nil {
					return n << 10
				}
			}
		}
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int(m.HeapInuse + m.StackInuse) //nolint:gosec // of this process
}
