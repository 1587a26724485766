package store_test

import (
	"context"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"net/http"
	"strings"
	"testing"

	"stet/store"
)

// TestClassesAreTotal reads errors.go and asks whether each sentinel stands in
// the table, once.
func TestClassesAreTotal(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "errors.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	declared, listed := map[string]int{}, map[string]int{}
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.ValueSpec:
			for _, name := range n.Names {
				if strings.HasPrefix(name.Name, "Err") {
					declared[name.Name]++
				}
			}
		case *ast.FuncDecl:
			if n.Name.Name != "Classes" {
				return false
			}
			ast.Inspect(n.Body, func(n ast.Node) bool {
				if id, ok := n.(*ast.Ident); ok && strings.HasPrefix(id.Name, "Err") {
					listed[id.Name]++
				}
				return true
			})
		}
		return true
	})
	if len(declared) < 18 {
		t.Fatalf("errors.go declares only %v", declared)
	}
	for name := range declared {
		if listed[name] != 1 {
			t.Errorf("%s stands %d times in the table", name, listed[name])
		}
	}
}

func TestClassesAreConsistent(t *testing.T) {
	// The exit codes of DESIGN §9; what is not named there is 1, "failed".
	exits := map[string]int{"usage": 2, "invalid": 2, "no-store": 2, "version": 2, "partial": 3, "not-found": 4,
		"corrupt": 5, "verification": 5, "busy": 6, "refused": 7, "interrupted": 130}
	names, errs := map[string]bool{}, map[error]bool{}
	for _, c := range store.Classes() {
		if names[c.Name] || errs[c.Err] {
			t.Errorf("%s stands twice", c.Name)
		}
		names[c.Name], errs[c.Err] = true, true
		if want := max(exits[c.Name], 1); c.Exit != want {
			t.Errorf("%s exits with %d, want %d", c.Name, c.Exit, want)
		}
		if http.StatusText(c.HTTP) == "" || c.HTTP < 200 {
			t.Errorf("%s answers with the status %d", c.Name, c.HTTP)
		}
		if c.Recorded == "" || strings.Trim(c.Recorded, "abcdefghijklmnopqrstuvwxyz-") != "" {
			t.Errorf("%s is recorded as %q", c.Name, c.Recorded)
		}
		for _, err := range []error{c.Err, fmt.Errorf("reading x: %w", c.Err), errors.Join(errors.New("and"), c.Err)} {
			if got := store.ClassOf(err); got != c {
				t.Errorf("the class of %v is %s, want %s", err, got.Name, c.Name)
			}
		}
	}
	for name := range exits {
		if !names[name] {
			t.Errorf("%s does not stand in the table", name)
		}
	}
}

func TestClassOf(t *testing.T) {
	cases := []struct {
		err  error
		want string
	}{
		{nil, ""},
		{errors.New("a bug"), "internal"},
		{context.DeadlineExceeded, "timeout"},
		{fmt.Errorf("%w: %w", store.ErrNetwork, context.DeadlineExceeded), "network"},
		{errors.Join(store.ErrNotFound, store.ErrCorrupt), "corrupt"},
		{fmt.Errorf("%w: %w", store.ErrInvalid, store.ErrCorrupt), "invalid"},
	}
	for _, c := range cases {
		got := store.ClassOf(c.err)
		if got.Name != c.want {
			t.Errorf("the class of %v is %q, want %q", c.err, got.Name, c.want)
		}
		if c.want == "internal" && (got.Exit != 1 || got.HTTP != 500 || got.Retry) {
			t.Errorf("an internal error is %+v", got)
		}
		if c.err == nil && got != (store.Class{}) {
			t.Errorf("no error is %+v", got)
		}
	}
}
