package view

import "strings"

// Cell makes a text that somebody else wrote safe in a cell of a table: what a
// spreadsheet would take for a formula is put behind an apostrophe.
func Cell(s string) string {
	if s != "" && strings.ContainsRune("=+-@\t\r", rune(s[0])) {
		return "'" + s
	}
	return s
}
