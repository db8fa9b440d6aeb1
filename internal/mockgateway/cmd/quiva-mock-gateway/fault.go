package main

import (
	"errors"
	"flag"
	"io"
	"net/http"
	"strconv"
	"strings"

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

// parseFault reads the settings of a fault, such as status=503,times=3, as flags.
// They are named after the fields of [mockgateway.Fault].
func parseFault(text string) (fault mockgateway.Fault, err error) {
	settings := flag.NewFlagSet("", flag.ContinueOnError)
	settings.SetOutput(io.Discard)
	settings.StringVar(&fault.Method, "method", "", "")
	settings.StringVar(&fault.Path, "path", "", "")
	settings.IntVar(&fault.After, "after", 0, "")
	settings.IntVar(&fault.Times, "times", 0, "")
	settings.DurationVar(&fault.Delay, "delay", 0, "")
	effectsSet := 0
	settings.Func("status", "", func(value string) error {
		effectsSet++
		status, err := strconv.Atoi(value)
		if err != nil || status < 200 || status > 599 {
			return errors.New("status must be from 200 to 599")
		}
		header := http.Header{"Content-Type": {"application/json"}}
		fault.Effect = mockgateway.Respond(status, header, `{"error":"a fault of the mock gateway"}`)
		return nil
	})
	settings.Func("effect", "", func(value string) error {
		effectsSet++
		effect, ok := effects[value]
		if fault.Effect = effect; !ok {
			return errors.New("effect must be hang, drop, lose-response or truncate")
		}
		return nil
	})
	err = settings.Parse(strings.Split("-"+strings.ReplaceAll(text, ",", ",-"), ","))
	switch {
	case err != nil:
	case effectsSet > 1:
		err = errors.New("only one of status and effect can be set, once")
	case settings.NArg() > 0 || effectsSet == 0 && fault.Delay == 0:
		err = errors.New("it needs status, effect or delay, and no setting may be empty")
	case fault.After < 0 || fault.Times < 0 || fault.Delay < 0:
		err = errors.New("after, times and delay must not be negative")
	}
	return fault, err
}
