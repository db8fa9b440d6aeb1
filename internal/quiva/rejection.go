package quiva

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"regexp"
)

// validationError is all that the gateway may say with a 400.
const validationError = "validation_error"

// aboutSize matches what gateways and their stores say of a value that is too large.
var aboutSize = regexp.MustCompile(`(?i)payload|too large|value size|max_value_size|message size`)

// usualLimits are those of a value that the bucket does not set.
const usualLimits = "The usual limits are the maximum payload of the gateway's store and the maximum body of a proxy in front of it, 1 MiB each by default"

// explainRejection explains why a value may not have been written: because of its size, or for
// other usual causes.
func (c *Client) explainRejection(ctx context.Context, bucket string, value []byte, failure *Error) {
	rejected := failure.StatusCode == http.StatusBadRequest
	tooLarge := failure.StatusCode == http.StatusRequestEntityTooLarge || rejected && aboutSize.MatchString(failure.Message)
	size := fmt.Sprintf("The value has %d bytes as JSON", len(value))
	switch {
	case tooLarge || rejected && failure.Message == validationError:
		config, _ := c.GetBucket(withoutRetries(ctx), bucket)
		switch limit := config.MaxValueSize; {
		case limit != nil && *limit > 0 && int64(len(value)) > *limit:
			failure.kind, failure.Hint = ErrValueTooLarge, fmt.Sprintf("%s, and the bucket's max_value_size is %d", size, *limit)
		case tooLarge:
			failure.kind, failure.Hint = ErrValueTooLarge, size+". "+usualLimits
		default:
			failure.Hint = "The usual causes are a key with characters other than A-Z a-z 0-9 - / _ = . or with a dot at either end, a bucket that is full (max_bytes), and a value that is too large. " + size
		}
	case failure.StatusCode == 0 && failure.kind == nil && len(value) >= largeBody:
		failure.Hint = size + ", and what refuses that may close the connection instead of responding. " + usualLimits
	}
}

// explainBucketRejection names the usual causes for a bucket's configuration that was rejected
// without a reason.
func explainBucketRejection(err error) error {
	if failure, ok := errors.AsType[*Error](err); ok && failure.StatusCode == http.StatusBadRequest && failure.Message == validationError {
		failure.Hint = "The usual causes are a name with characters other than A-Z a-z 0-9 _ -, more replicas than the gateway's cluster has servers, and limits below what the bucket holds or above what the account may use"
	}
	return err
}
