package wire

import (
	"testing"

	"stet/archiver/notify"
)

// The stream of Bluesky's events is followed only where that is configured.
func TestPushIsOptIn(t *testing.T) {
	for _, on := range []bool{false, true} {
		_, c, o := inside(t)
		c.Bluesky.Push = on
		s, err := OpenService(t.Context(), c, o, nil, func(notify.Report) {})
		if err != nil {
			t.Fatal(err)
		}
		if (s.Push != nil) != on {
			t.Errorf("bluesky.push %t, and the stream is %v", on, s.Push)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
}
