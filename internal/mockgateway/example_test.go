package mockgateway_test

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/quivaworks/terraform-provider-quiva/internal/mockgateway"
)

func Example() {
	gateway := mockgateway.NewServer()
	defer gateway.Close()
	gateway.CreateBucket("flags")

	// The first write of an entry meets a busy gateway, the others succeed.
	busy := gateway.Inject(mockgateway.Fault{
		Method: "PUT",
		Path:   "/storage/kv/*/entries/*",
		Times:  1,
		Effect: mockgateway.Respond(503, http.Header{"Retry-After": {"1"}}, "busy"),
	})
	for range 2 {
		request, _ := http.NewRequest("PUT", gateway.URL+"/storage/kv/flags/entries/checkout",
			strings.NewReader(`{"enabled":true}`))
		request.Header.Set("X-Api-Key", mockgateway.DefaultAPIKey)
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			fmt.Println(err)
			return
		}
		response.Body.Close()
		fmt.Println(response.StatusCode)
	}

	value, _ := gateway.Entry("flags", "checkout")
	fmt.Println(value, busy.Hits(), gateway.Count("PUT", ""))
	// Output:
	// 503
	// 200
	// {"enabled":true} 1 2
}
