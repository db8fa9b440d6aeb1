package provider_test

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/terraform"

	"github.com/quivaworks/terraform-provider-quiva/internal/mockgateway"
)

// dialects are all forms of response that documents describe together, and combinations
// that no document has.
func dialects(t *testing.T) map[string]mockgateway.Dialect {
	t.Helper()
	all := mockgateway.Dialects()
	for _, settings := range []string{
		"siblings unstripped", "pages put=enveloped envelope=status-200", "branch siblings success=202", "tasks put=enveloped-null deleted=empty null_lists",
		"unstripped success=204 missing_bucket_status=500 missing_key_status=400 existing_status=402 missing_search",
	} {
		dialect, err := mockgateway.ParseDialect(strings.Fields(settings)...)
		if err != nil {
			t.Fatal(err)
		}
		all[settings] = dialect
	}
	return all
}

// What a life declares: a bucket, one entry whose value could pass for an envelope, and
// many entries; then some properties of an entry of somebody else's, and data sources.
const (
	lifeBucket = `
resource "quiva_kv_bucket" "life" {
  bucket      = "life"
  description = "n is %d"
}
`
	lifeEntries = `
resource "quiva_kv_entry" "one" {
  bucket = quiva_kv_bucket.life.bucket
  key    = "checkout"
  value  = { n = %[1]d, value = { big = 9007199254740993, list = [1, "ü", null, {}] } }
}
resource "quiva_kv_entries" "many" {
  bucket     = quiva_kv_bucket.life.bucket
  key_prefix = "team-a."
  entries    = { for i in range(%[2]d) : format("team-a.%%02d", i) => { n = %[1]d, i = i } }
}
`
	lifeProperties = `
resource "quiva_kv_entry_properties" "some" {
  bucket     = quiva_kv_bucket.life.bucket
  key        = "shared"
  properties = { ours = %d }
}
`
	lifeData = `
data "quiva_kv_entry" "one" {
  bucket     = "life"
  key        = "checkout"
  depends_on = [quiva_kv_entry.one]
}
data "quiva_kv_entries" "all" {
  bucket     = "life"
  depends_on = [quiva_kv_entry.one, quiva_kv_entries.many, quiva_kv_entry_properties.some]
}
data "quiva_kv_bucket" "life" {
  bucket     = "life"
  depends_on = [quiva_kv_bucket.life, data.quiva_kv_entries.all]
}
data "quiva_kv_buckets" "all" {
  depends_on = [data.quiva_kv_entries.all]
}
output "seen" {
  value = jsonencode([
    data.quiva_kv_entry.one.value.n, data.quiva_kv_entries.all.entries["shared"], length(data.quiva_kv_entries.all.keys),
    data.quiva_kv_bucket.life.description, [for b in data.quiva_kv_buckets.all.buckets : [b.name, length(split("T", b.created))]],
  ])
}
`
	one, many, some, life = "quiva_kv_entry.one", "quiva_kv_entries.many", "quiva_kv_entry_properties.some", "quiva_kv_bucket.life"
)

// changes are the actions of a plan by address, without those that do nothing.
type changes map[string]string

func (want changes) CheckPlan(_ context.Context, req plancheck.CheckPlanRequest, resp *plancheck.CheckPlanResponse) {
	got := changes{}
	for _, c := range req.Plan.ResourceChanges {
		if actions := fmt.Sprint(c.Change.Actions); actions != "[no-op]" && !strings.HasPrefix(c.Address, "data.") {
			got[c.Address] = strings.Trim(actions, "[]")
		}
	}
	if !maps.Equal(got, want) {
		resp.Error = fmt.Errorf("the plan has %v, want %v", got, want)
	}
}

