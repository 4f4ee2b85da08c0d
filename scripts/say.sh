# shellcheck shell=bash
# Messages. They go to stderr: stdout belongs to results.

say() { printf '%s\n' "$*" >&2; }

step() { printf '==> %s\n' "$*" >&2; }

fail() {
    printf 'dev: %s\n' "$*" >&2
    exit 1
}
