package provider

import (
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/quivaworks/terraform-provider-quiva/internal/quiva"
)

// gateway is what a configured provider hands to its resources and data
// sources.
type gateway struct {
	// client is nil while one of the arguments in unknown keeps it from being
	// made.
	client  *quiva.Client
	unknown []string
	// credential says which credential is sent and where it came from, for
	// errors: "the API key from the environment variable QUIVA_API_KEY".
	credential string
	// endpoint is where requests go.
	endpoint string

	// Terraform replaces an object, renames it or moves its entries to another
	// by a Create and a Delete in one run, of which neither says that it goes
	// with the other, and which may be at work at the same time.
	//
	// turns are the locks, by entryName, under which entries are created and
	// deleted. created are the entries that this run has created or adopted: a
	// Delete that comes later is about an object of before. spared are those
	// that a Delete left to the Create that follows: no state has them in
	// between.
	turns, created, spared sync.Map
}

// entryName is what names an entry on a gateway.
type entryName struct{ bucket, key string }

// take makes all who create or delete one of the entries wait for their turn,
// until the returned function is called. Nobody may hold entries and take more.
func (g *gateway) take(bucket string, keys ...string) (release func()) {
	taken := make([]*sync.Mutex, 0, len(keys))
	// In one order for all, so that no two wait for each other.
	for _, key := range slices.Sorted(slices.Values(keys)) {
		turn, _ := g.turns.LoadOrStore(entryName{bucket, key}, &sync.Mutex{})
		if turn, ok := turn.(*sync.Mutex); ok {
			turn.Lock()
			taken = append(taken, turn)
		}
	}
	return func() {
		for _, turn := range taken {
			turn.Unlock()
		}
	}
}

func (g *gateway) markCreated(bucket, key string) {
	g.created.Store(entryName{bucket, key}, nil)
}

func (g *gateway) wasCreated(bucket, key string) bool {
	_, ok := g.created.Load(entryName{bucket, key})
	return ok
}

// gatewayFrom takes the provider's data in a Configure method. Terraform calls
// that without data when it only validates; the result is nil then.
func gatewayFrom(providerData any, diags *diag.Diagnostics) *gateway {
	if providerData == nil {
		return nil
	}
	g, ok := providerData.(*gateway)
	if !ok {
		diags.AddError("Provider defect", fmt.Sprintf("The provider's data is of type %T. Please report this at %s/issues.", providerData, repositoryURL))
	}
	return g
}

// connect returns the client, or says why there is none yet.
func (g *gateway) connect(diags *diag.Diagnostics) (*quiva.Client, bool) {
	if g.client == nil {
		diags.AddError("Provider configuration not known yet",
			fmt.Sprintf("Reading from the gateway is needed now, but the provider's %s depends on something that is only known after apply.\n\n"+
				"Either give it a value that is known while planning, or apply what it depends on first: terraform apply -target=ADDRESS.",
				"\""+strings.Join(g.unknown, "\" and \"")+"\""))
		return nil, false
	}
	return g.client, true
}
