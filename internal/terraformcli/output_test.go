package terraformcli_test

import (
	"testing"

	"github.com/quivaworks/terraform-provider-quiva/internal/terraformcli"
)

func TestSays(t *testing.T) {
	t.Parallel()
	for name, output := range map[string]string{
		"plain":  "\nError: Bucket is not empty\n\n  with quiva_kv_bucket.settings,\n\nThe bucket \"settings\" holds entries, such as\n\"a\", which would be lost.\n",
		"framed": "\x1b[31m╷\x1b[0m\n\x1b[31m│\x1b[0m \x1b[0m\x1b[1m\x1b[31mError: \x1b[0m\x1b[0m\x1b[1mBucket is not empty\x1b[0m\n\x1b[31m│\x1b[0m \n\x1b[31m│\x1b[0m The bucket \"settings\" holds entries, such as\n\x1b[31m│\x1b[0m \"a\", which would be lost.\n\x1b[31m╵\x1b[0m\n",
	} {
		for _, text := range []string{"Error: Bucket is not empty", `The bucket "settings" holds entries, such as "a", which would be lost.`} {
			if !terraformcli.Says(output, text) {
				t.Errorf("%s: does not say %q", name, text)
			}
		}
		if terraformcli.Says(output, "Error: Bucket does not exist") {
			t.Errorf("%s: says what is not there", name)
		}
	}
}
