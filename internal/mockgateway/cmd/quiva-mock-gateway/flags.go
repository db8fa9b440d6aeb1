package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/quivaworks/terraform-provider-quiva/internal/mockgateway"
)

// Where to listen by default: at a free port if the default one is taken, and while a
// command runs, since only the command needs to know the port.
const (
	defaultAddress = "127.0.0.1:8080"
	freeAddress    = "127.0.0.1:0"
)

type options struct {
	addr    string // empty for the default
	apiKey  string
	token   string
	seed    string
	latency time.Duration
	limit   mockgateway.Limit // nil for none
	forms   []string          // settings of the dialect
	dialect mockgateway.Dialect
	faults  []mockgateway.Fault
	verbose bool
	command []string // what comes after "--"
}

// parseFlags explains an error on stderr before it returns it.
func parseFlags(args []string, stderr io.Writer) (options, error) {
	var o options
	flags := flag.NewFlagSet("quiva-mock-gateway", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.Usage = func() {
		fmt.Fprint(stderr, "Usage: quiva-mock-gateway [flags] [-- command [argument ...]]\n\n")
		flags.PrintDefaults()
	}
	flags.StringVar(&o.addr, "addr", "", "`host:port` to listen on; port 0 takes a free one (default "+defaultAddress+", or a free port if that is taken or with a command)")
	flags.StringVar(&o.apiKey, "api-key", mockgateway.DefaultAPIKey, "API `key` to accept")
	flags.StringVar(&o.token, "token", mockgateway.DefaultToken, "bearer `token` to accept")
	flags.StringVar(&o.seed, "seed", "", "JSON `file` of buckets and entries to begin with: {\"bucket\": {\"key\": {…}}}")
	flags.DurationVar(&o.latency, "latency", 0, "delay of every request, such as 50ms")
	limit := defineLimit(flags)
	flags.Func("dialect", "`form` in which to respond, can be repeated: a transcript of quiva-probe, which is a .json file; or a name: "+mockgateway.DialectUsage(), o.addDialect)
	flags.Func("fault", faultUsage, func(text string) error {
		fault, err := parseFault(text)
		o.faults = append(o.faults, fault)
		return err
	})
	flags.BoolVar(&o.verbose, "verbose", false, "log each request while a command runs too")

	own := args
	end := slices.Index(args, "--")
	if end >= 0 {
		own, o.command = args[:end], args[end+1:]
	}
	if err := flags.Parse(own); err != nil {
		return options{}, err
	}
	if o.addr == "" && len(o.command) > 0 {
		o.addr = freeAddress
	}
	var err error
	o.limit, err = limit()
	err = errors.Join(o.check(flags.Args()), err)
	if end >= 0 && len(o.command) == 0 {
		err = errors.Join(err, errors.New("there is no command after --"))
	}
	if err != nil {
		fmt.Fprintf(stderr, "quiva-mock-gateway: %v\n", err)
	}
	return o, err
}

// addDialect adds a name or a switch, or those of a transcript, to the dialect.
func (o *options) addDialect(text string) error {
	settings := []string{text}
	if filepath.Ext(text) == ".json" {
		content, err := os.ReadFile(text)
		if err != nil {
			return err
		}
		var transcript struct {
			Dialect []string `json:"dialect"`
		}
		if json.Unmarshal(content, &transcript) != nil || transcript.Dialect == nil {
			return errors.New("not a transcript of quiva-probe")
		}
		settings = transcript.Dialect
	}
	o.forms = append(o.forms, settings...)
	var err error
	o.dialect, err = mockgateway.ParseDialect(o.forms...)
	return err
}

func (o options) check(rest []string) error {
	switch {
	case len(rest) > 0:
		return fmt.Errorf("unexpected argument %q: a command goes after --", rest[0])
	case strings.TrimSpace(o.apiKey) == "" || strings.TrimSpace(o.token) == "":
		return errors.New("-api-key and -token must not be empty")
	case o.latency < 0:
		return errors.New("-latency must not be negative")
	}
	return nil
}
