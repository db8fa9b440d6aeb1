// Package quiva is a client of the Quiva Gateway's key-value storage. It knows
// HTTP and JSON and knows nothing of Terraform.
//
// A request is repeated where that is safe and useful: after a failed connection,
// a lost response, and the statuses 429, 500, 502, 503 and 504. A method fails with
// an [*Error], which is one of the named errors for [errors.Is], or with the
// context's error once that has ended.
package quiva
