#!/bin/sh
# Runs `terraform test` in this directory against a local gateway, and exits with its status.
# Arguments are passed on: sh test.sh -verbose
#
# QUIVA_MOCK_GATEWAY names the gateway's program if it is not on PATH, TERRAFORM that of Terraform or OpenTofu.
set -eu
cd -- "$(dirname -- "$0")"

pid=''
work=$(mktemp -d)
finish() {
  if [ -n "$pid" ]; then
    kill "$pid" 2>/dev/null || true
    wait "$pid" 2>/dev/null || true
  fi
  rm -rf -- "$work"
}
trap finish EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

# Port 0 takes a free one. The gateway prints its two export lines once it listens, and ends the pipe if it fails.
mkfifo "$work/exports"
set -m 2>/dev/null # in a process group of its own: Ctrl-C reaches Terraform, which then cleans up, but not the gateway
"${QUIVA_MOCK_GATEWAY:-quiva-mock-gateway}" -addr 127.0.0.1:0 -seed seed.json >"$work/exports" 2>"$work/log" &
pid=$!
set +m
if ! { IFS= read -r url && IFS= read -r key; } <"$work/exports"; then
  echo 'The gateway did not start:' >&2
  cat "$work/log" >&2
  exit 1
fi
eval "$url" # export QUIVA_API_URL=…
eval "$key" # export QUIVA_API_KEY=…
unset QUIVA_BEARER_TOKEN QUIVA_CA_CERT_FILE # those of another gateway

"${TERRAFORM:-terraform}" init -backend=false -input=false
"${TERRAFORM:-terraform}" test "$@"
