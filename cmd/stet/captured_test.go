package main

import (
	"errors"
	"fmt"
	"testing"

	"stet/archiver"
	"stet/extract/post"
	"stet/store"
)

// TestMissedPosts: a post that lacks a file is not told as one that lacks.
func TestMissedPosts(t *testing.T) {
	kept := store.ID{1}
	whole := archiver.ResultPost{Source: post.SourcePublic, Capture: kept}
	file := archiver.ResultPost{Source: post.SourcePublic, Capture: kept, Err: fmt.Errorf("%w: no file", store.ErrPartial)}
	quoted := archiver.ResultPost{Source: post.SourceArticle, Capture: kept, Err: fmt.Errorf("%w: only words", store.ErrPartial)}
	gone := archiver.ResultPost{Err: errors.New("not there")}
	for _, c := range []struct {
		posts []archiver.ResultPost
		want  string
	}{
		{[]archiver.ResultPost{whole, file}, "1 of 2 posts of X not captured whole: partly done: no file"},
		{[]archiver.ResultPost{whole, quoted, gone}, "2 of 3 posts of X not captured: partly done: only words"},
		{[]archiver.ResultPost{gone, file, whole}, "1 of 3 posts of X not captured, and 1 not whole: not there"},
	} {
		err := failureOf(&archiver.Result{Target: "X", Kind: "article", Posts: c.posts})
		if err == nil || err.Error() != c.want || !errors.Is(err, store.ErrPartial) {
			t.Errorf("got %v, want %s", err, c.want)
		}
	}
}
