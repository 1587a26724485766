package wire

import (
	"testing"

	"stet/cmd/internal/config"
	"stet/extract/post"
)

// Every platform that the engine can act on says what its answers conclude.
func TestRulesOfAllPlatforms(t *testing.T) {
	told := map[post.Platform]int{}
	for _, r := range Rules() {
		told[r.Platform]++
		if r.Endpoint == "" || r.Answer == "" || !r.Status.Known() {
			t.Errorf("an empty rule: %+v", r)
		}
	}
	for _, p := range platforms(&config.Config{}, nil) {
		if told[p.Platform()] == 0 {
			t.Errorf("no rules of %s", p.Platform())
		}
	}
}