// lifeHolds checks all that is in the bucket: the entries with n, and what others have.
func lifeHolds(gateway *mockgateway.Server, n, many int, others map[string]string) resource.TestCheckFunc {
	return func(*terraform.State) error {
		want := map[string]string{"checkout": fmt.Sprintf(`{"n":%d,"value":{"big":9007199254740993,"list":[1,"ü",null,{}]}}`, n)}
		for i := range many {
			want[fmt.Sprintf("team-a.%02d", i)] = fmt.Sprintf(`{"i":%d,"n":%d}`, i, n)
		}
		maps.Copy(want, others)
		if got := gateway.Entries("life"); !maps.Equal(got, want) {
			return fmt.Errorf("the gateway holds %v, want %v", got, want)
		}
		return nil
	}
}

// lifeOf returns the life of everything that Terraform manages, from a bucket's creation
// to its end, with others who write to it.
func lifeOf(gateway *mockgateway.Server) []resource.TestStep {
	configuration := func(n, many int, more ...string) string {
		return withProvider(gateway, fmt.Sprintf(lifeBucket, n)+fmt.Sprintf(lifeEntries, n, many)+strings.Join(more, ""))
	}
	properties := func(n int) string { return fmt.Sprintf(lifeProperties, n) }
	seen := func(n, ours, theirs, count int) []statecheck.StateCheck {
		return []statecheck.StateCheck{statecheck.ExpectKnownOutputValue("seen",
			knownvalue.StringExact(fmt.Sprintf(`[%[1]d,{"ours":%[2]d,"theirs":%[3]d},%[4]d,"n is %[1]d",[["flags",2],["life",2]]]`, n, ours, theirs, count)))}
	}
	shared := func(text string) map[string]string { return map[string]string{"shared": text} }
	var forget, imports string
	for address, id := range map[string]string{life: "life", one: "life/checkout", many: "life/team-a.*", some: "life/shared"} {
		forget += "removed {\n  from = " + address + "\n  lifecycle {\n    destroy = false\n  }\n}\n"
		imports += fmt.Sprintf("import {\n  to = %s\n  id = %q\n}\n", address, id)
	}
	taken := "resource \"quiva_kv_entry\" \"taken\" {\n  bucket = quiva_kv_bucket.life.bucket\n  key = \"taken\"\n  value = { ours = true }\n}\n"
	absent := "resource \"quiva_kv_entry\" \"absent\" {\n  bucket = \"absent\"\n  key = \"a\"\n  value = {}\n}\n"
	theirs := map[string]string{"shared": `{"theirs":2,"ours":2}`, "taken": `{"theirs":true}`}
	return []resource.TestStep{
		{Config: configuration(1, 15), ConfigPlanChecks: plans(changes{life: "create", one: "create", many: "create"}), Check: lifeHolds(gateway, 1, 15, nil)},
		{ // The bucket is deleted by somebody else.
			PreConfig: func() { gateway.DeleteBucket("life") },
			Config:    configuration(1, 15), ConfigPlanChecks: plans(changes{life: "create", one: "create", many: "update"}), Check: lifeHolds(gateway, 1, 15, nil),
		},
		{
			PreConfig: func() { gateway.PutEntry("life", "shared", `{"theirs":1}`) },
			Config:    configuration(1, 15, properties(1), lifeData), ConfigPlanChecks: plans(changes{some: "create"}),
			Check: lifeHolds(gateway, 1, 15, shared(`{"theirs":1,"ours":1}`)), ConfigStateChecks: seen(1, 1, 1, 17),
		},
		{ // Somebody else changes what is declared, and what is theirs.
			PreConfig: func() {
				gateway.PutEntry("life", "checkout", `{"n":9}`)
				gateway.PutEntry("life", "team-a.03", `{"i":3,"n":9}`)
				gateway.PutEntry("life", "shared", `{"theirs":2,"ours":9}`)
			},
			Config: configuration(1, 15, properties(1), lifeData), ConfigPlanChecks: plans(changes{one: "update", many: "update", some: "update"}),
			Check: lifeHolds(gateway, 1, 15, shared(`{"theirs":2,"ours":1}`)), ConfigStateChecks: seen(1, 1, 2, 17),
		},
		{ // Somebody else deletes what is declared.
			PreConfig: func() {
				gateway.DeleteEntry("life", "checkout")
				gateway.DeleteEntry("life", "team-a.03")
			},
			Config: configuration(1, 15, properties(1), lifeData), ConfigPlanChecks: plans(changes{one: "create", many: "update"}),
			Check: lifeHolds(gateway, 1, 15, shared(`{"theirs":2,"ours":1}`)),
		},
		{
			Config: configuration(2, 13, properties(2), lifeData), ConfigPlanChecks: plans(changes{life: "update", one: "update", many: "update", some: "update"}),
			Check: lifeHolds(gateway, 2, 13, shared(theirs["shared"])), ConfigStateChecks: seen(2, 2, 2, 15),
		},
		{Config: withProvider(gateway, forget), Check: lifeHolds(gateway, 2, 13, shared(theirs["shared"]))},
		{Config: configuration(2, 13, properties(2), imports), Check: lifeHolds(gateway, 2, 13, shared(theirs["shared"]))},
		{
			PreConfig:   func() { gateway.PutEntry("life", "taken", theirs["taken"]) },
			Config:      configuration(2, 13, properties(2), taken),
			ExpectError: message("KV entry already exists"),
		},
		{Config: configuration(2, 13, properties(2), absent), ExpectError: message(`has no bucket "absent"`)},
		{Config: configuration(2, 13, properties(2)), Check: resource.ComposeTestCheckFunc(lifeHolds(gateway, 2, 13, theirs), holdsBuckets(gateway, "flags", "life"))},
		// What others have in the bucket keeps it.
		{Config: withProvider(gateway, ""), ExpectError: message(`The bucket "life" holds entries`)},
		{
			PreConfig: func() {
				if got, want := gateway.Entries("life"), map[string]string{"shared": `{"theirs":2}`, "taken": theirs["taken"]}; !maps.Equal(got, want) {
					panic(fmt.Sprintf("the gateway holds %v, want %v", got, want))
				}
				gateway.DeleteEntry("life", "shared")
				gateway.DeleteEntry("life", "taken")
			},
			Config: withProvider(gateway, ""), Check: holdsBuckets(gateway, "flags"),
		},
	}
}

