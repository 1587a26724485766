package twitter

// OtherNames returns the words by which content systems call the platform and
// its posts in their macros and data.
func (Site) OtherNames() []string { return []string{"x", "tweet", "tweets"} }
