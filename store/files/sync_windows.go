package files

// syncFolder does nothing: Windows cannot sync folders, and NTFS keeps names
// in a journal of its own.
func syncFolder(string) error { return nil }
