package provider_test

import (
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/terraform"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/quivaworks/terraform-provider-quiva/internal/mockgateway"
)

const bucketAddress = "quiva_kv_bucket.test"

// bucketBlock is a bucket "limits" with any arguments.
func bucketBlock(arguments ...string) string {
	return "resource \"quiva_kv_bucket\" \"test\" {\n  bucket = \"limits\"\n" + lines(arguments) + "}\n"
}

// bucket is a configuration of a bucket "limits" with any arguments.
func bucket(gateway *mockgateway.Server, arguments ...string) string {
	return withProvider(gateway, bucketBlock(arguments...))
}

const someIndexing = `indexing = {
    mappings     = [{ field = "name", field_type = "text" }, { field = "price", field_type = "number" }]
    partitions   = 3
    replicas     = 2
    storage_type = "file"
  }`

// manyArguments are all arguments of a bucket but force_destroy.
var manyArguments = []string{
	`description = "Limits <of> all"`, `history = 5`, `max_bytes = 10737418240`, `max_value_size = 1048576`,
	`replicas = 3`, `storage = "memory"`, `compression = true`, someIndexing,
}

// manyArgumentsHeld is what the gateway makes of them.
var manyArgumentsHeld = mockgateway.BucketConfig{
	Name: "limits", Description: "Limits <of> all", History: 5, MaxBytes: 10737418240, MaxValueSize: 1048576,
	Replicas: 3, Storage: "memory", Compression: true,
	Indexing: &mockgateway.Indexing{
		Mappings:   []mockgateway.IndexMapping{{Field: "name", FieldType: "text"}, {Field: "price", FieldType: "number"}},
		Partitions: 3, Replicas: 2, StorageType: "file",
	},
}

// defaults is what the gateway makes of a bucket without arguments.
var defaults = mockgateway.BucketConfig{Name: "limits", History: 1, Replicas: 1, Storage: "file"}

// holdsBucket checks how the gateway has configured the bucket "limits".
func holdsBucket(gateway *mockgateway.Server, want mockgateway.BucketConfig) resource.TestCheckFunc {
	return func(*terraform.State) error {
		if got, ok := gateway.Bucket("limits"); !ok || !reflect.DeepEqual(got, want) {
			return fmt.Errorf("the gateway holds %+v (%t), want %+v", got, ok, want)
		}
		return nil
	}
}

// holdsBuckets checks which buckets there are.
func holdsBuckets(gateway *mockgateway.Server, want ...string) resource.TestCheckFunc {
	return func(*terraform.State) error {
		if got := gateway.Buckets(); !slices.Equal(got, want) {
			return fmt.Errorf("the gateway has the buckets %v, want %v", got, want)
		}
		return nil
	}
}

// sends checks the requests since they were last reset, each as its method,
// path and body.
func sends(gateway *mockgateway.Server, want ...string) resource.TestCheckFunc {
	return func(*terraform.State) error {
		var got []string
		for _, request := range gateway.Requests() {
			got = append(got, strings.TrimSpace(request.Method+" "+request.Path+" "+string(request.Body)))
		}
		if !slices.Equal(got, want) {
			return fmt.Errorf("sent\n  %s\nwant\n  %s", strings.Join(got, "\n  "), strings.Join(want, "\n  "))
		}
		return nil
	}
}

func bucketAction(action plancheck.ResourceActionType) resource.ConfigPlanChecks {
	return plans(plancheck.ExpectResourceAction(bucketAddress, action))
}

func bucketState(want map[string]knownvalue.Check) (checks []statecheck.StateCheck) {
	for name, value := range want {
		checks = append(checks, statecheck.ExpectKnownValue(bucketAddress, tfjsonpath.New(name), value))
	}
	return checks
}

const (
	lookAtBucket = "GET /storage/kv/limits"
	listBuckets  = "GET /storage/kv" // which proves that it is free
	listBucket   = "GET /storage/kv/limits/entries"
	deleteBucket = "DELETE /storage/kv/limits"
)

