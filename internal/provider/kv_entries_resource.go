package provider

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/quivaworks/terraform-provider-quiva/internal/jsonvalue"
	"github.com/quivaworks/terraform-provider-quiva/internal/quiva"
)

var (
	_ resource.ResourceWithConfigure   = (*kvEntriesResource)(nil)
	_ resource.ResourceWithModifyPlan  = (*kvEntriesResource)(nil)
	_ resource.ResourceWithImportState = (*kvEntriesResource)(nil)
)

// NewKVEntriesResource returns the resource quiva_kv_entries.
func NewKVEntriesResource() resource.Resource {
	return &kvEntriesResource{}
}

type kvEntriesResource struct {
	gateway *gateway
}

func (r *kvEntriesResource) Metadata(_ context.Context, req resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_kv_entries"
}

func (r *kvEntriesResource) Schema(_ context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "Many entries of one key-value bucket as one resource: hundreds to thousands of entries are planned and applied in seconds, since Terraform handles one object instead of one for each entry.\n\n" +
			"Each entry behaves as a `quiva_kv_entry` does: it is compared as JSON, it never overwrites another value when it is created, and an equal value is adopted. " +
			"Entries of the bucket that are not in `entries` are left alone.",
		Attributes: map[string]schema.Attribute{
			"bucket": schema.StringAttribute{
				MarkdownDescription: "Name of the bucket, which must exist. A change replaces all entries.",
				Required:            true,
				Validators:          []validator.String{bucketName},
				PlanModifiers:       []planmodifier.String{stringplanmodifier.RequiresReplace()},
			},
			"entries": schema.DynamicAttribute{
				MarkdownDescription: "The entries: an object whose property names are the keys and whose values are objects, such as `yamldecode(file(\"flags.yaml\"))`. " +
					"An entry that is added is created, one that is changed is written, one that is removed is deleted; no other is sent. It is stored in the state.",
				Required:   true,
				Validators: []validator.Dynamic{entriesValidator{}},
			},
			"id": schema.StringAttribute{
				MarkdownDescription: "The bucket's name.",
				Computed:            true,
			},
		},
	}
}

// kvEntriesModel is quiva_kv_entries in a configuration, a plan or the state.
type kvEntriesModel struct {
	Bucket  types.String  `tfsdk:"bucket"`
	Entries types.Dynamic `tfsdk:"entries"`
	ID      types.String  `tfsdk:"id"`
}

// entriesValidator accepts an object of objects, with the keys that an entry
// may have.
type entriesValidator struct{}

func (entriesValidator) Description(context.Context) string {
	return "an object or a map of objects, by their keys"
}

func (v entriesValidator) MarkdownDescription(ctx context.Context) string { return v.Description(ctx) }

func (entriesValidator) ValidateDynamic(_ context.Context, req validator.DynamicRequest, resp *validator.DynamicResponse) {
	value := valueOf(req.ConfigValue)
	if !value.IsKnown() {
		return
	}
	entries, ok := value.Members()
	if !ok {
		resp.Diagnostics.Append(noEntries(req.Path))
		return
	}
	for _, key := range slices.Sorted(maps.Keys(entries)) {
		if problem := entryKey.problem(key); problem != "" {
			resp.Diagnostics.AddAttributeError(req.Path, "Invalid key", fmt.Sprintf("The key %q cannot be used: the key %s", key, problem))
		}
		switch entries[key].Kind() {
		case jsonvalue.KindObject, jsonvalue.KindMap, jsonvalue.KindDynamic:
		case jsonvalue.KindNull:
			resp.Diagnostics.AddAttributeError(req.Path, "Value is missing",
				fmt.Sprintf("The entry %q is null. To delete it, leave it out: { for key, value in var.entries : key => value if value != null }.", key))
		default:
			resp.Diagnostics.AddAttributeError(req.Path, "Value is not an object",
				fmt.Sprintf("The gateway stores JSON objects; the entry %q is not one. Put its value into an object: { value = … }.", key))
		}
	}
}

func noEntries(at path.Path) diag.Diagnostic {
	return diag.NewAttributeErrorDiagnostic(at, "Entries are not an object",
		"The entries are an object or a map whose property names are the keys, such as { checkout = { enabled = true } }. For a list, name the key of each: { for flag in var.flags : flag.key => flag.value }.")
}

