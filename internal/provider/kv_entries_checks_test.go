package provider_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/terraform"

	"github.com/quivaworks/terraform-provider-quiva/internal/mockgateway"
)

// requests counts those to entries. A search is a list too.
type requests struct{ lists, gets, puts, deletes int }

func requestsTo(gateway *mockgateway.Server) requests {
	const entries = "/storage/kv/*/entries/*"
	return requests{
		lists:   gateway.Count(http.MethodGet, "/storage/kv/*/entries") + gateway.Count(http.MethodGet, "/storage/kv/*/search-by-key"),
		gets:    gateway.Count(http.MethodGet, entries),
		puts:    gateway.Count(http.MethodPut, entries),
		deletes: gateway.Count(http.MethodDelete, entries),
	}
}

// asked checks the requests since they were last reset: in a step, one plan
// with its refresh and one apply. See also [askedBetween].
func asked(gateway *mockgateway.Server, want requests) resource.TestCheckFunc {
	return askedBetween(gateway, want, want)
}

// holdsNumbered checks that the gateway holds numbered entries, each written
// once, and what more says, and nothing else.
func holdsNumbered(gateway *mockgateway.Server, count int, more map[string]string) resource.TestCheckFunc {
	return func(*terraform.State) error {
		want := map[string]string{}
		for i := range count {
			want[fmt.Sprintf("k%03d", i)] = fmt.Sprintf(`{"n":%d}`, i)
		}
		maps.Copy(want, more)
		got := gateway.Entries("flags")
		for _, key := range slices.Sorted(maps.Keys(got)) {
			if got[key] != want[key] {
				return fmt.Errorf("the gateway holds %s = %s, want %q", key, got[key], want[key])
			}
			if writes := gateway.Revisions("flags", key); more[key] == "" && writes != 1 {
				return fmt.Errorf("%s was written %d times", key, writes)
			}
		}
		if len(got) != len(want) {
			return fmt.Errorf("the gateway holds %d entries, want %d", len(got), len(want))
		}
		return nil
	}
}

// planOf checks the planned change of the entries: those of before, which is
// the state after its refresh, and those to come. Both are null for none.
type planOf func(before, after map[string]any) error

func (check planOf) CheckPlan(_ context.Context, req plancheck.CheckPlanRequest, resp *plancheck.CheckPlanResponse) {
	for _, change := range req.Plan.ResourceChanges {
		if change.Address == entriesAddress && change.DeposedKey == "" {
			resp.Error = check(entriesIn(change.Change.Before), entriesIn(change.Change.After))
			return
		}
	}
	resp.Error = fmt.Errorf("the plan does not have %s", entriesAddress)
}

// afterPlan is what others do between a plan and its apply.
type afterPlan func()

func (happens afterPlan) CheckPlan(context.Context, plancheck.CheckPlanRequest, *plancheck.CheckPlanResponse) {
	happens()
}

func entriesIn(side any) map[string]any {
	attributes, _ := side.(map[string]any)
	entries, _ := attributes["entries"].(map[string]any)
	return entries
}

// differs checks what a plan shows as different: "+key", "-key", or
// "key.attribute" of an entry that stays.
func differs(want ...string) plancheck.PlanCheck {
	return planOf(func(before, after map[string]any) error {
		if got := differences("", before, after); !slices.Equal(got, want) {
			return fmt.Errorf("the plan shows %q, want %q", got, want)
		}
		return nil
	})
}

func differences(at string, before, after map[string]any) (paths []string) {
	names := maps.Clone(before)
	if names == nil {
		names = map[string]any{}
	}
	maps.Copy(names, after)
	for _, name := range slices.Sorted(maps.Keys(names)) {
		old, was := before[name]
		next, will := after[name]
		oldObject, bothObjects := old.(map[string]any)
		if bothObjects {
			_, bothObjects = next.(map[string]any)
		}
		switch {
		case !was:
			paths = append(paths, "+"+at+name)
		case !will:
			paths = append(paths, "-"+at+name)
		case bothObjects:
			paths = append(paths, differences(at+name+".", oldObject, next.(map[string]any))...)
		case jsonOf(old) != jsonOf(next):
			paths = append(paths, at+name)
		}
	}
	return paths
}

func jsonOf(value any) string {
	text, err := json.Marshal(value)
	if err != nil {
		panic(err)
	}
	return string(text)
}

// exactState checks that the last apply left in the state what the gateway
// holds, but for the entries that are not the resource's: a refresh finds no
// drift, and nothing is missing.
type exactState struct {
	gateway *mockgateway.Server
	others  []string
}

func (c exactState) CheckPlan(ctx context.Context, req plancheck.CheckPlanRequest, resp *plancheck.CheckPlanResponse) {
	for _, drift := range req.Plan.ResourceDrift {
		if drift.Address == entriesAddress {
			resp.Error = fmt.Errorf("the state was not what the gateway holds: %q", differences("", entriesIn(drift.Change.Before), entriesIn(drift.Change.After)))
			return
		}
	}
	want := c.gateway.Entries("flags")
	for _, key := range c.others {
		delete(want, key)
	}
	planOf(func(before, _ map[string]any) error {
		got := map[string]string{}
		for key, value := range before {
			got[key] = jsonOf(value)
		}
		if !maps.Equal(got, want) {
			return fmt.Errorf("the state holds %d entries %q, want %d: %q", len(got), slices.Sorted(maps.Keys(got)), len(want), slices.Sorted(maps.Keys(want)))
		}
		return nil
	}).CheckPlan(ctx, req, resp)
}

func entriesAction(action plancheck.ResourceActionType) plancheck.PlanCheck {
	return plancheck.ExpectResourceAction(entriesAddress, action)
}

// absent checks that the gateway does not hold an entry.
func absent(gateway *mockgateway.Server, key string) resource.TestCheckFunc {
	return func(*terraform.State) error {
		if held, ok := gateway.Entry("flags", key); ok {
			return fmt.Errorf("the gateway still holds %s = %s", key, held)
		}
		return nil
	}
}

// exactStateKeys checks the keys of the entries in the state.
func exactStateKeys(want ...string) plancheck.PlanCheck {
	return planOf(func(before, _ map[string]any) error {
		if got := slices.Sorted(maps.Keys(before)); !slices.Equal(got, want) {
			return fmt.Errorf("the state has %q, want %q", got, want)
		}
		return nil
	})
}