// TestAccKVBucketLifecycle also counts the requests: nothing is asked that need
// not be, and only what changed is sent.
func TestAccKVBucketLifecycle(t *testing.T) {
	t.Parallel()
	gateway := newGateway(t)
	step := func(action plancheck.ResourceActionType, check resource.TestCheckFunc, arguments ...string) resource.TestStep {
		return resource.TestStep{PreConfig: gateway.ResetRequests, Config: bucket(gateway, arguments...), ConfigPlanChecks: bucketAction(action), Check: check}
	}
	const created, updated, unchanged = plancheck.ResourceActionCreate, plancheck.ResourceActionUpdate, plancheck.ResourceActionNoop
	first := step(created, resource.ComposeTestCheckFunc(sends(gateway, lookAtBucket, listBuckets, `POST /storage/kv {"bucket":"limits"}`, lookAtBucket), holdsBucket(gateway, defaults)))
	first.ConfigStateChecks = bucketState(map[string]knownvalue.Check{
		"id":             knownvalue.StringExact("limits"),
		"bucket":         knownvalue.StringExact("limits"),
		"description":    knownvalue.Null(),
		"history":        knownvalue.Int64Exact(1),
		"max_bytes":      knownvalue.Null(),
		"max_value_size": knownvalue.Null(),
		"replicas":       knownvalue.Int64Exact(1),
		"storage":        knownvalue.StringExact("file"),
		"compression":    knownvalue.Bool(false),
		"indexing":       knownvalue.Null(),
		"force_destroy":  knownvalue.Bool(false),
	})
	emptied := step(updated, sends(gateway, lookAtBucket, lookAtBucket, `PUT /storage/kv/limits {"description":""}`, lookAtBucket), "max_bytes = 1000")
	emptied.ConfigStateChecks = bucketState(map[string]knownvalue.Check{"description": knownvalue.Null(), "max_bytes": knownvalue.Int64Exact(1000)})
	runCLI(t,
		first,
		step(unchanged, sends(gateway, lookAtBucket), "history = 1", "replicas = 1", `storage = "file"`, "compression = false", "force_destroy = false"),
		step(updated, resource.ComposeTestCheckFunc(
			sends(gateway, lookAtBucket, lookAtBucket, `PUT /storage/kv/limits {"description":"x","max_bytes":1000}`, lookAtBucket),
			holdsBucket(gateway, mockgateway.BucketConfig{Name: "limits", Description: "x", MaxBytes: 1000, History: 1, Replicas: 1, Storage: "file"})),
			`description = "x"`, "max_bytes = 1000"),
		emptied,
		step(updated, sends(gateway, lookAtBucket), "max_bytes = 1000", `description = ""`),
		step(updated, sends(gateway, lookAtBucket), "max_bytes = 1000", "force_destroy = true"),
		resource.TestStep{
			PreConfig: gateway.ResetRequests,
			Config:    withProvider(gateway, ""),
			Check:     resource.ComposeTestCheckFunc(sends(gateway, lookAtBucket, deleteBucket), holdsBuckets(gateway, "flags")),
		},
	)
}

// TestKVBucketArguments: with every argument set, there is nothing to read
// back.
func TestKVBucketArguments(t *testing.T) {
	t.Parallel()
	gateway := newGateway(t)
	run(t, resource.TestStep{
		Config: bucket(gateway, manyArguments...),
		Check: resource.ComposeTestCheckFunc(
			sends(gateway, lookAtBucket, listBuckets, `POST /storage/kv {"bucket":"limits","description":"Limits \u003cof\u003e all","history":5,"replicas":3,"max_bytes":10737418240,"max_value_size":1048576,"storage":"memory","compression":true,`+
				`"indexing":{"mappings":[{"field":"name","field_type":"text"},{"field":"price","field_type":"number"}],"partitions":3,"replicas":2,"storage_type":"file"}}`),
			holdsBucket(gateway, manyArgumentsHeld)),
	})
}

