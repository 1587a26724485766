package evidence

import (
	"context"
	"fmt"
	"strings"

	"stet/store"
)

// Handovers returns the notes by which keys handed over, oldest first.
func (l *Log) Handovers(ctx context.Context) ([][]byte, error) {
	records, err := l.archive.ListAll(ctx, store.StampTerm(store.StampKey), store.MaxHistory)
	if err != nil {
		return nil, err
	}
	var notes [][]byte
	for i := range records {
		s, err := store.Decode[store.Stamp](&records[i])
		if err != nil {
			return nil, err
		}
		notes = append(notes, s.Body)
	}
	return notes, nil
}

// IsHandover reports whether a file is a note by which a key hands over.
func IsHandover(b []byte) bool { return strings.HasPrefix(string(b), handover) }

// Follow trusts the key to which a trusted one handed over, where the note is
// signed by both. It errors with ErrVerification, and (see [IsStranger]) where
// the key that hands over is not trusted.
func (t *Trust) Follow(msg []byte) error {
	if len(msg) > maxNote || !IsHandover(msg) {
		return fmt.Errorf("%w: it is no note by which a key hands over", store.ErrVerification)
	}
	lines := strings.SplitN(string(msg[len(handover):]), "\n", 4)
	if len(lines) < 4 || !strings.HasPrefix(lines[0], "new ") || !strings.HasPrefix(lines[1], "old ") {
		return fmt.Errorf("%w: the note by which a key hands over cannot be read", store.ErrVerification)
	}
	next, old := lines[0][4:], lines[1][4:]
	n, err := t.OpenNote(msg)
	if err != nil {
		return fmt.Errorf("the note by which a key hands over: %w", err)
	}
	both, err := NewTrust(next)
	if err == nil {
		_, err = both.OpenNote(msg)
	}
	if err != nil {
		return fmt.Errorf("%w: the key that was handed over to has not signed it: %w", store.ErrVerification, err)
	}
	for _, k := range n.Keys {
		if k == old {
			return t.add(next)
		}
	}
	return fmt.Errorf("%w: %w: the key that hands over", store.ErrVerification, errStranger)
}
