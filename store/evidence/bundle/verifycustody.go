package bundle

import (
	"bytes"
	"encoding/json"
	"fmt"
	"path"
	"slices"
	"strings"
	"time"

	"stet/extract/post"
	"stet/store"
	"stet/store/evidence"
)

// readCustody reads what the archive says in its own words. What it says of the
// records is compared when those are known.
func (v *verifying) readCustody() (err error) {
	if v.custody, err = v.p.ReadAll(Custody, maxCustody); err != nil {
		return err
	}
	if err := json.Unmarshal(v.custody, &v.facts); err != nil {
		v.say(Custody, evidence.Wrong, "it cannot be read: %s", err)
	} else if v.facts.Form != Form {
		v.say(Custody, evidence.Wrong, "it is of the form %.60q, this version reads %q", v.facts.Form, Form)
	}
	return nil
}

// judgeCustody makes the custody again, of the records in the bundle, and
// compares it: it may say nothing else than they do.
func (v *verifying) judgeCustody() error {
	c := v.content()
	want := c.facts(v.pictureFiles())
	want.Created, want.Outside = v.facts.Created, v.facts.Outside
	body, err := json.MarshalIndent(want, "", "  ")
	if err != nil {
		return fmt.Errorf("the custody: %w", err)
	}
	body = append(body, '\n')
	before := len(v.parts)
	if !bytes.Equal(body, v.custody) {
		v.say(Custody, evidence.Wrong, "it says something else than the records of the log: %s", differs(v.custody, body))
	}
	v.named()
	if why := v.created(c); why != "" {
		v.say(Custody, evidence.Wrong, "%s", why)
	}
	if err := v.outside(); err != nil {
		return err
	}
	if len(v.parts) == before {
		v.say("custody", v.underHead(), "it says what the records of the log say%s", v.headNote())
	}
	return v.writings(c, want)
}

// named looks for the files that the custody names.
func (v *verifying) named() {
	look := func(name string) {
		if _, there := v.p.Size(name); name != "" && !there {
			v.say(name, evidence.Wrong, "the custody names it, and it is not in the bundle")
		}
	}
	for i := range v.facts.Posts {
		for j := range v.facts.Posts[i].Captures {
			for _, m := range v.facts.Posts[i].Captures[j].Media {
				look(m.File)
			}
		}
		for _, name := range v.facts.Posts[i].Pictures {
			look(name)
		}
	}
}

// differs shows the first line in which two texts differ.
func differs(got, want []byte) string {
	a, b := strings.Split(string(got), "\n"), strings.Split(string(want), "\n")
	for i := range a {
		if i >= len(b) {
			return fmt.Sprintf("it goes on with %.120q", strings.TrimSpace(a[i]))
		}
		if a[i] != b[i] {
			return fmt.Sprintf("%.120q, and they %.120q", strings.TrimSpace(a[i]), strings.TrimSpace(b[i]))
		}
	}
	return "it ends early"
}

// underHead is what something is that fits the records: as far as their head is
// verified.
func (v *verifying) underHead() evidence.Result {
	if v.headPart.Result != evidence.Verified {
		return evidence.Unverifiable
	}
	return evidence.Verified
}

func (v *verifying) headNote() string {
	if v.headPart.Result != evidence.Verified {
		return ", whose head is not verified"
	}
	return ""
}

// content is the bundle as it was when it was made, as far as it tells.
func (v *verifying) content() *Content {
	f := &v.facts
	c := &Content{Options: Options{For: f.Audience, Software: f.Software}, Items: v.items, Left: f.Left, byID: map[store.ID]int{},
		Head: &evidence.Signed{Head: *v.head, Message: v.message, Key: v.key}}
	for i := range c.Items {
		c.byID[c.Items[i].Record.ID] = i
	}
	for i := range f.Posts {
		c.Posts = append(c.Posts, &store.History{Ref: f.Posts[i].Ref})
	}
	for _, o := range f.Outside {
		form := store.StampRFC3161
		if path.Ext(o.File) == ".ots" {
			form = store.StampOTS
		}
		c.Stamped = append(c.Stamped, &store.Stamp{Form: form, By: o.By, State: o.State, At: o.Time})
	}
	return c
}

