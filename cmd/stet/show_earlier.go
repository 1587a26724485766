package main

import (
	"slices"

	"stet/extract/post"
)

// showEarlier prints what an edited post said before, the newest of its earlier
// versions first.
func (a *app) showEarlier(p *post.Post) {
	for i, v := range slices.Backward(p.Earlier) {
		if len(p.Earlier)-i > mostLines {
			a.skipped(i + 1)
			return
		}
		if v.Time.IsZero() {
			a.out.line("  It said before:")
		} else {
			a.out.line("  It said on %s:", a.when(v.Time))
		}
		if v.Warning != "" {
			a.out.hang("    ", "Content warning:", v.Warning)
		}
		a.out.block("    | ", v.Text, 0)
	}
}
