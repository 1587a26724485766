// Package forward lets a command run inside the process that has the archive
// open. bbolt locks its file: while a service runs, another process cannot open
// it, so the command line hands its arguments, its standard input and the files
// that it names to the service over a Unix socket, and gets back what the
// command prints and its exit code.
//
// The socket lies in the folder of the archive, or, where that path would be
// longer than the system allows, in the temporary folder under a name that
// follows from it. Its mode is 0600, or 0660 for a group that the operator
// names: whoever may open it may do everything that the command line can.
//
// # The protocol
//
// Both sides send frames: one byte that says what it is, the length of the rest
// as 4 bytes big endian, the rest. The client begins with its [Request] as JSON.
// A service of another version refuses it with a sentence. While the command
// runs, however long, the service shows every few seconds that it is there, so
// that one that is stopped or hangs is told from one that is at work.
//
// # From other machines
//
// [Remote] serves the same frames over HTTP: a POST to [CommandPath] that asks
// for an upgrade of the connection to the protocol [Protocol] and carries a
// token. What browsers send is refused, whatever it carries: a page must not be
// able to run commands for the person who reads it. All files that a command
// names are still the client's, and its holder may run what the token's role
// allows. [Upgrade] is the client's side.
package forward
