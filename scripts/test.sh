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
    need_packages binutils chromium curl fonts-dejavu-core openssl prometheus python3-venv shellcheck slowhttptest \
        systemd
    # The recipes for merchants; whatever version somebody has will do.
    command -v node >/dev/null || need_packages nodejs
    command -v javac >/dev/null || need_packages openjdk-17-jdk-headless
    command -v kotlinc >/dev/null || need_packages kotlin
    make_test_tools
}

check_tests() {
    # Every statement is logged, so that tests can look for what must never be in one. What is lost in a crash
    # of this server does not matter.
    start_temporary_postgres -c log_statement=all -c max_connections=300 \
        -c fsync=off -c synchronous_commit=off -c full_page_writes=off
    export BURSAR_TEST_DATABASE_URL=$temporary_url
    export BURSAR_TEST_POSTGRES_LOG=$temporary_log
    export BURSAR_TEST_PYTHON=$test_tools/bin/python
    # Else all tests of a run begin at once, and 270 connections to PostgreSQL share what cores there are: what
    # has seconds to connect would fail for want of a processor.
    export SWT_EXPERIMENTAL_MAXIMUM_PARALLELIZATION_WIDTH=16
    local run=(swift test "${walls[@]}" --skip-build)
    if (($#)); then
        check "tests" "${run[@]}" "$@" || true
        return
    fi
    # One after the other: source readers, simulations and whole programs under load keep every core busy, and
    # what runs beside them has deadlines.
    check "tidiness" "${run[@]}" --filter TidyTests || true
    check "tests in simulated time" "${run[@]}" --filter '^(BursarCoreTests|BursarGatewayTests)\.' || true
    check "tests of the parts" "${run[@]}" --skip '^(BursarCoreTests|BursarGatewayTests|EndToEndTests|TidyTests)\.' \
        || true
    check "tests of the programs" "${run[@]}" --filter EndToEndTests || true
    check "operations" env BURSAR_TEST_BIN="$root/.build/debug" PYTHONDONTWRITEBYTECODE=1 \
        "$BURSAR_TEST_PYTHON" Tests/Operations/run.py || true
    check "faults" env BURSAR_TEST_BIN="$root/.build/debug" PYTHONDONTWRITEBYTECODE=1 \
        "$BURSAR_TEST_PYTHON" Tests/FaultTests/run.py || true
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

test_tools=$root/.build/test-tools

# Python packages that tests use, such as the OAuth clients of merchants. Made afresh when the list changes.
make_test_tools() {
    cmp -s scripts/test-requirements.txt "$test_tools/made-from.txt" && return
    step "Installing Python packages for the tests (.build/test-tools)"
    rm -rf "$test_tools"
    python3 -m venv "$test_tools"
    attend pip "$test_tools/bin/pip" install --quiet --disable-pip-version-check \
        -r scripts/test-requirements.txt || fail "could not install the Python packages for the tests"
    cp scripts/test-requirements.txt "$test_tools/made-from.txt"
}
