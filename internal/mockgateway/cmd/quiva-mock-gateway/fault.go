package main

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/quivaworks/terraform-provider-quiva/internal/mockgateway"
)

const faultUsage = "`fault` such as status=503,times=3: what goes wrong with some requests. Can be repeated. " +
	"One of status=CODE and effect=hang, drop, lose-response or truncate says how, delay=DURATION that it is slow; " +
	"method=METHOD, path=PATTERN (with * for any text), after=COUNT and times=COUNT say with which requests"

var effects = map[string]mockgateway.Effect{
	"hang":          mockgateway.Hang(),
	"drop":          mockgateway.Drop(),
	"lose-response": mockgateway.LoseResponse(),
	"truncate":      mockgateway.Truncate(),
}

// parseFault reads the settings of a fault, such as status=503,times=3. They are
// named after the fields of [mockgateway.Fault].
func parseFault(text string) (mockgateway.Fault, error) {
	var fault mockgateway.Fault
	effectSet := false
	for setting := range strings.SplitSeq(text, ",") {
		name, value, _ := strings.Cut(setting, "=")
		var err error
		switch name {
		case "status", "effect":
			if effectSet {
				return fault, errors.New("only one of status and effect can be set, once")
			}
			effectSet = true
			fault.Effect, err = parseEffect(name, value)
		case "delay":
			if fault.Delay, err = time.ParseDuration(value); err != nil || fault.Delay <= 0 {
				err = fmt.Errorf("delay must be a duration such as 2s, not %q", value)
			}
		case "method":
			fault.Method = value
		case "path":
			fault.Path = value
		case "after":
			fault.After, err = parseCount(name, value)
		case "times":
			fault.Times, err = parseCount(name, value)
		default:
			err = fmt.Errorf("there is no setting %q", name)
		}
		if err != nil {
			return fault, err
		}
	}
	if !effectSet && fault.Delay == 0 {
		return fault, errors.New("it needs status, effect or delay")
	}
	return fault, nil
}

func parseEffect(name, value string) (mockgateway.Effect, error) {
	if name == "status" {
		status, err := strconv.Atoi(value)
		if err != nil || status < 200 || status > 599 {
			return mockgateway.Effect{}, fmt.Errorf("status must be from 200 to 599, not %q", value)
		}
		header := http.Header{"Content-Type": {"application/json"}}
		return mockgateway.Respond(status, header, `{"error":"a fault of the mock gateway"}`), nil
	}
	effect, ok := effects[value]
	if !ok {
		return effect, fmt.Errorf("effect must be hang, drop, lose-response or truncate, not %q", value)
	}
	return effect, nil
}

func parseCount(name, value string) (int, error) {
	count, err := strconv.Atoi(value)
	if err != nil || count < 1 {
		return 0, fmt.Errorf("%s must be a whole number above zero, not %q", name, value)
	}
	return count, nil
}
