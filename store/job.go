package store

import (
	"encoding/json"
	"time"
)

// JobState says where a job stands.
type JobState string

// The states of a job. A job that is done is not kept: its outcome is in the
// journal.
const (
	// JobWaiting: to be leased at RunAt or later.
	JobWaiting JobState = "waiting"
	// JobLeased: a worker has it until Lease.Until.
	JobLeased JobState = "leased"
	// JobDead: it failed for good; Error says why. A person can retry or drop
	// it.
	JobDead JobState = "dead"
)

// The priorities of jobs: a lower number is leased first.
const (
	// PriorityPerson is for what a person waits for.
	PriorityPerson = 1
	// PriorityDesk is for what a person asked for who follows it elsewhere: what
	// fails stays until somebody has seen why.
	PriorityDesk = 2
	// PrioritySchedule is for what a source or a follow-up asks.
	PrioritySchedule = 5
	// PriorityLook is for looking again.
	PriorityLook = 8
)

// Job is durable intent: capture this, look again at that.
type Job struct {
	ID ID `json:"id"`
	// Kind says which handler runs it: capture, look, …
	Kind string `json:"kind"`
	// Key makes the job unique: while a job of the same kind and key is kept,
	// no other is added. Empty keys are not compared.
	Key string `json:"key"`
	// Host is the host that the job will talk to, for fairness.
	Host string `json:"host,omitempty"`
	// Payload is the handler's, as JSON.
	Payload  json.RawMessage `json:"payload,omitempty"`
	Priority int             `json:"priority"`
	Created  time.Time       `json:"created"`
	// RunAt is the earliest time to lease it.
	RunAt time.Time `json:"run_at"`
	State JobState  `json:"state"`
	// Attempts counts how often it was begun. Whoever takes over a lease that
	// ended goes on with the attempt: a worker that died, or whose outcome the
	// storage could not take, is not the job's fault.
	Attempts int   `json:"attempts,omitempty"`
	Lease    Lease `json:"lease,omitzero"`
	// Error and ErrorClass are the last failure's sentence and the name of its
	// class.
	Error      string `json:"error,omitempty"`
	ErrorClass string `json:"error_class,omitempty"`
}

// Lease is a worker's temporary right to a job.
type Lease struct {
	// Owner names the worker.
	Owner string `json:"owner"`
	// Token grows by one with each lease of the job, also after it waited
	// again. An outcome that carries an older token is refused. A lease that
	// has ended is good until somebody else takes the job.
	Token uint64    `json:"token"`
	Until time.Time `json:"until"`
}

// Enqueue adds a job in a [Batch]. A new job waits, whatever State, Attempts,
// Lease and Error its Job carries.
type Enqueue struct {
	Job Job
	// Lease, where Owner is set, leases the job at once to its creator until
	// Until, with token 1 and whatever its RunAt. Where the job is already
	// kept and waits, or its lease has ended, the lease is given on that one,
	// with its next token; where another worker holds it, or it is dead,
	// nothing is changed. Token is not looked at.
	Lease Lease
	// Earlier brings a waiting job of the same key forward to the new job's
	// RunAt and Priority, each where it is earlier; Replace gives a waiting job
	// the new RunAt, Priority and Payload whatever they are. Without either,
	// and where the kept job does not wait, it stays as it is.
	Earlier bool
	Replace bool
}

// Outcome is what becomes of a leased job.
type Outcome string

// The outcomes of a job.
const (
	// OutcomeDone removes the job.
	OutcomeDone Outcome = "done"
	// OutcomeRetry makes it wait until RunAt.
	OutcomeRetry Outcome = "retry"
	// OutcomeDead keeps it with its error until a person decides.
	OutcomeDead Outcome = "dead"
	// OutcomeRelease makes it wait until RunAt and does not count the attempt.
	OutcomeRelease Outcome = "release"
	// OutcomeDrop removes a job that nobody holds (a person's decision): it is
	// dead, waits, or its lease has ended. Token is not compared.
	OutcomeDrop Outcome = "drop"
	// OutcomeRevive makes a job that nobody holds wait until RunAt with no
	// attempts and no error (a person's decision); Token is not compared.
	OutcomeRevive Outcome = "revive"
)

// Outcomes lists the outcomes.
func Outcomes() []Outcome {
	return []Outcome{OutcomeDone, OutcomeRetry, OutcomeDead, OutcomeRelease, OutcomeDrop, OutcomeRevive}
}

// Finish is a transition of a job in a [Batch]. Every job that it keeps loses
// its owner and keeps its token. Error and ErrorClass become the job's with
// OutcomeRetry and OutcomeDead; OutcomeRelease leaves the last failure's. RunAt is
// looked at with OutcomeRetry, OutcomeRelease and OutcomeRevive.
type Finish struct {
	Job     ID
	Token   uint64
	Outcome Outcome
	RunAt   time.Time
	// Payload replaces the job's where it is not nil.
	Payload    json.RawMessage
	Error      string
	ErrorClass string
}

// LeaseRequest asks for due jobs.
type LeaseRequest struct {
	// Owner names the worker.
	Owner string
	// Now is the time by the caller's clock; a backend with a clock of its own
	// (a database) uses that.
	Now time.Time
	// For is how long the lease lasts.
	For time.Duration
	// Limit is the most jobs to lease; 0 is one.
	Limit int
	// Kinds limits the kinds; empty means all.
	Kinds []string
	// SkipHosts are hosts that are busy: their jobs are left for others.
	SkipHosts []string
	// MaxPriority leaves out jobs of a higher number; 0 means all.
	MaxPriority int
}

// JobFilter selects jobs for a listing.
type JobFilter struct {
	States []JobState
	Kinds  []string
	// After is the id of the last job of the previous page.
	After ID
	// Limit is the most jobs to return; 0 is 100.
	Limit int
}

// JobCounts says how many jobs there are.
type JobCounts struct {
	// ByKind counts jobs by kind and state; a job whose lease has ended counts
	// as leased until somebody takes it.
	ByKind map[string]map[JobState]int
	// Due is how many waiting jobs could run now; NextAt is when the next
	// waiting job is due, zero where none waits.
	Due    int
	NextAt time.Time
}
