# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154  # the parts of ./dev share variables
# `./dev run`, and what belongs to its folder.

demo=$root/.bursar
demo_tenant=8c0b6f0e-3d5c-4b8e-9a53-5d1f2f6f7a01
demo_providers=(zatlas alternative phoenix paymentapi zertiban)

run_demo() {
    need_swift
    lock_demo
    choose_ports
    forget_settings
    stop_everything_at_exit
    need_build_packages
    need_postgres_packages
    need_packages curl
    build_release
    start_demo_postgres
    start_simulator
    write_profiles
    step "Enrolling the demo tenant"
    enrol_demo
    start_gateway
    print_demo
    wait_for_the_end
}

# Held as long as this script lives, whatever kills it; the file holds its pid for the message.
lock_demo() {
    (umask 077 && mkdir -p "$demo")
    exec 9<>"$demo/lock"
    flock -n 9 ||
        fail "a demo is running already (pid $(<"$demo/lock")): use it, or stop it with Ctrl-C there"
    printf '%s\n' "$$" >"$demo/lock"
}

choose_ports() {
    http_port=${BURSAR_HTTP_PORT:-8080}
    admin_port=${BURSAR_ADMIN_PORT:-8081}
    simulator_port=${BURSAR_DEV_SIMULATOR_PORT:-9080}
    database_port=${BURSAR_DEV_POSTGRES_PORT:-54329}
    require_port "$http_port" BURSAR_HTTP_PORT "merchant side"
    require_port "$admin_port" BURSAR_ADMIN_PORT "admin side"
    require_port "$simulator_port" BURSAR_DEV_SIMULATOR_PORT "provider simulator"
    require_port "$database_port" BURSAR_DEV_POSTGRES_PORT "PostgreSQL"
}

# remember FILE COMMAND…: the first time, keeps what COMMAND prints; for us alone, and whole or not at all.
remember() {
    local file=$1
    shift
    [[ ! -s $file ]] || return 0
    (umask 077 && "$@" >"$file.new") || return
    mv "$file.new" "$file"
}

start_demo_postgres() {
    local superuser gateway
    remember "$demo/postgres-password" random_hex 24
    remember "$demo/gateway-password" random_hex 24
    superuser=$(<"$demo/postgres-password")
    gateway=$(<"$demo/gateway-password")
    # A run that was killed with -9 could not remove its socket's folder.
    [[ ! -s $demo/socket ]] || rm -rf -- "$(<"$demo/socket")"
    step "Starting PostgreSQL on 127.0.0.1:$database_port (log: .bursar/postgres.log)"
    start_postgres "$demo/postgres" "$database_port" "$demo/postgres.log" "$superuser"
    echo "$postgres_socket" >"$demo/socket"
    [[ $(superuser_sql <<<"SELECT 1 FROM pg_database WHERE datname = 'bursar'") ]] ||
        superuser_sql <<<"CREATE DATABASE bursar"
    write_environment "$(postgres_url bursar_gateway "$gateway" bursar)"
    step "Migrating the database"
    BURSAR_DATABASE_URL=$(postgres_url postgres "$superuser" bursar) "$release_bin/bursar" migrate >&2 ||
        fail "bursar migrate failed"
    # The migrations make the role; from here on everything is done with its rights alone.
    set_password bursar_gateway "$gateway"
}

# For the gateway here, and for `./dev bursar` in another terminal.
write_environment() {
    remember "$demo/keyring" new_keyring
    remember "$demo/finance-token" random_hex 24
    remember "$demo/admin-tokens" new_admin_tokens
    (
        umask 077
        mkdir -p "$demo/state" "$demo/providers" "$demo/secrets"
        printf 'export %s=%q\n' >"$demo/environment" \
            BURSAR_DATABASE_URL "$1" \
            BURSAR_KEYRING_FILE "$demo/keyring" \
            BURSAR_STATE_DIR "$demo/state" \
            BURSAR_PROVIDERS_DIR "$demo/providers" \
            BURSAR_PROVIDER_NETWORKS loopback-too \
            BURSAR_HTTP_PORT "$http_port" \
            BURSAR_ADMIN_PORT "$admin_port" \
            BURSAR_ADMIN_TOKENS_FILE "$demo/admin-tokens"
    )
    # shellcheck source=/dev/null
    source "$demo/environment"
}

new_keyring() { printf 'demo-1:%s\n' "$(head -c 32 /dev/urandom | base64)"; }

# Who may read reports over HTTP: the digest of the token, never the token.
new_admin_tokens() {
    printf 'finance:demo:%s\n' "$(printf '%s' "$(<"$demo/finance-token")" | sha256sum | cut -d ' ' -f 1)"
}

start_simulator() {
    write_simulator_credentials
    step "Starting the provider simulator (log: .bursar/simulator.log)"
    launch "the simulator" TERM "$release_bin/provider-simulator" --port "$simulator_port" \
        --credentials "$demo/simulator-credentials.json" >"$demo/simulator.log" 2>&1
    await "the simulator" "$last_pid" port_is_taken "$simulator_port" ||
        { tail -n 20 "$demo/simulator.log" >&2 && fail "the simulator does not start"; }
}

start_gateway() {
    step "Starting the gateway"
    launch "the gateway" TERM "$release_bin/bursar" serve
    await "the gateway" "$last_pid" gateway_is_ready || fail "the gateway does not get ready"
}

gateway_is_ready() { curl -fs -o /dev/null --max-time 2 "http://127.0.0.1:$http_port/readyz"; }

# await NAME PID COMMAND…: until COMMAND succeeds; not longer than a minute, nor than the process lives.
await() {
    local pid=$2 _
    for _ in {1..300}; do
        # Alive first: otherwise another program on the same port could be taken for ours.
        is_alive "$pid" || return 1
        "${@:3}" && return
        sleep 0.2
    done
    return 1
}

# All of them are meant to run for ever: the first that ends takes the rest along.
wait_for_the_end() {
    local ended status=0 index
    wait -n -p ended "${started_pids[@]}" || status=$?
    for index in "${!started_pids[@]}"; do
        [[ ${started_pids[index]} != "$ended" ]] || fail "${started_names[index]} ended (exit $status)"
    done
}

demo_command_line() {
    [[ -s $demo/environment && -x $release_bin/bursar ]] ||
        fail "there is no demo yet: start it with ./dev run, and use this from another terminal"
    # shellcheck source=/dev/null
    source "$demo/environment"
    exec "$release_bin/bursar" "$@"
}

reset_demo() {
    [[ -d $demo ]] || return 0
    lock_demo
    [[ ! -s $demo/socket ]] || rm -rf -- "$(<"$demo/socket")"
    remove_postgres_data "$demo/postgres"
    rm -rf -- "$demo"
}