// encodeEntries returns the JSON of each entry.
func encodeEntries(diags *diag.Diagnostics, value types.Dynamic) map[string]json.RawMessage {
	entries, ok := valueOf(value).Members()
	if !ok {
		diags.Append(noEntries(path.Root("entries")))
	}
	texts := make(map[string]json.RawMessage, len(entries))
	for key, entry := range entries {
		text, err := jsonvalue.Encode(entry)
		switch {
		case err != nil:
			diags.Append(noEntryForm(key, err))
		case text[0] != '{':
			// It was unknown while planning.
			diags.AddAttributeError(path.Root("entries"), "Value is not an object", fmt.Sprintf("The gateway stores JSON objects; the entry %q is not one.", key))
		}
		texts[key] = text
	}
	return texts
}

// checkEntries adds an error for each entry of which something is known that
// cannot be written.
func checkEntries(diags *diag.Diagnostics, value types.Dynamic) {
	entries, _ := valueOf(value).Members()
	for _, key := range slices.Sorted(maps.Keys(entries)) {
		if _, err := jsonvalue.Encode(entries[key]); err != nil && !errors.Is(err, jsonvalue.ErrUnknown) {
			diags.Append(noEntryForm(key, err))
		}
	}
}

func noEntryForm(key string, err error) diag.Diagnostic {
	return diag.NewAttributeErrorDiagnostic(path.Root("entries"), "Value has no JSON form", fmt.Sprintf("The entry %q cannot be written as JSON: %v.", key, err))
}

func (r *kvEntriesResource) Configure(_ context.Context, req resource.ConfigureRequest, resp *resource.ConfigureResponse) {
	r.gateway = gatewayFrom(req.ProviderData, &resp.Diagnostics)
}

// ModifyPlan makes the plan say only what really changes.
func (r *kvEntriesResource) ModifyPlan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	if req.Plan.Raw.IsNull() || req.Plan.Raw.Equal(req.State.Raw) {
		return // a destroy, or nothing to do
	}
	var plan kvEntriesModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	if resp.Diagnostics.HasError() {
		return
	}
	plan.ID = plan.Bucket
	checkEntries(&resp.Diagnostics, plan.Entries)
	if resp.Diagnostics.HasError() {
		return
	}
	if req.State.Raw.IsNull() {
		// An object that is replaced for another reason than a failed creation
		// brings its private state.
		complete, diags := req.Private.GetKey(ctx, completeKey)
		resp.Diagnostics.Append(diags...)
		if complete == nil {
			resp.Diagnostics.Append(resp.Private.SetKey(ctx, takeoverKey, newTakeover(plan))...)
		}
	} else {
		var state kvEntriesModel
		resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
		if sameJSON(valueOf(plan.Entries), valueOf(state.Entries)) {
			plan.Entries = state.Entries
		}
	}
	resp.Diagnostics.Append(resp.Plan.Set(ctx, plan)...)
}

// takeoverKey holds, in the private state of a planned creation, what it is
// going to write.
//
// A creation that fails half-way leaves a resource that Terraform replaces on
// the next run: it calls Delete with the plan of the new creation, then Create.
// Delete then spares what that Create would only write again.
const takeoverKey = "takeover"

// completeKey marks, in the private state, an object whose creation was not cut
// short.
const completeKey = "complete"

// takeover is what a planned creation is going to write. Sums stand for the
// values, which the plan has already.
type takeover struct {
	Bucket string            `json:"bucket"`
	Sums   map[string]string `json:"sums"`
}

func newTakeover(plan kvEntriesModel) []byte {
	planned := takeover{Bucket: plan.Bucket.ValueString(), Sums: map[string]string{}}
	entries, _ := valueOf(plan.Entries).Members()
	for key, entry := range entries {
		if text, err := jsonvalue.Encode(entry); err == nil {
			planned.Sums[key] = sum(text)
		}
	}
	text, _ := json.Marshal(planned) // strings always encode
	return text
}

