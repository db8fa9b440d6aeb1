package provider

import (
	"context"
	"encoding/json"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/quivaworks/terraform-provider-quiva/internal/properties"
)

// propertiesSuccessorsKey holds, in the private state of a planned change, which
// properties that are let go the plan has others want. It reaches a Delete in the
// ways that successorsKey does.
const propertiesSuccessorsKey = "properties_successors"

// propertiesSuccessors are properties of an entry that an object leaves in place
// when it lets them go.
type propertiesSuccessors struct {
	Bucket     string          `json:"bucket"`
	Key        string          `json:"key"`
	Properties json.RawMessage `json:"properties"`
}

// and adds the properties of an object that is planned to be created, perhaps in
// place of the one that lets them go. Those of an object that goes to another entry
// are no successors.
func (s propertiesSuccessors) and(bucket, key string, created json.RawMessage) propertiesSuccessors {
	switch {
	case created == nil:
	case s.Properties == nil:
		return propertiesSuccessors{bucket, key, created}
	case s.Bucket == bucket && s.Key == key:
		s.Properties = properties.Set(s.Properties, created)
	}
	return s
}

// in returns the properties, if they are those of an entry.
func (s propertiesSuccessors) in(bucket, key string) json.RawMessage {
	if s.Bucket != bucket || s.Key != key {
		return nil
	}
	return s.Properties
}

// store puts successors into the private state, and none take away what is there.
func (s propertiesSuccessors) store(ctx context.Context, private privateState) diag.Diagnostics {
	if s.Properties == nil {
		return private.SetKey(ctx, propertiesSuccessorsKey, nil)
	}
	text, _ := json.Marshal(s) // JSON always encodes
	return private.SetKey(ctx, propertiesSuccessorsKey, text)
}

func propertiesSuccessorsOf(ctx context.Context, private interface {
	GetKey(ctx context.Context, key string) ([]byte, diag.Diagnostics)
}) (propertiesSuccessors, diag.Diagnostics) {
	var s propertiesSuccessors
	text, diags := private.GetKey(ctx, propertiesSuccessorsKey)
	if text != nil {
		_ = json.Unmarshal(text, &s) // without it, all are removed
	}
	return s, diags
}