// TestLifeInEachDialect: in whatever form a gateway responds, everything is created,
// read, changed, found changed or gone, imported, refused and deleted as documented.
func TestLifeInEachDialect(t *testing.T) {
	t.Parallel()
	for name, dialect := range dialects(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			gateway := newGateway(t)
			gateway.SetDialect(dialect)
			run(t, lifeOf(gateway)...)
		})
	}
}

// TestAccLifeInDialects: the same with Terraform, in forms that differ in most.
func TestAccLifeInDialects(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"siblings", "openapi-2025-05", "unstripped"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			gateway := newGateway(t)
			gateway.SetDialect(dialects(t)[name])
			runCLI(t, lifeOf(gateway)...)
		})
	}
}

// TestFirstWrite: entries that a gateway creates or updates are stored as they are
// declared, in an envelope with one warning if that is what it takes, or the run stops
// with an error about each, and the state is as it was.
func TestFirstWrite(t *testing.T) {
	t.Parallel()
	for put, isStored := range map[string]bool{"enveloped": true, "typed": true, "wrapper": false} {
		for _, first := range []entries{noEntries, bothOld} {
			t.Run(fmt.Sprint(put, " after ", len(first)), func(t *testing.T) {
				t.Parallel()
				gateway := newGateway(t)
				w := newWorkspace(t)
				if len(first) > 0 {
					w.must(withProvider(gateway, twoEntries(1)), planOptions{})
				}
				gateway.SetDialect(mockgateway.Dialect{Put: put})
				said := map[string]int{}
				for _, d := range w.planAndApply(withProvider(gateway, twoEntries(2)), planOptions{}) {
					said[d.summary]++
				}
				want, state := map[string]int{"Gateway takes values in an envelope": 1}, bothNew
				if !isStored {
					want, state = map[string]int{"Gateway did not store what was sent": 2}, first
				}
				if !maps.Equal(said, want) || !maps.Equal(w.entries(), state) || isStored && !maps.Equal(gateway.Entries("flags"), bothNew) {
					t.Errorf("said %v, the gateway holds %v, the state %v", said, gateway.Entries("flags"), w.entries())
				}
			})
		}
	}
}