func sum(text []byte) string {
	digest := sha256.Sum256(text)
	return base64.RawStdEncoding.EncodeToString(digest[:16])
}

// spares reports whether an entry is to be written again right after it would
// be deleted.
func (t takeover) spares(bucket, key string, value jsonvalue.Value) bool {
	planned, ok := t.Sums[key]
	if !ok || t.Bucket != bucket {
		return false
	}
	text, err := jsonvalue.Encode(value)
	return err == nil && sum(text) == planned
}

func (r *kvEntriesResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	var plan kvEntriesModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	resp.Diagnostics.Append(resp.Private.SetKey(ctx, takeoverKey, nil)...)
	if resp.Diagnostics.HasError() {
		return
	}
	// What the Delete of a failed creation has just spared is this object's.
	bucket := plan.Bucket.ValueString()
	inherited := map[string]jsonvalue.Value{}
	planned, _ := valueOf(plan.Entries).Members()
	for key, value := range planned {
		if _, ok := r.gateway.spared.LoadAndDelete(entryName{bucket, key}); ok {
			inherited[key] = value
			r.gateway.markCreated(bucket, key)
		}
	}
	written, ok := r.apply(ctx, &resp.Diagnostics, plan, kvEntriesModel{Bucket: plan.Bucket, Entries: attributeOf(jsonvalue.Object(inherited))})
	if ok {
		written = plan
		resp.Diagnostics.Append(resp.Private.SetKey(ctx, completeKey, []byte("true"))...)
	}
	entries, _ := valueOf(written.Entries).Members()
	if !ok && len(entries) == 0 {
		return
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, written)...)
}

func (r *kvEntriesResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	var plan, state kvEntriesModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	if resp.Diagnostics.HasError() {
		return
	}
	written, ok := r.apply(ctx, &resp.Diagnostics, plan, state)
	if ok {
		written = plan
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, written)...)
}

// apply makes the gateway hold what the plan says, sending only what differs
// from the state. It returns what the state is then and whether that is all of
// the plan. Entries that were there already, and that no state had, are in it
// only if all went well: whatever is in the state can come to be deleted.
func (r *kvEntriesResource) apply(ctx context.Context, diags *diag.Diagnostics, plan, state kvEntriesModel) (written kvEntriesModel, ok bool) {
	written = state
	written.ID = state.Bucket
	client, connected := r.gateway.connect(diags)
	wanted := encodeEntries(diags, plan.Entries)
	if !connected || diags.HasError() {
		return written, false
	}
	bucket := plan.Bucket.ValueString()
	planned, _ := valueOf(plan.Entries).Members()
	held, _ := valueOf(state.Entries).Members()

	var added, removed []string
	for _, key := range slices.Sorted(maps.Keys(planned)) {
		if _, ok := held[key]; !ok {
			added = append(added, key)
		} else if holdsJSON(held[key], wanted[key]) {
			delete(wanted, key)
		}
	}
	for _, key := range slices.Sorted(maps.Keys(held)) {
		if _, ok := planned[key]; !ok {
			removed = append(removed, key)
		}
	}

	release := sync.OnceFunc(r.gateway.take(bucket, added...))
	defer release()
	// The gateway's PUT overwrites silently, so look first, and write nothing
	// unless all that is new may be written.
	taken, looked := client.GetEntries(ctx, bucket, added)
	if looked.Err() != nil {
		r.failBatch(diags, "looked up before they are created", len(added), looked, "Nothing was written.")
		return written, false
	}
	conflicts := quiva.BatchResult{Failed: map[string]error{}}
	for key, entry := range taken {
		if isSameText(wanted[key], entry.Value) {
			delete(wanted, key)
		} else {
			conflicts.Failed[key] = errors.New("it already holds another value")
		}
	}
	if len(conflicts.Failed) > 0 {
		diags.AddAttributeError(path.Root("entries"), "KV entries already exist",
			describeBatch("created", len(added), conflicts)+"\n\nNothing was written. To discard what is there, delete it first, or take it out of entries and into a quiva_kv_entry with overwrite = true."+
				importAdvice(state, bucket))
		return written, false
	}

	put := client.PutEntries(ctx, bucket, wanted)
	deleted := quiva.BatchResult{Untried: removed}
	if put.Err() == nil {
		for _, key := range added {
			r.gateway.markCreated(bucket, key)
		}
		release()
		defer r.gateway.take(bucket, removed...)()
		removed = slices.DeleteFunc(removed, func(key string) bool { return r.gateway.wasCreated(bucket, key) })
		deleted = client.DeleteEntries(ctx, bucket, removed)
	} else {
		for _, key := range put.Done {
			r.gateway.markCreated(bucket, key)
		}
	}
	if put.Err() == nil && deleted.Err() == nil {
		return plan, true
	}

	now := maps.Clone(held)
	for _, key := range put.Done {
		now[key] = planned[key]
	}
	for _, key := range deleted.Done {
		delete(now, key)
	}
	written.Entries = attributeOf(jsonvalue.Object(now))
	switch {
	case errors.Is(put.Err(), quiva.ErrNotFound):
		r.gateway.missingBucket(diags, bucket)
	case put.Err() != nil:
		r.failBatch(diags, "written", len(wanted), put, restLater)
	default:
		r.failBatch(diags, "deleted", len(removed), deleted, restLater)
	}
	return written, false
}

