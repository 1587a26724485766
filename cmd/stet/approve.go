package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"stet/cmd/internal/wire"
	"stet/extract/post"
	"stet/store"
)

func (a *app) approveCommand() *cobra.Command {
	var revoke bool
	var note string
	cmd := &cobra.Command{
		Use:   "approve REF|@HANDLE…",
		Short: "Let the public be shown what a post said, once it is gone",
		Long: `What a post said is shown outside the newsroom, at serve.public_listen and in the
place of an empty embed, only where the post is confirmed gone and somebody
approved the post or its author. Until then readers get a card that says only
that the post is gone.

A REF is an address or platform:id; platform:@handle or @handle approves all posts
of an account, those of later too. --revoke takes an approval back.`,
		Example: `  stet approve https://x.com/ministry/status/1990000000000000001
  stet approve twitter:@ministry --note "public office, decided 3 March"
  stet approve twitter:@ministry --revoke`,
		Args: someArgs("a post or an account"),
		RunE: func(cmd *cobra.Command, args []string) error { return a.approve(cmd.Context(), args, revoke, note) },
	}
	cmd.Flags().BoolVar(&revoke, "revoke", false, "take the approval back")
	cmd.Flags().StringVar(&note, "note", "", "why, for the record")
	return cmd
}

func (a *app) approve(ctx context.Context, words []string, revoke bool, note string) error {
	return a.writing(ctx, true, func(w *wire.Archive) error {
		return a.eachWord(ctx, words, func(word string) (any, string, error) {
			what, err := a.approveOne(ctx, w, word, revoke, note)
			line := what + " may be shown outside, once it is gone."
			if revoke {
				line = what + " is not shown outside any more."
			}
			return struct {
				Approved string `json:"approved"`
				Revoked  bool   `json:"revoked"`
			}{what, revoke}, line, err
		})
	})
}

// eachWord does something for each word and tells of each what it came to: in
// JSON the value, otherwise the line. One that fails is complained of and does not
// keep the others.
func (a *app) eachWord(ctx context.Context, words []string, do func(word string) (value any, line string, err error)) error {
	var sum outcomes
	for _, word := range words {
		value, line, err := do(word)
		sum.add(word, err)
		switch {
		case err != nil:
			a.complain(a.saysSearched(ctx, err))
		case a.json:
			a.out.json(value)
		default:
			a.out.line("%s", line)
		}
	}
	return sum.err()
}

// approveOne adds one approval and says of what.
func (a *app) approveOne(ctx context.Context, w *wire.Archive, word string, revoke bool, note string) (string, error) {
	approval := &store.Approval{Time: w.Archive.Now(), Revoked: revoke, Operator: a.operator(), Note: note}
	what := ""
	if handle, platform, ok := approvedWord(word); ok {
		account, err := approvedAccount(ctx, w, platform, handle)
		if err != nil {
			return "", err
		}
		approval.Account, what = account, account
	} else {
		ref, err := a.classifier().refOf(word)
		if err != nil {
			return "", err
		}
		h, err := w.Archive.History(ctx, ref)
		if err != nil {
			return "", err
		}
		approval.Ref, what = h.Ref, h.Ref.String()
	}
	action := "approve"
	if revoke {
		action = "revoke"
	}
	how := "command"
	if a.holder != nil {
		how = "token"
	}
	b := w.Archive.Begin()
	for _, c := range []store.Content{approval, &store.Audit{Time: approval.Time, Actor: approval.Operator, How: how, Action: action, Targets: []string{what}, Reason: note}} {
		if _, err := b.Add(ctx, c); err != nil {
			return "", err
		}
	}
	_, err := b.Commit(ctx)
	return what, err
}

// approvedWord reads @handle and platform:@handle; the platform is empty where
// it was not named.
func approvedWord(word string) (handle string, platform post.Platform, ok bool) {
	if name, rest, ok := strings.Cut(word, ":@"); ok && post.Platform(name).Valid() {
		return strings.ToLower(rest), post.Platform(name), rest != ""
	}
	rest, ok := strings.CutPrefix(word, "@")
	return strings.ToLower(rest), "", ok && rest != ""
}

// approvedAccount names an account so that it stays the same when it takes another
// handle: by the platform's own id, where the archive knows it.
func approvedAccount(ctx context.Context, w *wire.Archive, platform post.Platform, handle string) (string, error) {
	platforms := wire.Platforms()
	if platform != "" {
		platforms = []post.Platform{platform}
	}
	var found []string
	for _, p := range platforms {
		records, err := w.Archive.ListAll(ctx, store.HandleTerm(p, handle), store.MaxHistory, store.KindDerivation)
		if err != nil {
			return "", err
		}
		for i := range records {
			d, err := store.Decode[store.Derivation](&records[i])
			if err != nil {
				return "", err
			}
			word := string(p) + ":" + handle
			if id := d.Post.Author.ID; id != "" {
				word = string(p) + ":#" + id
			}
			if !slices.Contains(found, word) {
				found = append(found, word)
			}
		}
	}
	// A poorer source may have told the handle alone.
	if ids := slices.DeleteFunc(slices.Clone(found), func(w string) bool { return !strings.Contains(w, ":#") }); len(ids) > 0 {
		found = ids
	}
	switch len(found) {
	case 0:
		return "", fmt.Errorf("@%s: %w: no post of that account is kept", handle, store.ErrNotFound)
	case 1:
		return found[0], nil
	}
	return "", fmt.Errorf("%w: @%s is several accounts (%s); name the platform, or approve single posts", store.ErrUsage, handle, strings.Join(found, ", "))
}
