// Package protocol stands between Terraform's protocol and the plugin framework.
//
// It hands the framework each value of a dynamic attribute, and each dynamic
// argument of a function, as an opaque one: as one string, in which the value is
// just as Terraform sent it. What comes back is made transparent again. The
// framework would take the value apart, element by element and several times for
// each call, only to put it together again, which is most of what a provider of
// large values costs: for a value of 10,000 objects, 20 seconds of CPU and 900 MB
// of memory in one apply. The provider itself reads a value once, if at all.
//
// It plans by itself that nothing changes, and it ends calls when Terraform asks
// the provider to stop, or the user interrupts a plan.
package protocol
