package provider_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	tfjson "github.com/hashicorp/terraform-json"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/zclconf/go-cty/cty"
	ctyjson "github.com/zclconf/go-cty/cty/json"
)

// run takes a configuration through the steps of an acceptance test and destroys
// it at the end, in the test's process, in milliseconds. Where Terraform's own
// behavior is the question, runCLI does the same with its command line.
func run(t *testing.T, steps ...resource.TestStep) {
	t.Helper()
	w := newWorkspace(t)
	configuration := ""
	for i, step := range steps {
		if step.PreConfig != nil {
			step.PreConfig()
		}
		configuration, w.variables = step.Config, map[string]cty.Value{}
		for name, variable := range step.ConfigVariables {
			var value ctyjson.SimpleJSONValue
			text, err := variable.MarshalJSON()
			w.check(errors.Join(err, json.Unmarshal(text, &value)))
			w.variables[name] = value.Value
		}
		for _, address := range step.Taint {
			w.state[objectKey{address, 0}].tainted = true
		}
		err := w.step(step)
		switch {
		case step.ExpectError == nil && err != nil:
			t.Fatalf("step %d: %s", i+1, err)
		case step.ExpectError != nil && (err == nil || !step.ExpectError.MatchString(err.Error())):
			t.Fatalf("step %d: want an error that matches %s, got: %v", i+1, step.ExpectError, err)
		}
	}
	if len(w.state) > 0 {
		if err := errorOf(w.planAndApply(configuration, planOptions{destroy: true, noRefresh: true})); err != nil {
			t.Errorf("the destruction at the end fails:\n%s", err)
		}
	}
}

// step takes one step. Its error is what Terraform would print, or what a check
// has found.
func (w *workspace) step(step resource.TestStep) error {
	w.t.Helper()
	if step.ImportState {
		if step.ImportStateKind != resource.ImportCommandWithID || step.ImportStateVerify || !step.ImportStatePersist && step.ExpectError == nil {
			w.t.Fatal("only the CLI makes this kind of an import")
		}
		return errorOf(w.importState(step.Config, step.ResourceName, step.ImportStateId, nil))
	}
	if !step.PlanOnly {
		planned, err := w.planJSON(step.Config, planOptions{destroy: step.Destroy})
		if err == nil {
			err = checkPlan(w, planned, step.ConfigPlanChecks.PreApply)
		}
		if err == nil {
			err = errorOf(w.apply(planned.plan))
		}
		if err == nil && step.Check != nil {
			err = step.Check(nil)
		}
		if err != nil {
			return err
		}
		state := w.stateJSON(w.state, w.outputs)
		for _, check := range step.ConfigStateChecks {
			var resp statecheck.CheckStateResponse
			check.CheckState(w.t.Context(), statecheck.CheckStateRequest{State: state}, &resp)
			err = errors.Join(err, resp.Error)
		}
		if err != nil {
			return err
		}
	}
	// As resource.Test does: a plan without a refresh, and one with it.
	isEmpty := true
	for _, noRefresh := range []bool{true, false} {
		again, err := w.planJSON(step.Config, planOptions{noRefresh: noRefresh, destroy: step.Destroy})
		if err != nil {
			return err
		}
		checks := step.ConfigPlanChecks.PostApplyPostRefresh
		if noRefresh {
			checks = step.ConfigPlanChecks.PostApplyPreRefresh
		}
		if err := checkPlan(w, again, checks); err != nil {
			return err
		}
		changed := checkPlan(w, again, []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()})
		if isEmpty = changed == nil; !isEmpty && !step.ExpectNonEmptyPlan {
			return fmt.Errorf("the plan after the step (without a refresh: %t) is not empty: %w", noRefresh, changed)
		}
	}
	if isEmpty && step.ExpectNonEmptyPlan {
		return errors.New("the plan after the step is empty")
	}
	return nil
}

func errorOf(diagnostics []diagnostic) error {
	if texts := failed(diagnostics); len(texts) > 0 {
		return errors.New(strings.Join(texts, "\n"))
	}
	return nil
}

// plannedJSON is a plan, also as `terraform show -json` shows it.
type plannedJSON struct {
	*plan
	*tfjson.Plan
}

func checkPlan(w *workspace, planned plannedJSON, checks []plancheck.PlanCheck) (err error) {
	for _, check := range checks {
		var resp plancheck.CheckPlanResponse
		check.CheckPlan(w.t.Context(), plancheck.CheckPlanRequest{Plan: planned.Plan}, &resp)
		err = errors.Join(err, resp.Error)
	}
	return err
}

