package protocol_test

import (
	"reflect"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/quivaworks/terraform-provider-quiva/internal/protocol"
)

// TestAllCalls: whatever the framework's server can be called for, this one can.
// An optional call that it lacked would be refused by plugin-go without any
// compiler's error.
func TestAllCalls(t *testing.T) {
	t.Parallel()
	_, server := newServer(t)
	framework := reflect.TypeOf(providerserver.NewProtocol6(struct{ provider.Provider }{})())
	for i := range framework.NumMethod() {
		want := framework.Method(i)
		got, ok := reflect.TypeOf(server).MethodByName(want.Name)
		if !ok {
			t.Errorf("%s is lost", want.Name)
			continue
		}
		// The first parameter is the receiver.
		for j := 1; j < want.Type.NumIn(); j++ {
			if got.Type.In(j) != want.Type.In(j) {
				t.Errorf("%s takes %s, want %s", want.Name, got.Type.In(j), want.Type.In(j))
			}
		}
	}
}

// TestLacksCalls: a server that takes fewer calls is refused, and not silently
// made smaller.
func TestLacksCalls(t *testing.T) {
	t.Parallel()
	_, err := protocol.NewServer(t.Context(), struct{ tfprotov6.ProviderServer }{&inner{}}, protocol.Unchanged{})
	if err == nil || !strings.Contains(err.Error(), "does not implement all calls") {
		t.Errorf("got error %v", err)
	}
}