// TestKVBucketKnownAtApply: what is unknown while planning is no trouble.
func TestKVBucketKnownAtApply(t *testing.T) {
	t.Parallel()
	gateway := newGateway(t)
	configuration := strings.Replace(bucket(gateway, manyArguments...), `"limits"`, "terraform_data.other.output.name", 1)
	configuration = strings.Replace(configuration, "partitions   = 3", "partitions = terraform_data.other.output.partitions", 1)
	configuration = strings.Replace(configuration, "history = 5", "history = terraform_data.other.output.history", 1)
	configuration = strings.Replace(configuration, "max_bytes = ", "max_bytes = terraform_data.other.output.none == null ? null : ", 1)
	want := manyArgumentsHeld
	want.MaxBytes = 0
	run(t, resource.TestStep{
		Config: configuration + `
resource "terraform_data" "other" {
  input = { name = "limits", partitions = 3, history = 5, none = null }
}
`,
		Check: holdsBucket(gateway, want),
	})
}

// TestKVBucketChanges: what is changed in place, by which request, and what
// replaces.
func TestKVBucketChanges(t *testing.T) {
	t.Parallel()
	// with is the full configuration with one argument in another's place.
	with := func(old, argument string) []string {
		changed := slices.Clone(manyArguments)
		changed[slices.Index(changed, old)] = argument
		return changed
	}
	tests := map[string]struct {
		arguments []string
		put       string // or a replacement, if empty
	}{
		"description":    {with(manyArguments[0], `description = "new"`), `{"description":"new"}`},
		"max_bytes":      {with(manyArguments[2], `max_bytes = 1`), `{"max_bytes":1}`},
		"max_value_size": {with(manyArguments[3], `max_value_size = 2147483647`), `{"max_value_size":2147483647}`},
		"indexing": {with(someIndexing, strings.Replace(someIndexing, "text", "keyword", 1)),
			`{"indexing":{"mappings":[{"field":"name","field_type":"keyword"},{"field":"price","field_type":"number"}],"partitions":3,"replicas":2,"storage_type":"file"}}`},
		"history":     {with(manyArguments[1], `history = 64`), ""},
		"replicas":    {with(manyArguments[4], `replicas = 5`), ""},
		"storage":     {with(manyArguments[5], `storage = "file"`), ""},
		"compression": {with(manyArguments[6], `compression = false`), ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			gateway := newGateway(t)
			action, check := plancheck.ResourceActionReplace, func(*terraform.State) error {
				if puts, posts := gateway.Count(http.MethodPut, ""), gateway.Count(http.MethodPost, ""); puts > 0 || posts != 1 {
					return fmt.Errorf("%d PUTs, %d POSTs", puts, posts)
				}
				return nil
			}
			if tt.put != "" {
				action, check = plancheck.ResourceActionUpdate, sends(gateway, lookAtBucket, lookAtBucket, "PUT /storage/kv/limits "+tt.put, lookAtBucket)
			}
			run(t,
				resource.TestStep{Config: bucket(gateway, manyArguments...)},
				resource.TestStep{PreConfig: gateway.ResetRequests, Config: bucket(gateway, tt.arguments...), ConfigPlanChecks: bucketAction(action), Check: check},
			)
		})
	}
}

// TestKVBucketUnset: an argument that is taken out, or that was never there,
// leaves the bucket as it is, until it is replaced.
func TestKVBucketUnset(t *testing.T) {
	t.Parallel()
	gateway := newGateway(t)
	run(t,
		resource.TestStep{Config: bucket(gateway, manyArguments...)},
		resource.TestStep{
			Config:           bucket(gateway, manyArguments[0]),
			ConfigPlanChecks: plans(plancheck.ExpectEmptyPlan()),
			Check:            holdsBucket(gateway, manyArgumentsHeld),
		},
		resource.TestStep{
			Config:           bucket(gateway, `description = "new"`),
			ConfigPlanChecks: bucketAction(plancheck.ResourceActionUpdate),
		},
		// An argument that is unknown while planning may turn out to be none.
		resource.TestStep{
			Config: bucket(gateway, `max_bytes = terraform_data.other.output == "x" ? null : 1`) +
				"resource \"terraform_data\" \"other\" {\n  input = \"x\"\n}\n",
			Check: func(*terraform.State) error {
				if held, _ := gateway.Bucket("limits"); held.MaxBytes != manyArgumentsHeld.MaxBytes {
					return fmt.Errorf("max_bytes became %d", held.MaxBytes)
				}
				return nil
			},
		},
		resource.TestStep{
			Taint:            []string{bucketAddress},
			Config:           bucket(gateway),
			ConfigPlanChecks: bucketAction(plancheck.ResourceActionReplace),
			Check:            holdsBucket(gateway, defaults),
			ConfigStateChecks: bucketState(map[string]knownvalue.Check{
				"max_bytes": knownvalue.Null(), "max_value_size": knownvalue.Null(), "indexing": knownvalue.Null(), "history": knownvalue.Int64Exact(1),
			}),
		},
	)
}

