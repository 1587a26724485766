package post

// Status says whether a post is still there. In the answer of one look it is
// that answer's meaning; as a post's state it is the verdict over the history
// of looks. Values that this version does not know survive decoding and count
// as neither gone nor hidden.
type Status string

// The statuses. Only Deleted may be worded "deleted by its author".
const (
	// Live: the post was shown.
	Live Status = "live"
	// Deleted: the platform states that the author deleted the post.
	Deleted Status = "deleted"
	// AccountSuspended: the platform suspended the author's account.
	AccountSuspended Status = "account-suspended"
	// AccountGone: the author's account was closed or no longer exists.
	AccountGone Status = "account-gone"
	// Protected: the author limits who may see the post.
	Protected Status = "protected"
	// AgeRestricted: the post is behind an age gate.
	AgeRestricted Status = "age-restricted"
	// Withheld: the post is withheld in some countries or on legal demand.
	Withheld Status = "withheld"
	// Removed: the platform removed the post.
	Removed Status = "removed"
	// NotFound: the platform knows no such post; the cause is unknown.
	NotFound Status = "not-found"
	// Unknown: it cannot be told.
	Unknown Status = "unknown"
)

// Statuses lists every status of this version, in the order of the constants.
func Statuses() []Status {
	return []Status{Live, Deleted, AccountSuspended, AccountGone, Protected,
		AgeRestricted, Withheld, Removed, NotFound, Unknown}
}

// Known reports whether this version knows s.
func (s Status) Known() bool { return s.Words() != "" }

// Gone reports whether s means that the post cannot be had any more.
func (s Status) Gone() bool {
	switch s {
	case Deleted, Removed, AccountSuspended, AccountGone, NotFound:
		return true
	}
	return false
}

// Hidden reports whether s means that the post exists but is not shown to
// everybody. A hidden post is never called gone.
func (s Status) Hidden() bool {
	switch s {
	case Protected, AgeRestricted, Withheld:
		return true
	}
	return false
}

// Words returns the phrase that people are shown, or the empty string where
// this version does not know s.
func (s Status) Words() string {
	switch s {
	case Live:
		return "live"
	case Deleted:
		return "deleted by its author"
	case AccountSuspended:
		return "missing, the account is suspended"
	case AccountGone:
		return "missing, the account no longer exists"
	case Protected:
		return "hidden, the author limits who may see it"
	case AgeRestricted:
		return "hidden, behind an age gate"
	case Withheld:
		return "hidden, withheld in some places"
	case Removed:
		return "removed by the platform"
	case NotFound:
		return "missing, cause unknown"
	case Unknown:
		return "cannot tell"
	}
	return ""
}

// Source says how a record was obtained.
type Source string

// The sources, richest first.
const (
	// SourceAPI is the platform's authenticated interface.
	SourceAPI Source = "api"
	// SourcePublic is the platform's keyless public endpoint.
	SourcePublic Source = "public"
	// SourceEmbed is oEmbed or an embed page.
	SourceEmbed Source = "embed"
	// SourceArchive is a memento of a web archive.
	SourceArchive Source = "archive"
	// SourceImport is a file that was given to the archive: what it says was
	// true when somebody else made it, and nothing vouches for it.
	SourceImport Source = "import"
	// SourceArticle is what an article's own markup quotes. The publisher can
	// have altered it.
	SourceArticle Source = "article"
)

// Secondhand reports whether somebody other than the platform or a web archive
// wrote down what the source says: an article or an imported file. It tells
// what was said, but neither when, nor whose handle was which, nor that anything
// changed.
func (s Source) Secondhand() bool { return s == SourceArticle || s == SourceImport }

// Rank orders sources: the greater, the richer. A value that this version does
// not know ranks below all others.
func (s Source) Rank() int {
	switch s {
	case SourceAPI:
		return 6
	case SourcePublic:
		return 5
	case SourceEmbed:
		return 4
	case SourceArchive:
		return 3
	case SourceImport:
		return 2
	case SourceArticle:
		return 1
	}
	return 0
}

// Words returns how people are told of s.
func (s Source) Words() string {
	switch s {
	case SourceAPI:
		return "the platform's API"
	case SourcePublic:
		return "the platform's public endpoint"
	case SourceEmbed:
		return "the platform's embed endpoint"
	case SourceArchive:
		return "a web archive"
	case SourceImport:
		return "an imported file"
	case SourceArticle:
		return "the article's own quotation"
	}
	return string(s)
}
