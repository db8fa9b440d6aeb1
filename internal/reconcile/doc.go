// Package reconcile decides what happens to entries: it checks, adopts, refuses,
// writes, deletes and hands over, for one resource at a time and with all that
// is known of the others.
//
// Terraform renames an object, moves its entries to another or replaces it by
// calls that do not refer to each other: one creates a key, one lets the same
// key go, in any order and at the same time. A [Run] remembers what each call
// did to each key, so that a key that one call lets go and another one wants is
// never lost in between:
//
//   - A key that this run has written is not deleted in it.
//   - A key whose creation did not succeed is left in place, and in the state,
//     by the call that would have let it go.
//   - A creation that finds another value waits for a moment for the call that
//     lets the key go. It then writes over that value; nothing is deleted in
//     between.
//
// The package knows keys and JSON text, and nothing of Terraform's values. It
// contains no texts for users.
package reconcile
