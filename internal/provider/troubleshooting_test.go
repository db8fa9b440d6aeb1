package provider_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// TestTroubleshooting: the guide "Troubleshooting" has every summary of an error
// or a warning that is in the source, and explains none that is not.
func TestTroubleshooting(t *testing.T) {
	t.Parallel()
	guide, err := os.ReadFile("../../templates/guides/troubleshooting.md")
	if err != nil {
		t.Fatal(err)
	}
	explained := explainedErrors(string(guide))
	printed := map[string]bool{}
	for _, dir := range []string{".", "../protocol"} {
		maps.Copy(printed, summaries(t, dir))
	}
	for summary := range printed {
		if !slices.ContainsFunc(explained, func(found string) bool { return isSummary(found, summary) }) {
			t.Errorf("the guide does not explain %q", summary)
		}
	}
	for _, found := range explained {
		if !slices.ContainsFunc(slices.Collect(maps.Keys(printed)), func(summary string) bool { return isSummary(found, summary) }) {
			t.Errorf("nothing prints %q, which the guide explains", found)
		}
	}
}

// isSummary reports whether the guide explains a summary of the source. A summary
// that ends with a space is only a beginning.
func isSummary(explained, summary string) bool {
	return explained == summary || strings.HasSuffix(summary, " ") && strings.HasPrefix(explained, summary)
}

// explainedErrors returns the code in the first column of the guide's tables of
// errors, and in its section about defects.
func explainedErrors(guide string) []string {
	var explained []string
	code := regexp.MustCompile("`([^`]+)`")
	inErrors := false
	for line := range strings.Lines(guide) {
		cell, isCell := strings.CutPrefix(line, "| ")
		cell, _, _ = strings.Cut(cell, " | ")
		switch {
		case !isCell:
			inErrors = false
		case cell == "Error":
			inErrors = true
		case inErrors:
			for _, match := range code.FindAllStringSubmatch(cell, -1) {
				explained = append(explained, match[1])
			}
		}
	}
	_, defects, _ := strings.Cut(guide, "\n## Defects of the Provider\n")
	defects, _, _ = strings.Cut(defects, " and Terraform's ")
	for _, match := range code.FindAllStringSubmatch(defects, -1) {
		explained = append(explained, match[1])
	}
	return explained
}

// summaryArguments says which argument of a call is a diagnostic's summary.
var summaryArguments = map[string]int{
	"AddError": 0, "AddWarning": 0, "NewErrorDiagnostic": 0, "NewWarningDiagnostic": 0,
	"AddAttributeError": 1, "AddAttributeWarning": 1, "NewAttributeErrorDiagnostic": 1, "NewAttributeWarningDiagnostic": 1,
}

// summaries returns the texts that a package's source gives diagnostics as their
// summaries: in calls, in the protocol's own diagnostics, and as the value of what
// is named summary. Of a text that something is added to, it is the beginning.
func summaries(t *testing.T, dir string) map[string]bool {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]bool{}
	positions := token.NewFileSet()
	add := func(expression ast.Expr) {
		if sum, ok := expression.(*ast.BinaryExpr); ok {
			expression = sum.X
		}
		switch e := expression.(type) {
		case *ast.BasicLit:
			text, err := strconv.Unquote(e.Value)
			if err != nil {
				t.Fatal(err)
			}
			found[text] = true
		case *ast.Ident:
			if e.Name != "summary" {
				t.Errorf("%s: a summary that this test cannot read: name it summary", positions.Position(e.Pos()))
			}
		}
	}
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		source, err := parser.ParseFile(positions, file, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(source, func(node ast.Node) bool {
			switch n := node.(type) {
			case *ast.CallExpr:
				if method, ok := n.Fun.(*ast.SelectorExpr); ok {
					if argument, ok := summaryArguments[method.Sel.Name]; ok {
						add(n.Args[argument])
					}
				}
			case *ast.CompositeLit:
				addProtocolSummary(n, add)
			case *ast.AssignStmt:
				if name, ok := n.Lhs[0].(*ast.Ident); ok && name.Name == "summary" {
					if _, isText := n.Rhs[0].(*ast.BasicLit); isText {
						add(n.Rhs[0])
					}
				}
			case *ast.FuncDecl:
				addReturnedSummaries(n, add)
			}
			return true
		})
	}
	return found
}

// addProtocolSummary adds the summary of a tfprotov6.Diagnostic.
func addProtocolSummary(literal *ast.CompositeLit, add func(ast.Expr)) {
	if name, ok := literal.Type.(*ast.SelectorExpr); !ok || name.Sel.Name != "Diagnostic" {
		return
	}
	for _, element := range literal.Elts {
		if field, ok := element.(*ast.KeyValueExpr); ok {
			if key, ok := field.Key.(*ast.Ident); ok && key.Name == "Summary" {
				add(field.Value)
			}
		}
	}
}

// addReturnedSummaries adds what a function returns as its first result, if that
// is named summary.
func addReturnedSummaries(function *ast.FuncDecl, add func(ast.Expr)) {
	results := function.Type.Results
	if results == nil || len(results.List[0].Names) == 0 || results.List[0].Names[0].Name != "summary" {
		return
	}
	ast.Inspect(function.Body, func(node ast.Node) bool {
		if r, ok := node.(*ast.ReturnStmt); ok && len(r.Results) > 1 {
			add(r.Results[0])
		}
		return true
	})
}
