package provider

import "github.com/hashicorp/terraform-plugin-framework/resource"

// isByIdentity reports whether an import names its object by its identity. One by
// ID may have the ID "".
func isByIdentity(req resource.ImportStateRequest) bool {
	return req.ID == "" && req.Identity != nil && !req.Identity.Raw.IsNull()
}
