// Package reconcile decides what happens to entries: it checks, adopts, refuses,
// writes, deletes and hands over, for one object at a time and with all that is
// known of the others.
//
// Terraform tells a provider no addresses. It renames an object, moves its entries
// to another or replaces it by calls that do not refer to each other, in any order
// and at the same time, and it plans in one process and applies in another. A
// [Plan] knows what this process has read and planned, an [Apply] what it has done
// to each entry:
//
//   - A key that this run has written is not deleted in it.
//   - A key whose creation did not succeed is left in place, and in the state,
//     by the call that would have let it go.
//   - A creation that finds another value waits for a moment for the call that
//     lets the key go. It then writes over the value that the state of that one
//     had; nothing is deleted in between. Calls that wait for each other let go.
//   - Nothing is written over or deleted that the plan has not seen.
//
// The package knows keys and JSON text, and nothing of Terraform's values. It
// contains no texts for users.
package reconcile
