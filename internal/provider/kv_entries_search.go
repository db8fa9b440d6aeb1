package provider

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/hashicorp/terraform-plugin-framework-validators/objectvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-framework/types/basetypes"

	"github.com/quivaworks/terraform-provider-quiva/internal/quiva"
)

// entriesSearch is the argument search of the data source quiva_kv_entries.
type entriesSearch struct {
	Field types.String `tfsdk:"field"`
	Text  types.String `tfsdk:"text"`
	Type  types.String `tfsdk:"type"`
	Min   types.Number `tfsdk:"min"`
	Max   types.Number `tfsdk:"max"`
}

func entriesSearchAttribute() schema.Attribute {
	return schema.SingleNestedAttribute{
		MarkdownDescription: "Finds entries by what they hold, instead of by their keys: those with a `text` in a field that the bucket indexes (`indexing` of [`quiva_kv_bucket`](../resources/kv_bucket.md)), or with a number from `min` to `max`. Conflicts with `key_pattern`.",
		Optional:            true,
		Validators:          []validator.Object{objectvalidator.ConflictsWith(path.MatchRoot("key_pattern")), searchValidator{}},
		Attributes: map[string]schema.Attribute{
			"field": schema.StringAttribute{
				MarkdownDescription: "Name of the indexed field.",
				Required:            true,
				Validators:          []validator.String{stringvalidator.LengthAtLeast(1)},
			},
			"text": schema.StringAttribute{
				MarkdownDescription: "Text to find in the field. Either this or `min` or `max` must be set.",
				Optional:            true,
				Validators: []validator.String{
					stringvalidator.LengthAtLeast(1), stringvalidator.ConflictsWith(inSearch("min"), inSearch("max")), stringvalidator.AtLeastOneOf(inSearch("min"), inSearch("max")),
				},
			},
			"type": schema.StringAttribute{
				MarkdownDescription: "How `text` is compared: `exact`, `fuzzy`, which tolerates typos, or `prefix`. Defaults to `exact`.",
				Optional:            true,
				Validators: []validator.String{
					stringvalidator.OneOf(quiva.ExactMatch, quiva.FuzzyMatch, quiva.PrefixMatch), stringvalidator.AlsoRequires(inSearch("text")),
				},
			},
			"min": schema.NumberAttribute{
				MarkdownDescription: "Smallest number. If omitted, the range has no lower bound.",
				Optional:            true,
			},
			"max": schema.NumberAttribute{
				MarkdownDescription: "Largest number. If omitted, the range has no upper bound.",
				Optional:            true,
			},
		},
	}
}

// inSearch is an attribute of the argument search.
func inSearch(name string) path.Expression { return path.MatchRoot("search").AtName(name) }

// wanted returns the search for the client.
func (s entriesSearch) wanted() quiva.IndexSearch {
	if s.Text.IsNull() {
		return quiva.IndexSearch{Field: s.Field.ValueString(), Min: decimalOf(s.Min), Max: decimalOf(s.Max)}
	}
	matchType := cmp.Or(s.Type.ValueString(), quiva.ExactMatch)
	return quiva.IndexSearch{Field: s.Field.ValueString(), Type: matchType, Text: s.Text.ValueString()}
}

// decimalOf writes a number with all its digits, and nothing for null.
func decimalOf(number types.Number) string {
	if number.IsNull() {
		return ""
	}
	return number.ValueBigFloat().Text('g', -1)
}

// addSearchError adds the error for a search that failed.
func (g *gateway) addSearchError(diags *diag.Diagnostics, bucket string, search quiva.IndexSearch, err error) {
	var failure *quiva.Error
	if !errors.As(err, &failure) || failure.StatusCode != http.StatusBadRequest {
		g.addListError(diags, bucket, path.Root("search"), err)
		return
	}
	fieldType := "text"
	switch search.Type {
	case "":
		fieldType = "number"
	case quiva.ExactMatch:
		fieldType = "keyword"
	}
	diags.AddAttributeError(path.Root("search"), "Search rejected",
		fmt.Sprintf("Could not search the bucket %q by the field %q.\n\n%v\n\n"+
			"A field can be searched if the bucket indexes it. If it does not, add the field to the indexing of its quiva_kv_bucket:\n\n"+
			"  indexing = {\n    mappings     = [{ field = %[2]q, field_type = %[4]q }]\n    partitions   = 1\n    replicas     = 1\n    storage_type = \"file\"\n  }\n\n"+
			"If it does, the field's type may not support such a search.", bucket, search.Field, err, fieldType))
}

// searchValidator accepts a range that has numbers.
type searchValidator struct{ undescribed }

func (searchValidator) ValidateObject(ctx context.Context, req validator.ObjectRequest, resp *validator.ObjectResponse) {
	if req.ConfigValue.IsNull() || req.ConfigValue.IsUnknown() {
		return
	}
	var search entriesSearch
	resp.Diagnostics.Append(req.ConfigValue.As(ctx, &search, basetypes.ObjectAsOptions{})...)
	if resp.Diagnostics.HasError() {
		return
	}
	if isKnown(search.Min) && isKnown(search.Max) && search.Min.ValueBigFloat().Cmp(search.Max.ValueBigFloat()) > 0 {
		resp.Diagnostics.AddAttributeError(req.Path.AtName("min"), "Empty range", fmt.Sprintf("min (%s) is greater than max (%s).", decimalOf(search.Min), decimalOf(search.Max)))
	}
}

func isKnown(number types.Number) bool { return !number.IsNull() && !number.IsUnknown() }
