package extract

import "testing"

// Whatever is wrapped around the address of a post, it is the same post.
func TestParse(t *testing.T) {
	f := testFinder()
	for _, in := range []string{
		"https://chirp.example/ann/status/12",
		"chirp.example/ann/status/12",
		"//chirp.example/ann/status/12?s=1#x",
		" https://WWW.Chirp.Example:443/ann/status/12\n",
		"https%3A%2F%2Fchirp.example%2Fann%2Fstatus%2F12",
		"https%253A%252F%252Fchirp.example%252Fann%252Fstatus%252F12",
		`https:\/\/chirp.example\/ann\/status\/12`,
		"https://chirp.example/ann/status/12?a=1&amp;b=2",
		"https://chirp.example/ann/status/12?q=100%",
		"https://embed.chirp.example/frame?id=12",
		"https://gazette-example.cdn.ampproject.org/c/s/chirp.example/ann/status/12",
		"https://www.google.com/amp/s/chirp.example/ann/status/12",
		"https://www.google.de/url?sa=t&url=https%3A%2F%2Fchirp.example%2Fann%2Fstatus%2F12&usg=x",
		"https://l.facebook.com/l.php?u=https%3A%2F%2Fchirp.example%2Fann%2Fstatus%2F12%3Fs%3D1&h=x",
		"https://out.forum.example/t3?url=https%3A%2F%2Fchirp.example%2Fann%2Fstatus%2F12&token=x",
		"https://t.umblr.com/redirect?z=https%3A%2F%2Fchirp.example%2Fann%2Fstatus%2F12&t=x",
		"https://href.li/?https://chirp.example/ann/status/12",
		"https://vk.com/away.php?to=https%3A%2F%2Fchirp.example%2Fann%2Fstatus%2F12",
		"https://eur01.safelinks.protection.outlook.com/?url=https%3A%2F%2Fchirp.example%2Fann%2Fstatus%2F12&data=x",
		"https://urldefense.com/v3/__https://chirp.example/ann/status/12?s=1__;!!N96Jx!abc$",
		"https://urldefense.com/v3/__https:/chirp.example/ann/status/12__;!!N96Jx!abc$",
		"https://urldefense.proofpoint.com/v2/url?u=https-3A__chirp.example_ann_status_12-3Fs-3D1&d=DwMFaQ",
		"https://chirp-example.translate.goog/ann/status/12?_x_tr_sl=de&_x_tr_tl=en",
		"https://bsky.brid.gy/r/https://chirp.example/ann/status/12",
		"https://skyview.social/?url=https%3A%2F%2Fchirp.example%2Fann%2Fstatus%2F12&viewtype=tree",
		"https://www.bing.com/ck/a?u=a1aHR0cHM6Ly9jaGlycC5leGFtcGxlL2Fubi9zdGF0dXMvMTI&ntb=1",
		"https://news.example/redirect/https://chirp.example/ann/status/12",
		"https://web.archive.org/web/20210505120000/https://chirp.example/ann/status/12",
		"https://web.archive.org/web/20210505120000if_/http:/chirp.example/ann/status/12",
		"http://web.archive.org/web/2021*/chirp.example/ann/status/12",
		"https://archive.ph/20210505/https://chirp.example/ann/status/12",
		"https://archive.today/newest/https://chirp.example/ann/status/12",
		"https://webcache.googleusercontent.com/search?q=cache:AbC:https://chirp.example/ann/status/12+&cd=1",
		"https://www.webcitation.org/query?url=https%3A%2F%2Fchirp.example%2Fann%2Fstatus%2F12&date=2012",
		"https://l.facebook.com/l.php?u=https%3A%2F%2Fweb.archive.org%2Fweb%2F2021%2Fhttps%3A%2F%2Fchirp.example%2Fann%2Fstatus%2F12",
	} {
		got, platform, ok := f.Parse(in)
		if !ok || platform != "chirp" || got.Ref.ID != "12" {
			t.Errorf("%s: got %+v %s %v", in, got, platform, ok)
		}
	}
	if got, platform, ok := f.Parse("https://moose.example/@ann/1098765432"); !ok || platform != "moose" || got.Ref.ID != "moose.example/1098765432" {
		t.Errorf("a federated platform: %+v %s %v", got, platform, ok)
	}
}

func TestParseOthers(t *testing.T) {
	f := testFinder()
	for in, kind := range map[string]TargetKind{
		"https://chirp.example/ann":                       TargetProfile,
		"https://chp.example/AbC":                         TargetShort,
		"https://chirp.example/share?u=https://a.example": TargetIntent,
		"https://chirp.example/":                          TargetOther,
	} {
		if got, _, ok := f.Parse(in); !ok || got.Kind != kind {
			t.Errorf("%s: got %+v %v, want %s", in, got, ok, kind)
		}
	}
	for _, in := range []string{
		"", " ", "chirp", "12", "ann/status/12", "/ann/status/12", "#x", "mailto:ann@chirp.example", "javascript:location='https://chirp.example/ann/status/12'",
		"ftp://chirp.example/ann/status/12", "https://notchirp.example/ann/status/12", "https://chirp.example.evil.example/ann/status/12",
		"https://chirp.example:8443/ann/status/12", "https://share.example/send?url=https%3A%2F%2Fchirp.example%2Fann%2Fstatus%2F12",
		"https://getpocket.com/save?url=https%3A%2F%2Fchirp.example%2Fann%2Fstatus%2F12",
		"https://a.example/story?url=https%3A%2F%2Fchirp.example%2Fann%2Fstatus%2F12", "https://%zz/", "https://[::1",
	} {
		if got, platform, ok := f.Parse(in); ok && got.Kind == TargetPost {
			t.Errorf("%q: got %+v %s", in, got, platform)
		}
	}
}

func TestArchivedFrame(t *testing.T) {
	const copyURL = "https://web.archive.org/web/20210505if_/https://chirp.example/ann/status/12"
	got := testFinder().Find(Input{ContentType: "text/html", Body: []byte(`<p>Words.</p><iframe src="` + copyURL + `"></iframe>`)})
	if len(got.Embeds) != 1 || got.Embeds[0].Archived != copyURL || got.Embeds[0].ID != "12" {
		t.Errorf("got %+v", got.Embeds)
	}
}
