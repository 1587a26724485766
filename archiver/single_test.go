package archiver

import "testing"

func TestLedAway(t *testing.T) {
	const asked = "https://www.flickr.com/photo.gne?id=1"
	for answered, want := range map[string]bool{
		"": false, asked: false, "https://flickr.com/photo.gne?id=1": false, "https://www.flickr.com/photos/ada/1/": false,
		"https://www.flickr.com/": true, "https://www.flickr.com/signin?next=x": true, "https://identity.flickr.com/photo.gne": true,
		"https://consent.example/photo.gne": true, "https://www.flickr.com/accounts/login/": true, "https://www.flickr.com/Challenge/1": true,
	} {
		if got := LedAway(asked, answered); got != want {
			t.Errorf("%s: %t", answered, got)
		}
	}
	if LedAway("https://i.example/abc.jpg", "https://i.example/removed.png") {
		t.Error("another file of the same host is elsewhere")
	}
}