const restLater = "The state holds what was done. The next apply does the rest."

// importAdvice tells how to manage what is there, to a resource that is not in
// the state yet.
func importAdvice(state kvEntriesModel, bucket string) string {
	if !state.ID.IsNull() {
		return ""
	}
	return fmt.Sprintf("\n\nTo manage what is there, import it under the address named above, in place of ADDRESS; what it brings that is not in entries is then planned to be deleted:\n\n"+
		"  terraform import 'quiva_kv_entries.ADDRESS' %s\n\nor only the keys with a prefix: %s", shellQuote(bucket), shellQuote(bucket+"/PREFIX*"))
}

// failBatch says which entries failed, why, and what that means.
func (r *kvEntriesResource) failBatch(diags *diag.Diagnostics, done string, count int, outcome quiva.BatchResult, so string) {
	r.gateway.fail(diags, operation{
		doing:    "have all entries " + done,
		rejected: path.Root("entries"),
		details:  describeBatch(done, count, outcome) + "\n\n" + so,
	}, outcome.Err())
}

// listedFailures is how many failures of a batch are told one by one.
const listedFailures = 10

// describeBatch tells the first failures of a batch and counts the others.
func describeBatch(done string, count int, outcome quiva.BatchResult) string {
	var text strings.Builder
	fmt.Fprintf(&text, "%d of %d entries could not be %s:\n", len(outcome.Failed)+len(outcome.Untried), count, done)
	for i, key := range slices.Sorted(maps.Keys(outcome.Failed)) {
		if i == listedFailures {
			fmt.Fprintf(&text, "\n  - and %d more", len(outcome.Failed)-i)
			break
		}
		fmt.Fprintf(&text, "\n  - %q: %v", key, outcome.Failed[key])
	}
	if len(outcome.Untried) > 0 {
		fmt.Fprintf(&text, "\n  - %d were not tried after that", len(outcome.Untried))
	}
	return text.String()
}

func (r *kvEntriesResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	var state kvEntriesModel
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	if resp.Diagnostics.HasError() {
		return
	}
	client, ok := r.gateway.connect(&resp.Diagnostics)
	if !ok {
		return
	}
	known, _ := valueOf(state.Entries).Members()
	same := map[string]bool{}
	held, outcome := client.RefreshEntries(ctx, state.Bucket.ValueString(), slices.Sorted(maps.Keys(known)), func(entry quiva.Entry) bool {
		same[entry.Key] = holdsJSON(known[entry.Key], entry.Value)
		return same[entry.Key]
	})
	if outcome.Err() != nil {
		r.failBatch(&resp.Diagnostics, "read", len(known), outcome, "The state stays as it was.")
		return
	}
	changed := len(held) != len(known)
	now := make(map[string]jsonvalue.Value, len(held))
	for key, entry := range held {
		// An equal value stays as it is, in the types that the configuration
		// gave it.
		if now[key] = known[key]; !same[key] && !holdsJSON(known[key], entry.Value) {
			now[key], changed = decodeValue(&resp.Diagnostics, key, entry.Value), true
		}
	}
	if changed && !resp.Diagnostics.HasError() {
		state.Entries = attributeOf(jsonvalue.Object(now))
		resp.Diagnostics.Append(resp.State.Set(ctx, state)...)
	}
}

