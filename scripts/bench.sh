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
    prepare_benchmarks
    build_release BenchmarkTool
    export BURSAR_BENCH_BIN=$release_bin BURSAR_BENCH_RESULTS=$root/.build/benchmarks
    mkdir -p "$BURSAR_BENCH_RESULTS"
    start_benchmark_postgres
    for script in "${scripts[@]}"; do
        step "Benchmark ${script##*/}"
        attend "the benchmark" "$script" || failed+=("${script##*/}")
    done
    ((${#failed[@]} == 0)) || fail "failed: ${failed[*]}"
}

prepare_benchmarks() {
    need_swift
    forget_settings
    stop_everything_at_exit
    need_build_packages
    need_postgres_packages
    need_packages binutils curl gcc libc6-dev libnginx-mod-http-lua nginx openssl python3 valgrind wrk
    command -v node >/dev/null || need_packages nodejs
    command -v perf >/dev/null || need_packages linux-perf
    # Debian keeps nginx where only root's PATH finds it.
    export PATH=$PATH:/usr/sbin PYTHONDONTWRITEBYTECODE=1
}

start_benchmark_postgres() {
    start_temporary_postgres -c max_connections=300 -c max_wal_size=8GB -c shared_buffers=1GB
    export BURSAR_BENCH_DATABASE_URL=$temporary_url
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

# make_profile: what release builds are guided by (docs/adr/0029). Programs that count what they run, in a folder of
# their own, do what the benchmarks do; scripts/bursar.profdata is what they counted.
make_profile() {
    local product folder=$root/.build/profiling toolchain runtime
    prepare_benchmarks
    toolchain=$(swift_folder)
    runtime=$(clang_runtime "$toolchain")
    step "Building programs that count what they run; it takes several minutes"
    # For what runs beside: each program says where it counts to when it ends.
    export LLVM_PROFILE_FILE=$folder/beside-%p.profraw
    for product in bursar BenchmarkTool; do
        attend "the build" swift build -c release --static-swift-stdlib "${walls[@]}" \
            --scratch-path "$folder" --product "$product" \
            -Xswiftc -Xfrontend -Xswiftc -ir-profile-generate -Xcc -fprofile-generate \
            -Xlinker -u__llvm_profile_runtime -Xlinker "$runtime" || fail "the build of $product failed"
    done
    start_benchmark_postgres
    step "Training"
    export BURSAR_BENCH_BIN=$folder/release
    PYTHONPATH=$root/$benchmarks attend "the training" python3 -m bench.training \
        "$toolchain/bin/llvm-profdata" "$root/scripts/bursar.profdata" || fail "the training failed"
}

# Where bin and lib of the toolchain are, whatever starts it.
swift_folder() {
    local libraries
    libraries=$(swift -print-target-info | sed -n 's/.*"runtimeResourcePath" *: *"\(.*\)".*/\1/p')
    [[ -d $libraries ]] || fail "swift -print-target-info names no folder of its libraries"
    (cd "$libraries/../.." && pwd -P)
}

# What counts at run time is a part of the toolchain's clang.
clang_runtime() {
    local found
    found=$(find -L "$1/lib/clang" -name "libclang_rt.profile-$(uname -m).a" -print -quit)
    [[ $found ]] || fail "the Swift toolchain in $1 lacks clang's profile library"
    echo "$found"
}