// TestKVBucketKeepsWarning: taking out what the gateway cannot remove is no
// silent matter.
func TestKVBucketKeepsWarning(t *testing.T) {
	t.Parallel()
	gateway := newGateway(t)
	w := newWorkspace(t)
	w.must(bucket(gateway, `max_bytes = 1000`, `max_value_size = 100`, someIndexing), planOptions{})
	maxBytes, maxValueSize, indexing := `has max_bytes = 1000, which the configuration does not set. The gateway can change it but not remove it, so it stays until the bucket is replaced.`,
		`has max_value_size = 100, which`, `has an index, which`
	for name, test := range map[string]struct {
		arguments []string
		want      []string
	}{
		"all":      {nil, []string{maxBytes, maxValueSize, indexing}},
		"one":      {[]string{`max_bytes = 5`, someIndexing}, []string{maxValueSize}},
		"replaced": {[]string{`history = 2`}, nil},
	} {
		warnings := w.plan(bucket(gateway, test.arguments...), planOptions{}).diagnostics
		if len(warnings) != len(test.want) {
			t.Errorf("%s: warned of %v", name, warnings)
		}
		for _, want := range test.want {
			if !slices.ContainsFunc(warnings, func(d diagnostic) bool {
				return d.severity == "Warning" && strings.HasPrefix(d.summary, "Bucket keeps its ") && strings.Contains(d.detail, want) &&
					strings.Contains(d.detail, "terraform apply -replace='ADDRESS'")
			}) {
				t.Errorf("%s: warned of %v, want %q", name, warnings, want)
			}
		}
	}
}

// TestKVBucketDrift: what others make of a bucket is seen and repaired, as
// far as it is declared.
func TestKVBucketDrift(t *testing.T) {
	t.Parallel()
	const none, updated, replaced = plancheck.ResourceActionNoop, plancheck.ResourceActionUpdate, plancheck.ResourceActionReplace
	tests := map[string]struct {
		declared []string
		change   func(*mockgateway.BucketConfig)
		action   plancheck.ResourceActionType
	}{
		"nothing":         {manyArguments, func(*mockgateway.BucketConfig) {}, none},
		"description":     {manyArguments, func(c *mockgateway.BucketConfig) { c.Description = "theirs" }, updated},
		"no description":  {manyArguments, func(c *mockgateway.BucketConfig) { c.Description = "" }, updated},
		"max_bytes":       {manyArguments, func(c *mockgateway.BucketConfig) { c.MaxBytes = 5000 }, updated},
		"no max_bytes":    {manyArguments, func(c *mockgateway.BucketConfig) { c.MaxBytes = 0 }, updated},
		"max_value_size":  {manyArguments, func(c *mockgateway.BucketConfig) { c.MaxValueSize = 5000 }, updated},
		"index":           {manyArguments, func(c *mockgateway.BucketConfig) { c.Indexing.Partitions = 7 }, updated},
		"history":         {manyArguments, func(c *mockgateway.BucketConfig) { c.History = 6 }, replaced},
		"replicas":        {manyArguments, func(c *mockgateway.BucketConfig) { c.Replicas = 1 }, replaced},
		"storage":         {manyArguments, func(c *mockgateway.BucketConfig) { c.Storage = "file" }, replaced},
		"compression":     {manyArguments, func(c *mockgateway.BucketConfig) { c.Compression = false }, replaced},
		"index not shown": {manyArguments, func(c *mockgateway.BucketConfig) { c.Indexing = nil }, none},
		"gone":            {manyArguments, nil, plancheck.ResourceActionCreate},
		"not declared":    {manyArguments[:1], func(c *mockgateway.BucketConfig) { c.MaxValueSize = 5 }, none},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			gateway := newGateway(t)
			after := resource.TestStep{
				PreConfig: func() {
					gateway.DeleteBucket("limits")
					if tt.change != nil {
						theirs, indexing := manyArgumentsHeld, *manyArgumentsHeld.Indexing
						theirs.Indexing = &indexing
						tt.change(&theirs)
						gateway.CreateBucketWith(theirs)
					}
				},
				Config:           bucket(gateway, tt.declared...),
				ConfigPlanChecks: bucketAction(tt.action),
			}
			if tt.action != none {
				after.Check = holdsBucket(gateway, manyArgumentsHeld)
			}
			run(t, resource.TestStep{Config: bucket(gateway, tt.declared...)}, after)
		})
	}
}

