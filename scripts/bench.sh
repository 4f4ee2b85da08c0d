# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154  # the parts of ./dev share variables
# `./dev bench [--check] [NAME]`: each executable in Tests/Benchmarks is a benchmark that prints its own table.
#
# It finds: BURSAR_BENCH_BIN, the folder of the release programs; BURSAR_BENCH_DATABASE_URL, a superuser of an
# empty PostgreSQL with Debian's own settings (it does sync); wrk, nginx and node in PATH; and
# BURSAR_BENCH_RESULTS, the folder for its figures as JSON. With BURSAR_BENCH_CHECK it fails when a ratio is above
# its bound in Tests/Benchmarks/thresholds.json.

benchmarks=Tests/Benchmarks

run_benchmarks() {
    if [[ ${1:-} == --check ]]; then
        export BURSAR_BENCH_CHECK=1
        shift
    fi
    (($# <= 1)) || wrong_usage "too many arguments: $*"
    local chosen scripts script failed=()
    chosen=$(choose_benchmarks "${1:-}")
    mapfile -t scripts <<<"$chosen"
    need_swift
    forget_settings
    stop_everything_at_exit
    need_build_packages
    need_postgres_packages
    need_packages binutils curl gcc libc6-dev libnginx-mod-http-lua nginx openssl python3 valgrind wrk
    command -v node >/dev/null || need_packages nodejs
    command -v perf >/dev/null || need_packages linux-perf
    build_release BenchmarkTool
    start_temporary_postgres -c max_connections=300 -c max_wal_size=8GB -c shared_buffers=1GB
    # Debian keeps nginx where only root's PATH finds it.
    export PATH=$PATH:/usr/sbin BURSAR_BENCH_BIN=$release_bin BURSAR_BENCH_DATABASE_URL=$temporary_url
    export BURSAR_BENCH_RESULTS=$root/.build/benchmarks PYTHONDONTWRITEBYTECODE=1
    mkdir -p "$BURSAR_BENCH_RESULTS"
    for script in "${scripts[@]}"; do
        step "Benchmark ${script##*/}"
        attend "the benchmark" "$script" || failed+=("${script##*/}")
    done
    ((${#failed[@]} == 0)) || fail "failed: ${failed[*]}"
}

# Prints the paths, one a line; a name may be given with or without its ending.
choose_benchmarks() {
    local name=$1 script all=() chosen=()
    for script in "$benchmarks"/*; do
        [[ -f $script && -x $script ]] || continue
        all+=("$(benchmark_name "$script")")
        [[ $name && $name != "${all[-1]}" && $name != "${script##*/}" ]] || chosen+=("$root/$script")
    done
    ((${#all[@]})) || fail "there is no benchmark in $benchmarks"
    ((${#chosen[@]})) || fail "there is no benchmark $name; there are: ${all[*]}"
    printf '%s\n' "${chosen[@]}"
}

benchmark_name() {
    local file=${1##*/}
    echo "${file%.*}"
}
