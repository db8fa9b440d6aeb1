package endtoend_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"regexp"
	"strings"
	"testing"
)

// docLink is a link of a Go comment: a name in brackets, perhaps with a star, a
// package or a type before it.
var docLink = regexp.MustCompile(`(?m)(?:^|[\s(])\[\*?([A-Za-z]\w*(?:\.\w+)*)\](?:$|[\s).,:;'])`)

// TestDocLinks: what a comment links to exists in the package, or in the package
// of this module that it names.
func TestDocLinks(t *testing.T) {
	t.Parallel()
	files, symbols := token.NewFileSet(), map[string]map[string]bool{}
	var parsed []*ast.File
	for name, text := range repositoryFiles(t, ".go") {
		file, err := parser.ParseFile(files, name, text, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		parsed = append(parsed, file)
		addSymbols(symbols, file)
	}
	links := 0
	for _, file := range parsed {
		for _, comment := range file.Comments {
			for _, found := range docLink.FindAllStringSubmatch(comment.Text(), -1) {
				links++
				link := found[1]
				if from, name, qualified := strings.Cut(link, "."); symbols[file.Name.Name][link] ||
					qualified && (symbols[from] == nil && ast.IsExported(name) && !symbols[file.Name.Name][from] || symbols[from][name]) {
					continue
				}
				t.Errorf("%s: [%s] leads nowhere", files.Position(comment.Pos()), link)
			}
		}
	}
	if links == 0 {
		t.Error("no comment has a link")
	}
}

// addSymbols adds what a file declares, by its package.
func addSymbols(symbols map[string]map[string]bool, file *ast.File) {
	declared := symbols[file.Name.Name]
	if declared == nil {
		declared = map[string]bool{}
		symbols[file.Name.Name] = declared
	}
	for _, declaration := range file.Decls {
		switch d := declaration.(type) {
		case *ast.FuncDecl:
			name := d.Name.Name
			if d.Recv != nil {
				receiver := d.Recv.List[0].Type
				if pointer, ok := receiver.(*ast.StarExpr); ok {
					receiver = pointer.X
				}
				if typeName, ok := receiver.(*ast.Ident); ok {
					name = typeName.Name + "." + name
				}
			}
			declared[name] = true
		case *ast.GenDecl:
			for _, spec := range d.Specs {
				switch s := spec.(type) {
				case *ast.TypeSpec:
					declared[s.Name.Name] = true
					ast.Inspect(s.Type, func(node ast.Node) bool {
						if field, ok := node.(*ast.Field); ok {
							for _, name := range field.Names {
								declared[s.Name.Name+"."+name.Name] = true
							}
						}
						return true
					})
				case *ast.ValueSpec:
					for _, name := range s.Names {
						declared[name.Name] = true
					}
				}
			}
		}
	}
}
