# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154  # the parts of ./dev share variables
# `./dev test`: everything CI checks.

test_failures=()

# run_tests [long] [-- ARGUMENTS OF swift test]
run_tests() {
    if [[ ${1:-} == long ]]; then
        export BURSAR_TEST_LONG=1
        shift
    fi
    [[ ${1:---} == -- ]] || wrong_usage "unknown argument: $1 (arguments for swift test come after --)"
    shift || true
    forget_settings
    stop_everything_at_exit
    prepare_tests
    check "scripts" shellcheck dev .ci/run scripts/*.sh || true
    check "formatting" swift format lint --strict --recursive "${sources[@]}" || true
    if check "build" swift build --build-tests "${walls[@]}"; then check_tests "$@"; fi
    report_checks
}

prepare_tests() {
    need_swift
    need_build_packages
    need_postgres_packages
    need_packages chromium curl fonts-dejavu-core python3-venv shellcheck
    make_oauth_clients
}

check_tests() {
    # Every statement is logged, so that tests can look for what must never be in one. What is lost in a crash
    # of this server does not matter.
    start_temporary_postgres -c log_statement=all -c max_connections=300 \
        -c fsync=off -c synchronous_commit=off -c full_page_writes=off
    export BURSAR_TEST_DATABASE_URL=$temporary_url
    export BURSAR_TEST_POSTGRES_LOG=$temporary_log
    export BURSAR_TEST_PYTHON=$oauth_clients/bin/python
    local run=(swift test "${walls[@]}" --skip-build)
    if (($#)); then
        check "tests" "${run[@]}" "$@" || true
        return
    fi
    # One after the other: source readers and whole programs under load keep every core busy, and what runs
    # beside them has deadlines.
    check "tidiness" "${run[@]}" --filter TidyTests || true
    check "tests of the parts" "${run[@]}" --skip TidyTests --skip EndToEndTests || true
    check "tests of the programs" "${run[@]}" --filter EndToEndTests || true
    # A tenth of the benchmark's year: its times say nothing of a debug build, its sums and memory do.
    export BURSAR_BENCH_BIN=$root/.build/debug BURSAR_BENCH_TENANTS=1000
    export BURSAR_BENCH_DATABASE_URL=$temporary_url
    check "reports over a year" Tests/Benchmarks/report || true
}

# check NAME COMMAND…: a failure is kept for the end, so that one run shows all of them.
check() {
    local name=$1
    shift
    step "$name: $*"
    attend "$name" "$@" && return
    test_failures+=("$name")
    return 1
}

report_checks() {
    ((${#test_failures[@]} == 0)) || fail "failed: ${test_failures[*]}"
    step "All checks passed"
}

oauth_clients=$root/.build/oauth-clients

# The OAuth clients that merchants use, to try them against the gateway. Made afresh when the list changes.
make_oauth_clients() {
    cmp -s scripts/oauth-clients.txt "$oauth_clients/made-from.txt" && return
    step "Installing OAuth clients for the tests (.build/oauth-clients)"
    rm -rf "$oauth_clients"
    python3 -m venv "$oauth_clients"
    attend pip "$oauth_clients/bin/pip" install --quiet --disable-pip-version-check \
        -r scripts/oauth-clients.txt || fail "could not install the OAuth clients"
    cp scripts/oauth-clients.txt "$oauth_clients/made-from.txt"
}
