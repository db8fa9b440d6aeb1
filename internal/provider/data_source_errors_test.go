package provider_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"

	"github.com/quivaworks/terraform-provider-quiva/internal/mockgateway"
)

// TestDataSourceErrors: what data sources and the ephemeral resource refuse before they
// ask, and what they say of what the gateway returns.
func TestDataSourceErrors(t *testing.T) {
	t.Parallel()
	forbidden, dropped, asItIs := mockgateway.Respond(http.StatusForbidden, nil, `{"error":"forbidden"}`), mockgateway.Drop(), mockgateway.Effect{}
	ok := func(results string) mockgateway.Effect {
		return mockgateway.Respond(http.StatusOK, nil, `{"body":{"results":[`+results+`]}}`)
	}
	rejected, empty := mockgateway.Respond(http.StatusBadRequest, nil, `{"error":"bad"}`), mockgateway.Respond(http.StatusOK, nil, `{"body":{}}`)
	manyDigits := `{"n":[` + strings.Repeat("1e-4000,", 9) + `0]}`
	tests := map[string]struct {
		data  string
		fault mockgateway.Effect
		want  string
	}{
		"bucket, absent":    {bucketData, asItIs, `has no bucket "limits". Check the name.`},
		"bucket, forbidden": {bucketData, forbidden, `Could not read the bucket "limits".`},
		"bucket, no name":   {bucketData, empty, `the response lacks "body.status.bucket"`},
		"bucket, rejected":  {bucketData, rejected, `Bad Request: bad`},
		"bucket, empty":     {strings.Replace(bucketData, "limits", "", 1), dropped, `The bucket must not be empty.`},

		"buckets, forbidden":  {bucketsData, forbidden, `Could not list the buckets.`},
		"buckets, what to do": {bucketsData, forbidden, `must list it: GET /storage/kv`},
		"buckets, no results": {bucketsData, empty, `the response lacks "body.results"`},

		"entry, absent":          {entryData("absent"), asItIs, `has no entry "absent" in bucket "flags", or no such bucket`},
		"entry, empty":           {entryData(""), dropped, `The key must not be empty`},
		"entry, illegal":         {entryData("a b"), dropped, `The key contains " ".`},
		"entry, too many digits": {entryData("digits"), asItIs, `has 201 digits, more than Terraform can hold`},
		"entry, digits together": {entryData("digits-together"), asItIs, `The entry "digits-together" holds JSON that Terraform cannot represent: the value's numbers of more than 153 digits take more than 50000 digits together`},
		"entry, half a rune":     {entryData("half"), asItIs, `the JSON text holds \ud800, half of a character`},

		"ephemeral, absent": {strings.Replace(entryData("absent"), "data", "ephemeral", 1), asItIs, `has no entry "absent" in bucket "flags"`},
		"ephemeral, empty":  {strings.Replace(entryData(""), "data", "ephemeral", 1), dropped, `The key must not be empty`},

		"entries, no bucket":       {strings.Replace(entriesData(), "flags", "absent", 1), asItIs, `has no bucket "absent". Check the name.`},
		"entries, none, pattern":   {strings.Replace(entriesData(`key_pattern = "a*"`), "flags", "absent", 1), asItIs, `has no bucket "absent"`},
		"entries, forbidden":       {entriesData(), forbidden, `Could not list the entries of the bucket "flags".`},
		"entries, bad pattern":     {entriesData(`key_pattern = "**"`), rejected, `key_pattern = "**"`},
		"entries, bad bucket":      {entriesData(), rejected, `bucket = "flags"`},
		"entries, no results":      {entriesData(), empty, `the response lacks "body.results"`},
		"entries, many digits":     {entriesData(), ok(`{"key":"a","value":{"n":1.` + digits(200) + `}}`), `The entry "a" holds JSON that Terraform cannot represent`},
		"entries, digits together": {entriesData(), ok(`{"key":"a","value":` + manyDigits + `},{"key":"b","value":` + manyDigits + `}`), `Terraform cannot represent 2 entries as one object`},
		"entries, decomposed key":  {entriesData(), ok(`{"key":"cafe\u0301","value":{}}`), `The bucket "flags" has the key "cafe\u0301"`},
		"entries, empty bucket":    {strings.Replace(entriesData(), "flags", "", 1), dropped, `The bucket must not be empty.`},
		"entries, empty pattern":   {entriesData(`key_pattern = ""`), dropped, `The key pattern must not be empty.`},
		"entries, regular pattern": {entriesData(`key_pattern = "a[12]*"`), dropped, `The key pattern "a[12]*" contains "[", "]".`},
		"entries, limit 0":         {entriesData(`limit = 0`), dropped, `limit must be at least 1; got 0.`},
		"entries, limit 1001":      {entriesData(`limit = 1001`), dropped, `limit must be at most 1000; got 1001.`},

		"search, nothing":           {entriesData(search(`field = "vat"`)), dropped, `At least one attribute out of [search.min,search.max,search.text] must be specified`},
		"search, text and range":    {entriesData(search(`field = "vat", text = "a", max = 1.5`)), dropped, `Attribute "search.max" cannot be specified when "search.text" is specified`},
		"search, type of a range":   {entriesData(search(`field = "vat", type = "exact", max = 1`)), dropped, `Attribute "search.text" must be specified when "search.type" is specified`},
		"search, empty range":       {entriesData(search(`field = "vat", min = 1.5, max = 1`)), dropped, `min (1.5) is greater than max (1).`},
		"search, unknown type":      {entriesData(search(`field = "vat", type = "range", text = "1"`)), dropped, `value must be one of: ["exact" "fuzzy" "prefix"]`},
		"search, no field":          {entriesData(search(`text = "a"`)), dropped, `attribute "field" is required`},
		"search, empty field":       {entriesData(search(`field = "", text = "a"`)), dropped, `search.field string length must be at least 1`},
		"search, key pattern":       {entriesData(search(`field = "name", text = "a"`), `key_pattern = "a*"`), dropped, `Attribute "key_pattern" cannot be specified when "search" is specified`},
		"search, field not indexed": {entriesData(search(`field = "open", text = "true"`)), asItIs, `Could not search the bucket "flags" by the field "open".`},
		"search, what to index":     {entriesData(search(`field = "size", min = 1`)), asItIs, `add the field to the indexing of its quiva_kv_bucket: indexing = { mappings = [{ field = "size", field_type = "number" }]`},
		"search, not for the type":  {entriesData(search(`field = "vat", text = "a", type = "prefix"`)), asItIs, `which is of type number`},
		"search, no bucket":         {strings.Replace(entriesData(search(`field = "name", text = "a"`)), "flags", "absent", 1), asItIs, `has no bucket "absent"`},
		"search, forbidden":         {entriesData(search(`field = "name", text = "a"`)), forbidden, `GET /storage/kv/flags/search`},
		"search, no index":          {strings.Replace(entriesData(search(`field = "name", text = "a"`)), "flags", "plain", 1), asItIs, `the bucket has no index`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			gateway := newMarkets(t)
			gateway.CreateBucket("plain")
			gateway.PutEntry("flags", "digits", `{"a":1.`+digits(200)+`}`)
			gateway.PutEntry("flags", "digits-together", `{"a":[`+strings.Repeat("1e-4090,", 200)+`0]}`)
			gateway.PutEntry("flags", "half", `{"a":"\ud800"}`)
			gateway.Inject(mockgateway.Fault{Effect: tt.fault})
			run(t, resource.TestStep{Config: withProvider(gateway, tt.data), ExpectError: message(tt.want)})
		})
	}
}