// TestProxyInEachDialect: a 404 of something in front of the gateway drops nothing from
// the state, creates nothing and deletes nothing, whatever it says and whatever gets past it.
func TestProxyInEachDialect(t *testing.T) {
	t.Parallel()
	bodies := []string{`{"error":"not_found"}`, `{"error":"Key not found"}`, `{"status_code":404,"body":{"message":"resource not found"}}`, "404 page not found", "<html>Not Found"}
	paths := []string{"", "/storage/kv/life*", "/storage/kv/life/*", "/storage/kv/life/entries/*"}
	for name, dialect := range dialects(t) {
		for _, path := range paths {
			if path == "" && name != "siblings" {
				continue // nothing gets past it
			}
			t.Run(fmt.Sprint(name, " at ", path), func(t *testing.T) {
				t.Parallel()
				gateway := newGateway(t)
				w := newWorkspace(t)
				configuration := withProvider(gateway, fmt.Sprintf(lifeBucket, 1)+fmt.Sprintf(lifeEntries, 1, 2)+fmt.Sprintf(lifeProperties, 1))
				w.must(configuration, planOptions{})
				gateway.PutEntry("life", "taken", `{}`)
				state, held := maps.Clone(w.state), gateway.Entries("life")
				gateway.SetDialect(dialect)
				for _, body := range bodies {
					gateway.ClearFaults()
					gateway.Inject(mockgateway.Fault{Path: path, Effect: respond(http.StatusNotFound, body)})
					gateway.ResetRequests()
					refresh := w.plan(configuration, planOptions{})
					if errorOf(refresh.diagnostics) == nil || len(refresh.prior) != len(state) {
						t.Errorf("%s: a refresh ended with %v and kept %d objects", body, refresh.diagnostics, len(refresh.prior))
					}
					for _, options := range []planOptions{{noRefresh: true}, {noRefresh: true, destroy: true}} {
						diagnostics := w.planAndApply(configuration+"resource \"quiva_kv_entry\" \"new\" {\n  bucket = \"life\"\n  key = \"taken\"\n  value = { ours = true }\n}\n", options)
						if errorOf(diagnostics) == nil {
							t.Errorf("%s: an apply with %+v succeeded", body, options)
						}
						if got := gateway.Entries("life"); !maps.Equal(got, held) || len(w.state) != len(state) || gateway.Count(http.MethodPut, "") > 0 {
							t.Fatalf("%s: after an apply with %+v the gateway holds %v, the state %d objects", body, options, got, len(w.state))
						}
					}
				}
			})
		}
	}
}

// TestWrongHost: where nothing serves the API, whatever is asked for first fails after
// two requests at most, with an error that says which host does.
func TestWrongHost(t *testing.T) {
	t.Parallel()
	for name, configuration := range map[string]string{
		"creation": someEntry, "bucket": bucketBlock(), "data source": bucketsData, "entries": entriesData(),
		"import": someEntry + "import {\n  to = quiva_kv_entry.test\n  id = \"flags/checkout\"\n}\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			gateway := newGateway(t)
			gateway.SetDialect(mockgateway.Dialect{WrongHost: true})
			provider := fmt.Sprintf("provider \"quiva\" {\n  endpoint = %q\n  api_key = %q\n}\n", gateway.URL, mockgateway.DefaultAPIKey)
			err := errorOf(newWorkspace(t).planAndApply(provider+configuration, planOptions{}))
			if requests := len(gateway.Requests()); requests == 0 || requests > 2 {
				t.Errorf("%d requests", requests)
			}
			for _, want := range []string{"Gateway has no such route", gateway.URL, "https://api.quiva.ai"} {
				if err == nil || !strings.Contains(err.Error(), want) {
					t.Errorf("ended with %v, which does not say %q", err, want)
				}
			}
		})
	}
}