// TestKVBucketPartsMissing: a gateway that shows less than is documented
// plans no change by that.
func TestKVBucketPartsMissing(t *testing.T) {
	t.Parallel()
	gateway := newGateway(t)
	run(t,
		resource.TestStep{Config: bucket(gateway, manyArguments...)},
		resource.TestStep{
			PreConfig: func() {
				gateway.Inject(mockgateway.Fault{Method: http.MethodGet, Path: "/storage/kv/limits",
					Effect: mockgateway.Respond(http.StatusOK, nil, `{"body":{"status":{"bucket":"limits"},"config":null}}`)})
			},
			Config:           bucket(gateway, manyArguments...),
			ConfigPlanChecks: plans(plancheck.ExpectEmptyPlan()),
		},
	)
}

func TestKVBucketTakenName(t *testing.T) {
	t.Parallel()
	gateway := newGateway(t)
	gateway.CreateBucketWith(manyArgumentsHeld)
	exists := message("Bucket already exists")
	run(t,
		resource.TestStep{Config: bucket(gateway), ExpectError: exists},
		resource.TestStep{Config: bucket(gateway), ExpectError: message(`The gateway already has a bucket "limits". Nothing was changed. To manage what is there, import it: terraform import 'ADDRESS' 'limits' ` +
			`or with a block in the configuration: import { to = ADDRESS id = "limits" }`)},
		resource.TestStep{
			// Somebody is quicker between the check and the creation.
			PreConfig: func() {
				gateway.DeleteBucket("limits")
				gateway.SetRequestHook(func(request mockgateway.Request) {
					if request.Method == http.MethodGet && request.Path == "/storage/kv" { // which proves that it is free
						gateway.CreateBucketWith(manyArgumentsHeld)
					}
				})
			},
			Config: bucket(gateway), ExpectError: exists,
		},
	)
	if err := holdsBucket(gateway, manyArgumentsHeld)(nil); err != nil {
		t.Error(err)
	}
}

// TestKVBucketResponseLost: a bucket that was created despite a failure is
// not somebody else's.
func TestKVBucketResponseLost(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]mockgateway.Fault{
		"lost":            {Method: http.MethodPost, Times: 1, Effect: mockgateway.LoseResponse()},
		"read back fails": {Method: http.MethodGet, Path: "/storage/kv/limits", After: 1, Times: 1, Effect: mockgateway.Respond(500, nil, `{"error":"internal_error"}`)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			gateway := newGateway(t)
			gateway.Inject(fault)
			run(t,
				resource.TestStep{Config: bucket(gateway), Check: holdsBucket(gateway, defaults)},
				resource.TestStep{Config: bucket(gateway), ConfigPlanChecks: plans(plancheck.ExpectEmptyPlan())},
			)
		})
	}
}

