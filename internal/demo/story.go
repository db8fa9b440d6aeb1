package main

import (
	"context"
	"maps"
	"slices"
)

// bucket is the bucket of flags/main.tf.
const bucket = "shop"

// declared are the entries of flags/flags.yaml.
var declared = map[string]string{
	"flags.gift-cards":   `{"enabled":false}`,
	"flags.new-checkout": `{"enabled":true,"rollout":{"percentage":25,"regions":["eu","us"]}}`,
	"flags.search":       `{"enabled":true,"engine":"v2"}`,
}

// tell tells the story until something is not as it should be.
func (d *demo) tell(ctx context.Context) error {
	d.title("A bucket, a file of feature flags and a secret")
	d.file("main.tf", "# --- What the demo shows begins here.\n\n")
	d.file("flags.yaml", "")

	d.title("Plan: nothing is on the gateway yet")
	d.terraform(ctx, 0, "plan", "-var=payment_key=sk-first")
	d.show("# quiva_kv_entries.flags will be created", "    }")
	d.show("Plan: 3 to add, 0 to change, 0 to destroy.", "")
	d.check(d.writes() == 0, "a plan changes nothing on the gateway")

	d.title("Apply: each flag becomes an entry, and the secret reaches no file")
	d.terraform(ctx, 0, "apply", "-auto-approve", "-var=payment_key=sk-first")
	d.show("Apply complete! Resources: 3 added, 0 changed, 0 destroyed.", "")
	d.checkHeld("the gateway holds the flags of flags.yaml and the secret, and nothing else",
		map[string]string{"payment": `{"api_key":"sk-first"}`})
	d.check(!d.filesContain("sk-first"), "no file that Terraform wrote holds the secret, terraform.tfstate included")

	d.title("A service reads a flag, without Terraform")
	d.request(ctx, "flags.new-checkout")

	d.title("Plan again: nothing to do")
	d.terraform(ctx, 0, "plan", "-detailed-exitcode", "-var=payment_key=sk-first")
	d.show("No changes.", "")

	d.title("Outside Terraform: a flag is changed, one is added, and a service stores its own data")
	d.put("flags.new-checkout", `{"enabled":true,"rollout":{"percentage":100,"regions":["eu","us"]}}`)
	d.put("flags.quick-fix", `{"enabled":true}`)
	d.put("visits", `{"count":1289}`)

	d.title("Plan: the drift shows, property by property, and what would be deleted by its key")
	d.terraform(ctx, 2, "plan", "-detailed-exitcode", "-var=payment_key=sk-first")
	d.show("# quiva_kv_entries.flags will be updated in-place", "    }")
	d.show("Plan: 0 to add, 1 to change, 0 to destroy.", "")

	d.title("Apply: the flags are as declared again, and the service's data is untouched")
	d.terraform(ctx, 0, "apply", "-auto-approve", "-var=payment_key=sk-first")
	d.show("Apply complete! Resources: 0 added, 1 changed, 0 destroyed.", "")
	foreign := map[string]string{"visits": `{"count":1289}`}
	d.checkHeld("flags.new-checkout is repaired, flags.quick-fix is gone, visits is as it was",
		foreign, map[string]string{"payment": `{"api_key":"sk-first"}`})
	d.check(d.writes() == 2, "exactly one PUT and one DELETE were sent")

	d.title("Rotate the secret: the plan shows its version and nothing else")
	d.terraform(ctx, 0, "apply", "-auto-approve", "-var=payment_key=sk-second", "-var=payment_key_version=2")
	d.show("# quiva_kv_entry.payment will be updated in-place", "    }")
	d.checkHeld("the gateway holds the new secret", foreign, map[string]string{"payment": `{"api_key":"sk-second"}`})
	d.check(!d.filesContain("sk-second"), "no file that Terraform wrote holds it")

	d.title("Destroy: the bucket is kept, since it holds data that is not Terraform's")
	d.terraform(ctx, 1, "destroy", "-auto-approve", "-var=payment_key=sk-second")
	d.show("Error: Bucket is not empty", "")
	d.check(maps.Equal(d.gateway.Entries(bucket), foreign), "the flags and the secret are gone, visits is as it was")

	d.title("Destroy once the service has moved out: nothing is left")
	d.gateway.DeleteEntry(bucket, "visits")
	d.terraform(ctx, 0, "destroy", "-auto-approve", "-var=payment_key=sk-second")
	d.show("Destroy complete! Resources: 1 destroyed.", "")
	d.check(!slices.Contains(d.gateway.Buckets(), bucket), "the bucket is gone")
	return d.failure
}

// checkHeld checks that the gateway holds the declared flags, others and nothing
// else.
func (d *demo) checkHeld(what string, others ...map[string]string) {
	want := maps.Clone(declared)
	for _, other := range others {
		maps.Copy(want, other)
	}
	d.check(maps.Equal(d.gateway.Entries(bucket), want), what)
}