func (w *workspace) planJSON(configuration string, options planOptions) (plannedJSON, error) {
	w.t.Helper()
	p := w.plan(configuration, options)
	if err := errorOf(p.diagnostics); err != nil {
		return plannedJSON{}, err
	}
	shown := &tfjson.Plan{OutputChanges: map[string]*tfjson.Change{}, PriorState: w.stateJSON(p.prior, p.outputsBefore)}
	for key, c := range p.changes {
		shown.ResourceChanges = append(shown.ResourceChanges, changeJSON(key, c.action, c.before, c.after))
	}
	for key, before := range w.state {
		if o := p.prior[key]; o == nil {
			shown.ResourceDrift = append(shown.ResourceDrift, changeJSON(key, deletion, before.value, cty.NullVal(before.value.Type())))
		} else if !o.value.RawEquals(before.value) {
			shown.ResourceDrift = append(shown.ResourceDrift, changeJSON(key, update, before.value, o.value))
		}
	}
	slices.SortFunc(shown.ResourceChanges, func(a, b *tfjson.ResourceChange) int { return strings.Compare(a.Address, b.Address) })
	outputs := map[string]cty.Value{}
	maps.Copy(outputs, p.outputs)
	for name, before := range p.outputsBefore {
		if _, ok := outputs[name]; !ok {
			outputs[name] = cty.NullVal(before.Type())
		}
	}
	for name, after := range outputs {
		before, ok := p.outputsBefore[name]
		if !ok {
			before = cty.NullVal(after.Type())
		}
		does := update
		if before.RawEquals(after) {
			does = noOp
		}
		shown.OutputChanges[name] = changeJSON(objectKey{}, does, before, after).Change
	}
	return plannedJSON{p, shown}, nil
}

func changeJSON(key objectKey, does action, before, after cty.Value) *tfjson.ResourceChange {
	mode := tfjson.ManagedResourceMode
	if strings.HasPrefix(key.address, "data.") {
		mode = tfjson.DataResourceMode
	}
	c := &tfjson.ResourceChange{Address: key.address, Mode: mode, Type: typeNameOf(key.address), Change: &tfjson.Change{
		Before: shownJSON(before), After: shownJSON(after), AfterUnknown: unknownJSON(after),
	}}
	for _, one := range strings.Split(string(does), ", ") {
		c.Change.Actions = append(c.Change.Actions, tfjson.Action(one))
	}
	if key.deposed > 0 {
		c.DeposedKey = fmt.Sprint(key.deposed)
	}
	return c
}

func (w *workspace) stateJSON(of state, outputs map[string]cty.Value) *tfjson.State {
	root := &tfjson.StateModule{}
	shown := &tfjson.State{Values: &tfjson.StateValues{Outputs: map[string]*tfjson.StateOutput{}, RootModule: root}}
	for key, o := range of {
		attributes, _ := shownJSON(o.value).(map[string]any)
		r := &tfjson.StateResource{Address: key.address, Mode: tfjson.ManagedResourceMode, Type: typeNameOf(key.address), AttributeValues: attributes}
		if strings.HasPrefix(key.address, "data.") {
			r.Mode = tfjson.DataResourceMode
		}
		if o.identity != nil {
			identity, err := unpack(o.identity.IdentityData, w.begin(&configuration{}).identityType(r.Type))
			w.check(err)
			r.IdentitySchemaVersion = new(uint64)
			r.IdentityValues, _ = shownJSON(identity).(map[string]any)
		}
		root.Resources = append(root.Resources, r)
	}
	for name, value := range outputs {
		shown.Values.Outputs[name] = &tfjson.StateOutput{Value: shownJSON(value)}
	}
	return shown
}

// shownJSON shows a value, without what is unknown.
func shownJSON(value cty.Value) (shown any) {
	known, err := cty.Transform(value, func(_ cty.Path, v cty.Value) (cty.Value, error) {
		if !v.IsKnown() {
			return cty.NullVal(v.Type()), nil
		}
		return v, nil
	})
	var text []byte
	if err == nil {
		text, err = ctyjson.Marshal(known, known.Type())
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	if err = errors.Join(err, decoder.Decode(&shown)); err != nil {
		panic(err)
	}
	return shown
}

// unknownJSON shows what of a value is unknown.
func unknownJSON(value cty.Value) any {
	if !value.IsKnown() || value.IsNull() || !value.CanIterateElements() {
		return !value.IsKnown()
	}
	named, all := map[string]any{}, []any{}
	for it := value.ElementIterator(); it.Next(); {
		name, element := it.Element()
		all = append(all, unknownJSON(element))
		if !value.Type().IsSetType() && name.Type() == cty.String {
			named[name.AsString()] = all[len(all)-1]
		}
	}
	if value.Type().IsObjectType() || value.Type().IsMapType() {
		return named
	}
	return all
}
