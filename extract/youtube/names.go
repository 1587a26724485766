package youtube

// OtherNames returns the words by which content systems call the platform in
// their macros and data.
func (Site) OtherNames() []string { return []string{"yt", "youtube-video", "youtu"} }
