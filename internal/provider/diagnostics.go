package provider

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/quivaworks/terraform-provider-quiva/internal/quiva"
)

// operation is what the provider was doing when a request failed.
type operation struct {
	// doing completes "Could not …": "read the entry \"a\" of the bucket \"b\"".
	doing string
	// rejected is the attribute that a 400 is about.
	rejected path.Path
	// details, if set, describe the failures of many requests.
	details string
}

// addError turns a client's error into the one diagnostic for it. State is left as
// it was by every caller.
func (g *gateway) addError(diags *diag.Diagnostics, op operation, err error) {
	var failure *quiva.Error
	if !errors.As(err, &failure) {
		if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
			diags.AddError("Cancelled", strings.TrimSpace(fmt.Sprintf("Cancelled before completion: could not %s.\n\n%s", op.doing, op.details)))
			return
		}
		diags.AddError("Gateway request failed", fmt.Sprintf("Could not %s: %v", op.doing, err))
		return
	}
	if errors.Is(failure, quiva.ErrStillUnreachable) && op.details == "" {
		diags.AddError("Gateway not reachable", fmt.Sprintf("Could not %s: %s.", op.doing, failure.Cause))
		return
	}
	summary, advice := g.explain(failure)
	detail := fmt.Sprintf("Could not %s.\n\n%v", op.doing, failure)
	if op.details != "" {
		detail = op.details
	}
	if advice != "" {
		detail += "\n\n" + advice
	}
	if failure.StatusCode == http.StatusBadRequest {
		diags.AddAttributeError(op.rejected, summary, detail)
		return
	}
	diags.AddError(summary, detail)
}

// explain names a failure and says what to do about it.
func (g *gateway) explain(failure *quiva.Error) (summary, advice string) {
	fromGateway := failure.Message != ""
	switch status := failure.StatusCode; {
	case errors.Is(failure, quiva.ErrRedirected):
		return "Gateway redirected elsewhere", "If the gateway has moved, set the provider's endpoint to its new base URL."
	case errors.Is(failure, quiva.ErrUntrusted):
		return "Gateway's certificate not trusted", fmt.Sprintf("Check that the endpoint %s is correct. For a gateway that uses a private CA, set ca_cert_file or the environment variable %s to a PEM file with its certificate.", g.endpoint, caCertFileVariable)
	case errors.Is(failure, quiva.ErrTimeout):
		return "Gateway did not respond in time", fmt.Sprintf("Check that %s is running and that the network lets requests through. A slow link may need a longer request_timeout.", g.endpoint)
	case errors.Is(failure, quiva.ErrResponseTooLarge):
		return "Gateway's response is too large", "The response was ignored."
	case status == 0:
		return "Gateway not reachable", fmt.Sprintf("Check that the endpoint %s is correct and running, and that DNS, proxy settings (HTTPS_PROXY, NO_PROXY) and certificates are in order.", g.endpoint)
	case errors.Is(failure, quiva.ErrNoRoute):
		return "Gateway has no such route", fmt.Sprintf("Check that the endpoint %s is the gateway's own host. An account's host (https://ID.…) has only the routes that the account made; %s is served by %s.", g.endpoint, quiva.APIPath, quiva.DefaultEndpoint)
	case errors.Is(failure, quiva.ErrNotStored):
		return "Gateway did not store what was sent", "Nothing more is written to this bucket in this run, and the first write to it may have left what the gateway made of it. Please report this, with the two structures, at " + repositoryURL + "/issues."
	case errors.Is(failure, quiva.ErrUnproven):
		advice = "A proxy can respond like this too, and an entry that is wrongly believed missing would be lost or overwritten. So this changed nothing. Run it again."
		if failure.Permit != "" {
			advice = "To let the provider confirm it, permit this call:\n\n  " + failure.Permit
		}
		return "Not confirmed to be missing", advice
	case errors.Is(failure, quiva.ErrValueTooLarge):
		return "Value too large", "Make the value smaller, split it into several entries, or raise the limit."
	case status == http.StatusUnauthorized:
		expired := "it has expired (API keys do after 90 days unless set otherwise, and are deleted then), it was deleted"
		if g.credential.IsToken {
			expired = "it has expired, it was revoked"
		}
		if g.credential.IsKeyAsToken() {
			expired = "it is an API key (ms-…) that is set as token: set it as api_key, or in " + apiKeyVariable
		}
		return "Gateway refused the credential", fmt.Sprintf("The request used %s. The usual causes: %s, "+
			"its role may not use storage (root, admin and developer may), a restricted key does not list this call, "+
			"it was truncated by copy and paste, or it is for a different gateway than %s. The call changed nothing.", g.credentialOrigin, expired, g.endpoint)
	case status == http.StatusForbidden:
		return "Gateway does not permit this call", fmt.Sprintf("The request used %s. Its role must permit this call; a restricted API key (msr-…) must list it:\n\n  %s %s",
			g.credentialOrigin, failure.Method, failure.Path)
	case status == http.StatusBadRequest && fromGateway:
		return "Gateway rejected the request", ""
	case status == http.StatusTooManyRequests:
		return "Gateway's rate limit reached", "Wait and run it again; what was done so far is kept. A lower -parallelism or a higher max_retries makes it less likely."
	case status >= http.StatusInternalServerError:
		return "Gateway server error", "The fault is on the gateway's side. Run it again later; what was done so far is kept."
	case status == http.StatusOK || !fromGateway:
		return "Unexpected response: not a Quiva Gateway", fmt.Sprintf("Check that the endpoint %s is the gateway's base URL, and that no proxy or login page responds in its place. The response was ignored.", g.endpoint)
	default:
		return "Gateway request failed", ""
	}
}

// warnOfEnvelopes names the buckets whose values turned out to be sent in an envelope.
func (g *gateway) warnOfEnvelopes(diags *diag.Diagnostics) {
	for _, bucket := range g.client.EnvelopedBuckets() {
		diags.AddWarning("Gateway takes values in an envelope", fmt.Sprintf("This gateway did not store a value in bucket %q that was sent as its documents say, but it stored one sent as {\"value\": …}, as older documents say. "+
			"All values for this bucket are sent like that in this run. The first was read back and is as declared.", bucket))
	}
}

// addBucketError adds the error, if there is one, for a request to a bucket that only
// reads or deletes.
func (g *gateway) addBucketError(diags *diag.Diagnostics, bucket string, op operation, err error) {
	if errors.Is(err, quiva.ErrNotFound) {
		diags.AddAttributeError(path.Root("bucket"), "Bucket does not exist", fmt.Sprintf("The gateway at %s has no bucket %q. Check the name.", g.endpoint, bucket))
	} else if err != nil {
		g.addError(diags, op, err)
	}
}

// missingBucket says that there is no bucket to write to.
func (g *gateway) missingBucket(diags *diag.Diagnostics, bucket string) {
	diags.AddAttributeError(path.Root("bucket"), "Bucket does not exist",
		fmt.Sprintf("The gateway at %s has no bucket %[2]q. Check the name, or create it first:\n\n"+
			"  resource \"quiva_kv_bucket\" \"NAME\" {\n    bucket = %[2]q\n  }\n\n"+
			"and refer to it, so that it is created first:\n\n  bucket = quiva_kv_bucket.NAME.bucket", g.endpoint, bucket))
}

// shellQuote quotes a word for a POSIX shell, so that it can be pasted.
func shellQuote(word string) string {
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}
