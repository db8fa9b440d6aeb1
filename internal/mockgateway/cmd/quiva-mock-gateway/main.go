// Command quiva-mock-gateway serves a local Quiva Gateway with the key-value API
// in memory, to try configurations against without an account.
//
// It prints the environment variables that point a client at it to stdout, ready
// to be pasted into a shell, and one line for each request to stderr.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"regexp"
	"strings"
	"syscall"
	"time"

	"github.com/quivaworks/terraform-provider-quiva/internal/mockgateway"
)

// shutdownPatience is how long requests may take to finish on a signal.
const shutdownPatience = 3 * time.Second

// Exit codes.
const (
	exitOK     = 0
	exitFailed = 1
	exitUsage  = 2
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// run serves until ctx is done and returns the exit code.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	options, err := parseFlags(args, stderr)
	if errors.Is(err, flag.ErrHelp) {
		return exitOK
	}
	if err != nil {
		return exitUsage // parseFlags has said why
	}
	logger := log.New(stderr, "", log.LstdFlags)

	gateway := mockgateway.NewGateway()
	gateway.RevokeCredentials()
	gateway.AllowAPIKey(options.apiKey)
	gateway.AllowToken(options.token)
	gateway.SetLatency(options.latency)
	gateway.SetLimit(options.limit.limit)
	gateway.SetKeepRequests(false)
	gateway.SetRequestHook(func(r mockgateway.Request) {
		// No query: a search holds keys. No header and no body: credentials, values.
		logger.Printf("%s %s %d %s", r.Method, r.Path, r.Status, r.Duration.Round(time.Microsecond))
	})
	if options.seed != "" {
		if err := seed(gateway, options.seed); err != nil {
			logger.Printf("cannot seed: %v", err)
			return exitFailed
		}
	}

	listener, err := net.Listen("tcp", options.addr)
	if err != nil {
		logger.Printf("cannot listen: %v", err)
		return exitFailed
	}
	address, ok := listener.Addr().(*net.TCPAddr)
	if !ok {
		logger.Printf("%s is no TCP address", listener.Addr())
		return exitFailed
	}
	if !address.IP.IsLoopback() {
		logger.Printf("warning: %s is reachable from other machines, over plain HTTP", address)
	}
	fmt.Fprintf(stdout, "export QUIVA_API_URL=%s\n", shellQuote(baseURL(address)))
	fmt.Fprintf(stdout, "export QUIVA_API_KEY=%s\n", shellQuote(options.apiKey))

	server := &http.Server{Handler: gateway, ReadHeaderTimeout: time.Minute, ErrorLog: logger}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	logger.Printf("listening on %s", address)

	select {
	case err := <-failed:
		logger.Printf("stopped serving: %v", err)
		return exitFailed
	case <-ctx.Done():
	}
	logger.Print("shutting down")
	patience, cancel := context.WithTimeout(context.Background(), shutdownPatience)
	defer cancel()
	if server.Shutdown(patience) != nil {
		_ = server.Close()
	}
	return exitOK
}

type options struct {
	addr    string
	apiKey  string
	token   string
	seed    string
	latency time.Duration
	limit   limitFlags
}

// parseFlags explains an error on stderr before it returns it.
func parseFlags(args []string, stderr io.Writer) (options, error) {
	var o options
	flags := flag.NewFlagSet("quiva-mock-gateway", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.StringVar(&o.addr, "addr", "127.0.0.1:8080", "`host:port` to listen on; port 0 takes a free one")
	flags.StringVar(&o.apiKey, "api-key", mockgateway.DefaultAPIKey, "API `key` to accept")
	flags.StringVar(&o.token, "token", mockgateway.DefaultToken, "bearer `token` to accept")
	flags.StringVar(&o.seed, "seed", "", "JSON `file` of buckets and entries to begin with: {\"bucket\": {\"key\": {…}}}")
	flags.DurationVar(&o.latency, "latency", 0, "delay of every request, such as 50ms")
	o.limit.define(flags)
	if err := flags.Parse(args); err != nil {
		return options{}, err
	}
	err := errors.Join(o.check(flags.Args()), o.limit.parse())
	if err != nil {
		fmt.Fprintf(stderr, "quiva-mock-gateway: %v\n", err)
	}
	return o, err
}

func (o options) check(rest []string) error {
	switch {
	case len(rest) > 0:
		return fmt.Errorf("unexpected argument %q", rest[0])
	case strings.TrimSpace(o.apiKey) == "":
		return errors.New("-api-key must not be empty")
	case strings.TrimSpace(o.token) == "":
		return errors.New("-token must not be empty")
	case o.latency < 0:
		return errors.New("-latency must not be negative")
	}
	return nil
}

func seed(gateway *mockgateway.Gateway, path string) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	if err := gateway.Seed(file); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}

// baseURL is where this machine reaches the address: an unspecified host is
// reached over the loopback interface.
func baseURL(address *net.TCPAddr) string {
	host := address.IP.String()
	if address.IP.IsUnspecified() {
		host = "127.0.0.1"
	}
	return "http://" + net.JoinHostPort(host, fmt.Sprint(address.Port))
}

var shellSafe = regexp.MustCompile(`^[A-Za-z0-9_./:-]+$`)

func shellQuote(word string) string {
	if shellSafe.MatchString(word) {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}