// TestKVBucketNotEmpty: entries are not lost with their bucket, unless that
// was allowed before.
func TestKVBucketNotEmpty(t *testing.T) {
	t.Parallel()
	unharmed := func(t *testing.T, gateway *mockgateway.Server) {
		t.Helper()
		if deletes := gateway.Count(http.MethodDelete, ""); deletes != 0 {
			t.Errorf("%d DELETEs", deletes)
		}
		if value, _ := gateway.Entry("limits", "team/a"); value != `{"n":1}` {
			t.Errorf("the entry became %q", value)
		}
	}
	fill := func(gateway *mockgateway.Server) func() {
		return func() { gateway.PutEntry("limits", "team/a", `{"n":1}`) }
	}
	t.Run("destroy", func(t *testing.T) {
		t.Parallel()
		gateway := newGateway(t)
		run(t,
			resource.TestStep{Config: bucket(gateway)},
			resource.TestStep{PreConfig: fill(gateway), Config: withProvider(gateway, ""), ExpectError: message(`The bucket "limits" holds entries, such as "team/a", which would be lost with it. Nothing was deleted. ` +
				`Delete its entries first. Or, to lose them, set force_destroy = true and apply that alone; then delete or replace the bucket again.`)},
			// To allow it and to do it at once is one typo away from a loss.
			resource.TestStep{Config: bucket(gateway, "history = 2", "force_destroy = true"), ExpectError: message(`Bucket is not empty`)},
			resource.TestStep{PreConfig: func() { unharmed(t, gateway) }, Config: bucket(gateway, "force_destroy = true")},
			resource.TestStep{
				PreConfig:        func() { unharmed(t, gateway) },
				Config:           bucket(gateway, "history = 2", "force_destroy = true"),
				ConfigPlanChecks: bucketAction(plancheck.ResourceActionReplace),
				Check:            holdsNothing(gateway, "limits"),
			},
			resource.TestStep{
				PreConfig: func() { fill(gateway)(); gateway.ResetRequests() },
				Config:    withProvider(gateway, ""),
				Check:     resource.ComposeTestCheckFunc(sends(gateway, lookAtBucket, deleteBucket), holdsBuckets(gateway, "flags")),
			},
		)
	})
	t.Run("emptied", func(t *testing.T) {
		t.Parallel()
		gateway := newGateway(t)
		run(t,
			resource.TestStep{Config: bucket(gateway)},
			resource.TestStep{
				PreConfig: func() {
					fill(gateway)()
					gateway.DeleteEntry("limits", "team/a")
					gateway.ResetRequests()
				},
				Config: withProvider(gateway, ""),
				Check:  resource.ComposeTestCheckFunc(sends(gateway, lookAtBucket, listBucket, deleteBucket), holdsBuckets(gateway, "flags")),
			},
		)
	})
	t.Run("unknown", func(t *testing.T) {
		t.Parallel()
		gateway := newGateway(t)
		run(t,
			resource.TestStep{Config: bucket(gateway)},
			resource.TestStep{
				PreConfig: func() {
					fill(gateway)()
					gateway.Inject(mockgateway.Fault{Path: "/storage/kv/limits/entries", Times: 1, Effect: mockgateway.Respond(http.StatusForbidden, nil, `{"error":"forbidden"}`)})
				},
				Config:      withProvider(gateway, ""),
				ExpectError: message(`Could not check whether the bucket "limits" is empty.`),
			},
			resource.TestStep{
				PreConfig: func() { unharmed(t, gateway); gateway.DeleteEntry("limits", "team/a") },
				Config:    withProvider(gateway, ""),
			},
		)
	})
}

// TestKVBucketGone: a bucket that goes away between the refresh and the deletion is as
// good as deleted. It is not made by an update.
func TestKVBucketGone(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		next  []string
		after string // a request of the apply; empty for the plan
		want  string
	}{
		"at the check":    {nil, "", ""},
		"at the deletion": {nil, "/storage/kv/limits/entries", ""},
		"at the update":   {[]string{"max_bytes = 5"}, "", `The bucket "limits" was deleted after this run had read it`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			gateway := newGateway(t)
			next := resource.TestStep{Config: withProvider(gateway, ""), ConfigPlanChecks: plans(afterPlan(func() {
				if tt.after == "" {
					gateway.DeleteBucket("limits")
				}
				gateway.SetRequestHook(func(request mockgateway.Request) {
					if request.Path == tt.after {
						gateway.DeleteBucket("limits")
					}
				})
			}))}
			if tt.want != "" {
				next.Config, next.ExpectError = bucket(gateway, tt.next...), message(tt.want)
			}
			run(t, resource.TestStep{Config: bucket(gateway)}, next)
		})
	}
}

