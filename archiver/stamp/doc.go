// Package stamp signs heads of the evidence tree on a schedule, and lets others
// outside say when a head existed: authorities of RFC 3161, and calendars of
// OpenTimestamps, whose proofs are completed by themselves when a block of
// Bitcoin holds them.
//
// It sends digests only. What it is told is kept as records, with the exchanges;
// a stamp that failed or is pending is kept as that.
package stamp
