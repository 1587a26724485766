package wire

import (
	"context"

	"stet/store/bolt"
)

// The words of the store that the commands for whole archives speak of.
type (
	// CopyProgress says how far a long copy is.
	CopyProgress = bolt.CopyProgress
	// BackupSummary says what a backup holds.
	BackupSummary = bolt.BackupSummary
)

// Backup copies the archive into a folder while others read and write.
func (a *Archive) Backup(ctx context.Context, dir string, report func(CopyProgress)) (BackupSummary, error) {
	return a.db.Backup(ctx, dir, bolt.BackupOptions{Report: report, Free: DiskFree})
}
