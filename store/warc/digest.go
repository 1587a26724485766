package warc

// Check compares what is written to it with the digest that a record states.
type Check struct {
	d *digester
	// Stated is false where the record states none.
	Stated bool
}

// NewCheck reads a digest as it stands in a record's head, empty for none. It
// errors where it is of no kind that is known, or is not one.
func NewCheck(stated string) (*Check, error) {
	d, err := newDigester(stated)
	if err != nil {
		return nil, err
	}
	return &Check{d, stated != ""}, nil
}

// Write hashes p; it never errors.
func (c *Check) Write(p []byte) (int, error) { return c.d.Write(p) }

// Matches reports whether what was written has the digest, or none is stated.
func (c *Check) Matches() bool { return c.d.matches() }
