// Package quiva is a client of the Quiva Gateway's key-value storage. It knows
// HTTP and JSON and knows nothing of Terraform.
//
// Every method is one request, repeated where that is safe and useful: after a
// failed connection, a lost response, and the statuses 429, 500, 502, 503 and
// 504. Every call of this API is idempotent. A method fails with an [*Error], or
// with the context's error once that has ended.
package quiva
