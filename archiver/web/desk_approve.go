package web

import (
	"context"
	"net/http"

	"stet/extract/post"
	"stet/store"
)

// approval is what somebody decided about showing a post to the public; nil
// where nobody did.
func (s *Server) approval(ctx context.Context, ref post.Ref) (*store.Approval, error) {
	page, err := s.o.Archive.List(ctx, store.Query{Term: store.RefTerm(ref), Kinds: []store.Kind{store.KindApproval}, Newest: true, Limit: 1})
	if err != nil || len(page.Records) == 0 {
		return nil, err
	}
	return store.Decode[store.Approval](&page.Records[0])
}

// approvePost lets the public be shown a post once it is gone, or takes that
// back.
func (s *Server) approvePost(w http.ResponseWriter, r *http.Request) error {
	ref, err := s.refIn(r.PostFormValue("ref"))
	if err != nil {
		return err
	}
	h, err := s.o.Archive.History(r.Context(), ref)
	if err != nil {
		return err
	}
	who := callerOf(r.Context())
	a := &store.Approval{Time: s.o.Archive.Now(), Ref: h.Ref, Revoked: r.PostFormValue("act") == "revoke", Operator: who.name, Note: r.PostFormValue("note")}
	if _, err := s.keepApproval(r.Context(), a, who); err != nil {
		return err
	}
	http.Redirect(w, r, postPath(h.Ref)+"#public", http.StatusSeeOther)
	return nil
}
