package mem

// Op names the operations that a [Fault] can make fail.
type Op string

// The operations.
const (
	OpAppend Op = "append"
	OpRedact Op = "redact"
	OpGet    Op = "get"
	// OpList is List and Values.
	OpList Op = "list"
	// OpRead is Head, Read, Leaves and Cursor.
	OpRead      Op = "read"
	OpSetCursor Op = "set-cursor"
	OpLease     Op = "lease"
	OpExtend    Op = "extend"
	// OpJobs is Job, ListJobs and CountJobs.
	OpJobs Op = "jobs"
	// OpBlobCreate, OpBlobWrite and OpBlobCommit are the steps of storing a
	// blob.
	OpBlobCreate Op = "blob-create"
	OpBlobWrite  Op = "blob-write"
	OpBlobCommit Op = "blob-commit"
	// OpBlobOpen is Open, Stat and Blobs.
	OpBlobOpen   Op = "blob-open"
	OpBlobRead   Op = "blob-read"
	OpBlobRemove Op = "blob-remove"
)

// Fault makes one operation fail, or several.
type Fault struct {
	Op Op
	// After is how many operations succeed before the first failure.
	After int
	// Times is how many fail: 0 is one, less than 0 is all from then on.
	Times int
	// Err is what they return; it should wrap one of the classes of package
	// store.
	Err error
	// Late lets a changing operation take effect before it fails, as when the
	// answer is lost on the way. Operations that only read fail early anyhow.
	Late bool
}

// Inject adds a fault. Faults of one operation are tried in the order in which
// they were added; the first that applies decides.
func (s *Store) Inject(f Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if f.Times == 0 {
		f.Times = 1
	}
	s.faults = append(s.faults, f)
}

// Heal removes all faults.
func (s *Store) Heal() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = nil
}

// fault counts an operation and returns the error that is due. The caller
// holds the lock.
func (s *Store) fault(op Op, late bool) error {
	for i := range s.faults {
		f := &s.faults[i]
		if f.Op != op || f.Late != late || f.Times == 0 {
			continue
		}
		if f.After > 0 {
			f.After--
			continue
		}
		if f.Times > 0 {
			f.Times--
		}
		return f.Err
	}
	return nil
}
