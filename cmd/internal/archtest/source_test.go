package archtest

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/format"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

// file is one Go file of the module.
type file struct {
	// path is relative to the module, with slashes; pkg is its folder.
	path, pkg string
	test      bool
	src       []byte
	ast       *ast.File
	set       *token.FileSet
}

// imports returns the packages that the file imports.
func (f *file) imports() []string {
	var list []string
	for _, spec := range f.ast.Imports {
		list = append(list, strings.Trim(spec.Path.Value, `"`))
	}
	return list
}

// at names a place in the file.
func (f *file) at(n ast.Node) string {
	return fmt.Sprintf("%s:%d", f.path, f.set.Position(n.Pos()).Line)
}

// module returns all Go files of the module.
func module(t *testing.T) []*file {
	t.Helper()
	files, err := readOnce()
	if err != nil {
		t.Fatal(err)
	}
	if len(files) < 100 {
		t.Fatalf("only %d files were found", len(files))
	}
	return files
}

var readOnce = sync.OnceValues(func() ([]*file, error) {
	const root = "../../.."
	if _, err := os.Stat(filepath.Join(root, "go.mod")); err != nil {
		return nil, err
	}
	var files []*file
	err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (d.Name() == "testdata" || strings.HasPrefix(d.Name(), ".") && name != root):
			return filepath.SkipDir
		case d.IsDir() || !strings.HasSuffix(name, ".go"):
			return nil
		}
		f, err := read(root, name)
		files = append(files, f)
		return err
	})
	return files, err
})

func read(root, name string) (*file, error) {
	rel, err := filepath.Rel(root, name)
	if err != nil {
		return nil, err
	}
	f := &file{path: filepath.ToSlash(rel), test: strings.HasSuffix(name, "_test.go"), set: token.NewFileSet()}
	f.pkg = path.Dir(f.path)
	if f.src, err = os.ReadFile(name); err != nil {
		return nil, err
	}
	f.ast, err = parser.ParseFile(f.set, name, f.src, parser.ParseComments)
	return f, err
}

func TestFormatted(t *testing.T) {
	for _, f := range module(t) {
		want, err := format.Source(f.src)
		if err != nil {
			t.Errorf("%s: %v", f.path, err)
		} else if !bytes.Equal(want, f.src) {
			t.Errorf("%s: gofmt would change it", f.path)
		}
	}
}

// The sizes that STYLE (c) 16 sets.
const (
	maxFileLines = 600
	maxFuncLines = 100
)

func TestSizes(t *testing.T) {
	for _, f := range module(t) {
		if n := bytes.Count(f.src, []byte("\n")); n > maxFileLines && !f.test {
			t.Errorf("%s has %d lines, more than %d", f.path, n, maxFileLines)
		}
		for _, d := range f.ast.Decls {
			fn, ok := d.(*ast.FuncDecl)
			if !ok || fn.Body == nil || f.test {
				continue
			}
			if n := f.set.Position(fn.End()).Line - f.set.Position(fn.Pos()).Line + 1; n > maxFuncLines {
				t.Errorf("%s: %s has %d lines, more than %d", f.at(fn), fn.Name.Name, n, maxFuncLines)
			}
		}
	}
}

// TestExplained looks for a comment on every package and every exported name.
func TestExplained(t *testing.T) {
	explained := map[string]bool{}
	files := module(t)
	for _, f := range files {
		if f.test {
			continue
		}
		explained[f.pkg] = explained[f.pkg] || f.ast.Doc != nil
		for _, d := range f.ast.Decls {
			for _, n := range unexplained(d) {
				t.Errorf("%s: %s has no comment", f.at(n), n.Name)
			}
		}
	}
	for pkg, ok := range explained {
		if !ok {
			t.Errorf("the package %s has no comment", pkg)
		}
	}
}

// unexplained lists the exported names of a declaration without a comment.
func unexplained(d ast.Decl) []*ast.Ident {
	switch d := d.(type) {
	case *ast.FuncDecl:
		if d.Name.IsExported() && d.Doc == nil && exportedReceiver(d) {
			return []*ast.Ident{d.Name}
		}
	case *ast.GenDecl:
		var names []*ast.Ident
		for _, spec := range d.Specs {
			switch s := spec.(type) {
			case *ast.TypeSpec:
				if s.Name.IsExported() && s.Doc == nil && d.Doc == nil {
					names = append(names, s.Name)
				}
				names = append(names, unexplainedMethods(s)...)
			case *ast.ValueSpec:
				if s.Doc == nil && s.Comment == nil && d.Doc == nil {
					names = append(names, slices.DeleteFunc(slices.Clone(s.Names), func(n *ast.Ident) bool { return !n.IsExported() })...)
				}
			}
		}
		return names
	}
	return nil
}

// exportedReceiver reports whether a function is no method, or one of an
// exported type.
func exportedReceiver(d *ast.FuncDecl) bool {
	if d.Recv == nil {
		return true
	}
	name := ""
	ast.Inspect(d.Recv.List[0].Type, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok && name == "" {
			name = id.Name
		}
		return true
	})
	return ast.IsExported(name)
}

// unexplainedMethods lists the methods of an exported interface without a
// comment.
func unexplainedMethods(s *ast.TypeSpec) []*ast.Ident {
	in, ok := s.Type.(*ast.InterfaceType)
	if !ok || !s.Name.IsExported() {
		return nil
	}
	var names []*ast.Ident
	for _, m := range in.Methods.List {
		if len(m.Names) > 0 && m.Names[0].IsExported() && m.Doc == nil && m.Comment == nil {
			names = append(names, m.Names...)
		}
	}
	return names
}

// TestNoInit looks for functions that run by themselves.
func TestNoInit(t *testing.T) {
	for _, f := range module(t) {
		for _, d := range f.ast.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv == nil && fn.Name.Name == "init" {
				t.Errorf("%s: packages are joined by explicit lists, not by init", f.at(fn))
			}
		}
		for _, spec := range f.ast.Imports {
			if spec.Name != nil && spec.Name.Name == "_" && !f.test && spec.Path.Value != `"embed"` {
				t.Errorf("%s: nothing is imported for its effect", f.at(spec))
			}
		}
	}
}

// TestClock looks for code that asks the machine for the time: outside of cmd
// the clock is given.
func TestClock(t *testing.T) {
	for _, f := range module(t) {
		if f.test || strings.HasPrefix(f.pkg, "cmd/") || sharesTests(f.pkg) {
			continue
		}
		for _, c := range calls(f, "time", "Now", "Since", "Until", "Sleep") {
			t.Errorf("%s: the time is an argument", f.at(c))
		}
	}
}

// calls lists the calls of functions of a package.
func calls(f *file, pkg string, names ...string) []*ast.CallExpr {
	var found []*ast.CallExpr
	ast.Inspect(f.ast, func(n ast.Node) bool {
		if c, ok := n.(*ast.CallExpr); ok {
			if s, ok := c.Fun.(*ast.SelectorExpr); ok && isIdent(s.X, pkg) && slices.Contains(names, s.Sel.Name) {
				found = append(found, c)
			}
		}
		return true
	})
	return found
}

func isIdent(n ast.Expr, name string) bool {
	id, ok := n.(*ast.Ident)
	return ok && id.Name == name
}