func (r *kvEntriesResource) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	var state kvEntriesModel
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	if resp.Diagnostics.HasError() {
		return
	}
	client, ok := r.gateway.connect(&resp.Diagnostics)
	if !ok {
		return
	}
	var replacement takeover
	if text, diags := req.Private.GetKey(ctx, takeoverKey); len(text) > 0 {
		resp.Diagnostics.Append(diags...)
		_ = json.Unmarshal(text, &replacement) // without it, all is deleted
	}
	bucket := state.Bucket.ValueString()
	left, _ := valueOf(state.Entries).Members()
	defer r.gateway.take(bucket, slices.Collect(maps.Keys(left))...)()
	var keys []string
	var kept []entryName
	for _, key := range slices.Sorted(maps.Keys(left)) {
		entry := entryName{bucket, key}
		if r.gateway.wasCreated(bucket, key) {
			delete(left, key)
		} else if replacement.spares(bucket, key, left[key]) {
			kept = append(kept, entry)
		} else {
			keys = append(keys, key)
		}
	}
	outcome := client.DeleteEntries(ctx, bucket, keys)
	if outcome.Err() == nil {
		for _, entry := range kept {
			r.gateway.spared.Store(entry, nil)
		}
		return
	}
	for _, key := range outcome.Done {
		delete(left, key)
	}
	state.Entries = attributeOf(jsonvalue.Object(left))
	resp.Diagnostics.Append(resp.State.Set(ctx, state)...)
	r.failBatch(&resp.Diagnostics, "deleted", len(keys), outcome, restLater)
}

// ImportState takes "bucket", for what its list shows, or "bucket/pattern".
func (r *kvEntriesResource) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	bucket, pattern, hasPattern := strings.Cut(req.ID, "/")
	if bucketName.problem(bucket) != "" || hasPattern && entryKey.problem(pattern) != "" {
		resp.Diagnostics.AddError("Invalid import ID",
			fmt.Sprintf("Entries are imported by their bucket, as BUCKET, or by a prefix of their keys, as BUCKET/PREFIX*: feature-flags/checkout/*. What was given is %q.", req.ID))
		return
	}
	client, ok := r.gateway.connect(&resp.Diagnostics)
	if !ok {
		return
	}
	var listed []quiva.Entry
	var err error
	if hasPattern {
		listed, err = client.SearchEntries(ctx, bucket, pattern, quiva.MaxListLimit)
	} else {
		listed, err = client.ListEntries(ctx, bucket, quiva.MaxListLimit)
	}
	switch {
	case errors.Is(err, quiva.ErrNotFound):
		r.gateway.missingBucket(&resp.Diagnostics, bucket)
		return
	case err != nil:
		r.gateway.fail(&resp.Diagnostics, operation{doing: fmt.Sprintf("list the entries of the bucket %q", bucket), rejected: path.Root("entries")}, err)
		return
	case len(listed) == quiva.MaxListLimit:
		resp.Diagnostics.AddWarning("Some entries may be missing",
			fmt.Sprintf("The gateway lists at most %d entries at once, and these are as many. Entries of the configuration that are not among them are created, or adopted if they are equal. To import less at a time, give a prefix: %s.",
				quiva.MaxListLimit, shellQuote(bucket+"/PREFIX*")))
	}
	entries := make(map[string]jsonvalue.Value, len(listed))
	for _, entry := range listed {
		entries[entry.Key] = decodeValue(&resp.Diagnostics, entry.Key, entry.Value)
	}
	if resp.Diagnostics.HasError() {
		return
	}
	resp.Diagnostics.Append(resp.Private.SetKey(ctx, completeKey, []byte("true"))...)
	resp.Diagnostics.Append(resp.State.Set(ctx, kvEntriesModel{
		Bucket:  types.StringValue(bucket),
		Entries: attributeOf(jsonvalue.Object(entries)),
		ID:      types.StringValue(bucket),
	})...)
}