// pictureFiles lists the pictures that stand in the bundle by themselves.
func (v *verifying) pictureFiles() []File {
	var files []File
	for _, name := range v.p.Names() {
		if folder := path.Dir(name) + "/"; folder != Media && folder != Drawings {
			continue
		}
		if d, err := store.ParseDigest("sha256:" + strings.TrimSuffix(path.Base(name), path.Ext(name))); err == nil {
			files = append(files, File{Name: name, Blob: d})
		}
	}
	return files
}

// created says what is wrong with the time of the bundle: it is that of the
// newest of what it holds.
func (v *verifying) created(c *Content) string {
	newest := c.Created() // of the records alone: stamps are dated by the archive
	for _, s := range c.Stamped {
		if s.At.After(newest) {
			newest = s.At.Truncate(time.Second)
		}
	}
	at := v.facts.Created
	switch {
	case at.Before(newest.Add(-evidence.Slack)) || len(c.Stamped) == 0 && !at.Equal(newest):
		return fmt.Sprintf("it says that the bundle is of %s, and what is in it of %s", at.Format(time.RFC3339), newest.Format(time.RFC3339))
	case at.After(v.b.Now.Add(evidence.Slack)):
		return fmt.Sprintf("it says that the bundle is of %s, which is in the future", at.Format(time.RFC3339))
	}
	return ""
}

// outside compares what is said of stamps with the stamps.
func (v *verifying) outside() error {
	var listed []string
	for i, o := range v.facts.Outside {
		listed = append(listed, o.File)
		want := stampName(i, v.content().Stamped[i])
		body, err := v.p.ReadAll(want, maxSmall)
		if err != nil || o.File != want {
			v.say(Custody, evidence.Wrong, "it tells of the stamp %.120q, which is not in the bundle under that name", o.File)
			continue
		}
		state, at := store.StampComplete, o.Time
		if path.Ext(want) == ".tsr" {
			if t, err := evidence.ReadTimeStamp(body); err == nil {
				at = t.Time
			}
		} else if p, err := evidence.ReadOTS(body); err == nil && len(p.Blocks()) == 0 {
			state, at = store.StampPending, time.Time{}
		}
		if o.State != state || !o.Time.Equal(at) {
			v.say(Custody, evidence.Wrong, "it says something else of the stamp %s than the stamp does", want)
		}
	}
	for _, name := range v.p.Names() {
		if strings.HasPrefix(name, Stamps) && !slices.Contains(listed, name) {
			v.say(name, evidence.Wrong, "the custody does not speak of it")
		}
	}
	return nil
}

// writings makes the report and the guide again, where the same version made
// them.
func (v *verifying) writings(c *Content, f *Facts) error {
	if v.software == "" || v.software != v.facts.Software {
		return nil
	}
	report, err := c.report(f)
	if err != nil {
		return err
	}
	for name, want := range map[string][]byte{Report: report, Guide: c.guide()} {
		if v.digests[name] == store.DigestOf(want) {
			continue
		}
		// Two versions under development can have one name.
		result := evidence.Wrong
		if strings.Contains(v.software, "devel") || strings.Contains(v.software, "+dirty") {
			result = evidence.Unverifiable
		}
		v.say(name, result, "it is not what %s makes of the records: %s", v.software, "somebody wrote it otherwise")
	}
	return nil
}

// aliases lists the names of a post that the items tell, its own first.
func (c *Content) aliases(ref post.Ref) []post.Ref {
	refs := []post.Ref{ref}
	for i := range c.Items {
		if d, ok := c.Items[i].Content.(*store.Derivation); ok && d.Ref == ref {
			for _, a := range d.Post.Aliases {
				if !slices.Contains(refs, a) {
					refs = append(refs, a)
				}
			}
		}
	}
	return refs
}
