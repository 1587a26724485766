package archiver

import "testing"

func TestRefreshOf(t *testing.T) {
	for body, want := range map[string]string{
		`<head><noscript><META http-equiv="refresh" content="0;URL=https://news.example/a?b=1&amp;c=2"></noscript><title>x</title></head>`: "https://news.example/a?b=1&c=2",
		`<meta http-equiv=Refresh content="5; url='https://news.example/b'">`:                                                              "https://news.example/b",
		`<meta http-equiv="refresh" content="5">`:                                                                                          "",
		`<meta name="refresh" content="0;url=https://news.example/">`:                                                                      "",
		``: "",
	} {
		if got := refreshOf([]byte(body)); got != want {
			t.Errorf("refreshOf(%s) = %q, want %q", body, got, want)
		}
	}
}
