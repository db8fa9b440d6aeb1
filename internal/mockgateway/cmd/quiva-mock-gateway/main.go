// Command quiva-mock-gateway serves a local Quiva Gateway with the key-value API
// in memory, to try and to test configurations without an account.
//
// Given a command after "--", it runs that with the environment variables that
// point a client at the gateway, and ends with it and with its exit code. Without
// one it prints these variables to stdout, ready to be pasted into a shell, and
// one line for each request to stderr.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/quivaworks/terraform-provider-quiva/internal/mockgateway"
)

// Exit codes of the gateway itself; 127 is what shells return.
const exitOK, exitFailed, exitUsage, exitNotFound = 0, 1, 2, 127

func main() {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	os.Exit(run(signals, os.Args[1:], os.Stdout, os.Stderr))
}

// run serves until a signal or the end of the command, and returns the exit code.
func run(signals <-chan os.Signal, args []string, stdout, stderr io.Writer) int {
	options, err := parseFlags(args, stderr)
	if errors.Is(err, flag.ErrHelp) {
		return exitOK
	}
	if err != nil {
		return exitUsage // parseFlags has said why
	}
	logger := log.New(stderr, "", log.LstdFlags)
	gateway, err := newGateway(options, logger)
	if err != nil {
		logger.Printf("cannot seed: %v", err)
		return exitFailed
	}

	listener, err := listen(options.addr)
	if err != nil {
		logger.Printf("cannot listen: %v", err)
		return exitFailed
	}
	address, _ := listener.Addr().(*net.TCPAddr) // a TCP listener's is one
	if !address.IP.IsLoopback() {
		logger.Printf("warning: %s is reachable from other machines, over plain HTTP", address)
	}

	server := &http.Server{Handler: gateway, ReadHeaderTimeout: time.Minute, ErrorLog: logger}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	defer server.Close()

	if len(options.command) > 0 {
		code, err := runCommand(options.command, clientEnvironment(baseURL(address), options.apiKey), signals, stdout, stderr)
		if err != nil {
			logger.Printf("cannot run the command: %v", err)
		}
		return code
	}

	fmt.Fprintf(stdout, "export QUIVA_API_URL=%s\nexport QUIVA_API_KEY=%s\n", shellQuote(baseURL(address)), shellQuote(options.apiKey))
	logger.Printf("listening on %s", address)
	select {
	case err := <-failed:
		logger.Printf("stopped serving: %v", err)
		return exitFailed
	case <-signals:
		logger.Print("shutting down")
		return exitOK
	}
}

// newGateway returns a gateway as the options describe it. Its error is the seed
// file's.
func newGateway(options options, logger *log.Logger) (*mockgateway.Gateway, error) {
	gateway := mockgateway.NewGateway()
	gateway.RevokeCredentials()
	gateway.AllowAPIKey(options.apiKey)
	gateway.AllowToken(options.token)
	gateway.SetLatency(options.latency)
	gateway.SetLimit(options.limit)
	gateway.SetDialect(options.dialect)
	for _, fault := range options.faults {
		gateway.Inject(fault)
	}
	gateway.SetKeepRequests(false)
	if options.verbose || len(options.command) == 0 {
		gateway.SetRequestHook(func(r mockgateway.Request) {
			// No query: a search holds keys. No header and no body: credentials, values.
			logger.Printf("%s %s %d %s", r.Method, r.Path, r.Status, r.Duration.Round(time.Microsecond))
		})
	}
	if options.seed == "" {
		return gateway, nil
	}
	seed, err := os.ReadFile(options.seed)
	if err != nil {
		return nil, err
	}
	if err := gateway.Seed(seed); err != nil {
		return nil, fmt.Errorf("%s: %w", options.seed, err)
	}
	return gateway, nil
}

func listen(address string) (net.Listener, error) {
	if address != "" {
		return net.Listen("tcp", address)
	}
	if listener, err := net.Listen("tcp", defaultAddress); err == nil {
		return listener, nil
	}
	return net.Listen("tcp", freeAddress)
}

// baseURL is where this machine reaches the address: an unspecified host is
// reached over the loopback interface.
func baseURL(address *net.TCPAddr) string {
	reached := *address
	if reached.IP.IsUnspecified() {
		reached.IP = net.IPv4(127, 0, 0, 1)
	}
	return "http://" + reached.String()
}

func shellQuote(word string) string { return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'" }