func TestAccKVBucketImport(t *testing.T) {
	t.Parallel()
	gateway := newGateway(t)
	gateway.CreateBucketWith(manyArgumentsHeld)
	all := slices.Clone(manyArguments[:7])
	runCLI(t,
		resource.TestStep{Config: bucket(gateway), ResourceName: bucketAddress, ImportState: true, ImportStateId: "absent", ExpectError: message(`has no bucket "absent". Check the name.`)},
		resource.TestStep{
			Config:             bucket(gateway, all...),
			ResourceName:       bucketAddress,
			ImportState:        true,
			ImportStateId:      "limits",
			ImportStatePersist: true,
		},
		resource.TestStep{
			Config:           bucket(gateway, all...),
			ConfigPlanChecks: plans(plancheck.ExpectEmptyPlan()),
			ConfigStateChecks: bucketState(map[string]knownvalue.Check{
				"id": knownvalue.StringExact("limits"), "force_destroy": knownvalue.Bool(false), "indexing": knownvalue.Null(), "max_bytes": knownvalue.Int64Exact(10737418240),
			}),
		},
		resource.TestStep{ResourceName: bucketAddress, ImportState: true, ImportStateVerify: true},
		resource.TestStep{ResourceName: bucketAddress, ImportState: true, ImportStateKind: resource.ImportBlockWithID, ImportStateId: "limits"},
		// Of what was left out, nothing is given up.
		resource.TestStep{Config: bucket(gateway, all[0]), ConfigPlanChecks: plans(plancheck.ExpectEmptyPlan())},
	)
	if writes := gateway.Count(http.MethodPut, "") + gateway.Count(http.MethodPost, ""); writes != 0 {
		t.Errorf("importing wrote %d times", writes)
	}
}

// TestKVBucketBadInput: what is refused while planning, before the gateway
// is asked.
func TestKVBucketBadInput(t *testing.T) {
	t.Parallel()
	gateway := newGateway(t)
	name := func(hcl string) string {
		return withProvider(gateway, "resource \"quiva_kv_bucket\" \"test\" {\n bucket = "+hcl+"\n}")
	}
	with := func(argument string) string { return bucket(gateway, argument) }
	indexing := func(old, argument string) string {
		return bucket(gateway, strings.Replace(someIndexing, old, argument, 1))
	}
	tests := map[string]struct{ configuration, want string }{
		"no name":             {withProvider(gateway, "resource \"quiva_kv_bucket\" \"test\" {}"), `The argument "bucket" is required`},
		"empty name":          {name(`""`), `The bucket must not be empty.`},
		"name of dots":        {name(`".."`), `The bucket must not be ".."`},
		"name with a dot":     {name(`"a.b"`), `The bucket must consist of letters, digits, "_" and "-"; this is "a.b".`},
		"history 65":          {with(`history = 65`), `history must be at most 64; got 65.`},
		"max_bytes 0":         {with(`max_bytes = 0`), `max_bytes must be at least 1; got 0.`},
		"max_value_size 0":    {with(`max_value_size = 0`), `max_value_size must be at least 1; got 0.`},
		"max_value_size 2^31": {with(`max_value_size = 2147483648`), `max_value_size must be at most 2147483647; got 2147483648.`},
		"replicas 6":          {with(`replicas = 6`), `replicas must be at most 5; got 6.`},
		"storage":             {with(`storage = "disk"`), `storage value must be one of: ["file" "memory"], got: "disk"`},
		"no mappings":         {indexing("mappings ", "# "), `attribute "mappings" is required`},
		"field":               {indexing(`"name"`, `""`), `field string length must be at least 1`},
		"field_type":          {indexing(`"text"`, `"string"`), `field_type value must be one of: ["text" "number" "date" "boolean" "keyword"], got: "string"`},
		"partitions":          {indexing(`partitions   = 3`, `partitions = 0`), `partitions must be at least 1; got 0.`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			run(t, resource.TestStep{Config: tt.configuration, PlanOnly: true, ExpectError: message(tt.want)})
		})
	}
	t.Cleanup(func() {
		if asked := gateway.Count("", ""); asked != 0 {
			t.Errorf("the gateway was asked %d times", asked)
		}
	})
}

