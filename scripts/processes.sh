# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154  # the parts of ./dev share variables
# Starts processes so that none is ever left behind, and stops them in order.

started_names=()
started_pids=()
started_signals=()
remove_at_exit=()

# stop_everything_at_exit: call it before the first `launch`.
stop_everything_at_exit() {
    trap 'exit 130' INT
    trap 'exit 143' TERM HUP
    trap at_exit EXIT
}

at_exit() {
    local status=$?
    # Stopping must not be interrupted halfway; every wait in it is bounded.
    trap '' INT TERM HUP
    stop_all
    local path
    for path in "${remove_at_exit[@]}"; do rm -rf -- "$path"; done
    exit "$status"
}

# forget_settings: a production setting in somebody's shell must reach neither the demo nor a test. How things
# are logged is a matter of taste, and what is named after tests and benchmarks is meant for them.
forget_settings() {
    local name
    for name in "${!BURSAR_@}"; do
        [[ $name =~ ^BURSAR_(LOG|TEST|BENCH|FAULTS)_ ]] || unset "$name"
    done
    unset CREDENTIALS_DIRECTORY STATE_DIRECTORY
}

# launch NAME SIGNAL COMMAND…: starts it in the background and sets last_pid; SIGNAL is how it likes to be
# stopped.
# - Apart from the terminal: Ctrl-C reaches this script alone, which then keeps the order.
# - A death signal, so that it ends even if this script is killed with -9.
# - bash starts background jobs with SIGINT ignored: put that back to normal.
# - The lock (file descriptor 9, see demo.sh) is this script's, not its children's.
launch() {
    local name=$1 signal=$2
    shift 2
    setsid setpriv --pdeathsig "$signal" -- env --default-signal=INT,QUIT "$@" 9>&- &
    last_pid=$!
    started_names+=("$name")
    started_pids+=("$last_pid")
    started_signals+=("$signal")
}

# attend NAME COMMAND…: waits for it like any command, but stays interruptible: bash runs a trap only when
# the foreground command has ended, and a build can take minutes.
attend() {
    local status=0
    launch "$1" INT "${@:2}"
    wait "$last_pid" || status=$?
    forget_last
    return "$status"
}

forget_last() {
    unset 'started_names[-1]' 'started_pids[-1]' 'started_signals[-1]'
}

is_alive() { kill -0 "$1" 2>/dev/null; }

# Latest first: what was started later needs what was started before.
stop_all() {
    while ((${#started_pids[@]})); do
        stop "${started_names[-1]}" "${started_pids[-1]}" "${started_signals[-1]}"
        forget_last
    done
}

stop() {
    local name=$1 pid=$2 signal=$3 _
    is_alive "$pid" || return 0
    say "stopping $name"
    # To the whole group that it leads, as a terminal's Ctrl-C would go: a script does not pass signals on.
    kill -"$signal" -- -"$pid" 2>/dev/null || return 0
    for _ in {1..150}; do
        is_alive "$pid" || break
        sleep 0.2
    done
    ! is_alive "$pid" || say "$name does not stop; killing it"
    # Also what outlives its leader.
    kill -KILL -- -"$pid" 2>/dev/null || true
}

port_is_taken() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# require_port PORT VARIABLE PURPOSE
require_port() {
    local port=$1 variable=$2 purpose=$3 holder=
    if ! [[ $port =~ ^[1-9][0-9]{0,4}$ ]] || ((port > 65535)); then fail "$variable=$port is not a port"; fi
    port_is_taken "$port" || return 0
    if command -v ss >/dev/null; then
        holder=$(ss -Hltnp "sport = :$port" |
            sed -n 's/.*users:(("\([^"]*\)",pid=\([0-9]*\).*/ by \1 (pid \2)/p;q')
    fi
    fail "port $port ($purpose) is taken$holder. Stop that, or choose another: $variable=PORT ./dev run"
}

free_port() {
    local port
    for port in $(shuf -i 55000-59999 -n 50); do
        port_is_taken "$port" || { echo "$port" && return; }
    done
    fail "found no free port between 55000 and 59999"
}