// TestKVBucketRefused: what only the gateway can refuse leaves the state as
// it was.
func TestKVBucketRefused(t *testing.T) {
	t.Parallel()
	creation, update, deletion := []string{}, []string{"max_bytes = 5"}, []string(nil)
	tests := map[string]struct {
		exists    bool
		arguments []string // nil for none
		method    string
		status    int
		body      string
		want      string
	}{
		"look":          {false, creation, http.MethodGet, 403, `{"error":"forbidden"}`, `GET /storage/kv/limits returned 403 Forbidden: forbidden`},
		"create":        {false, creation, http.MethodPost, 400, `{"error":"no more buckets"}`, `POST /storage/kv returned 400 Bad Request: no more buckets`},
		"create, doing": {false, creation, http.MethodPost, 401, `{"error":"unauthorized"}`, `Could not create the bucket "limits".`},
		"read":          {true, creation, http.MethodGet, 500, `{"error":"internal_error"}`, `Could not read the bucket "limits".`},
		"read, other":   {true, creation, http.MethodGet, 200, `{"body":{"status":{"bucket":"other"}}}`, `the response is about the bucket "other"`},
		"update":        {true, update, http.MethodPut, 400, `{"error":"too small"}`, `PUT /storage/kv/limits returned 400 Bad Request: too small`},
		"update, gone":  {true, update, http.MethodPut, 404, `{"error":"not_found"}`, `Not confirmed to be missing`},
		"delete":        {true, deletion, http.MethodDelete, 403, `{"error":"forbidden"}`, `Could not delete the bucket "limits".`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			gateway := newGateway(t)
			refused := resource.TestStep{
				PreConfig: func() {
					gateway.Inject(mockgateway.Fault{Method: tt.method, Path: "/storage/kv*", Effect: mockgateway.Respond(tt.status, nil, tt.body)})
				},
				Config:      withProvider(gateway, ""),
				ExpectError: message(tt.want),
			}
			if tt.arguments != nil {
				refused.Config = bucket(gateway, tt.arguments...)
			}
			steps := []resource.TestStep{refused, {PreConfig: gateway.ClearFaults, Config: bucket(gateway), ConfigPlanChecks: bucketAction(plancheck.ResourceActionCreate)}}
			if tt.exists {
				steps[1].ConfigPlanChecks, steps[1].Check = plans(plancheck.ExpectEmptyPlan()), holdsBucket(gateway, defaults)
				steps = append([]resource.TestStep{{Config: bucket(gateway)}}, steps...)
			}
			run(t, steps...)
		})
	}
}

// TestKVBucketExpires: entries of a bucket with a time to live come back with each
// apply, so a refresh says why.
func TestKVBucketExpires(t *testing.T) {
	t.Parallel()
	gateway := newGateway(t)
	gateway.Inject(mockgateway.Fault{Method: http.MethodGet, Path: "*/kv/limits", Effect: mockgateway.Respond(http.StatusOK, nil, `{"body":{"status":{"bucket":"limits","ttl":3600000000000}}}`)})
	server := newServer(t)
	configure(t, server, gateway)
	schema := resourceSchema(t, server, "quiva_kv_bucket")
	read, err := server.ReadResource(t.Context(), &tfprotov6.ReadResourceRequest{
		TypeName: "quiva_kv_bucket", CurrentState: objectOf(t, schema, map[string]tftypes.Value{"bucket": tftypes.NewValue(tftypes.String, "limits")}),
	})
	if err != nil || len(read.Diagnostics) != 1 || read.Diagnostics[0].Severity != tfprotov6.DiagnosticSeverityWarning ||
		!strings.Contains(read.Diagnostics[0].Detail, `"limits" deletes each entry 1h0m0s after it was written`) {
		t.Errorf("read %q, %v", describe(read.Diagnostics), err)
	}
}
