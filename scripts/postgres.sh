# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154  # the parts of ./dev share variables
# A PostgreSQL of our own: own data folder, own socket, a loopback port with a password. Debian's clusters and
# services are neither used nor touched. Shared by run, test and bench.

# libpq's variables of the caller must not lead any of our programs to another server.
unset "${!PG@}"

# The command that PostgreSQL's server programs run behind; see choose_postgres_owner.
postgres_owner=()
postgres_is_switched=false
postgres_socket=
postgres_port=

# Prints the folder of the server programs: 15, for which Bursar is written, before any other.
postgres_bin() {
    local folder newest=
    for folder in /usr/lib/postgresql/15/bin /usr/lib/postgresql/*/bin; do
        [[ -x $folder/postgres ]] || continue
        newest=$folder
        [[ $folder != */15/bin ]] || break
    done
    [[ $newest ]] && echo "$newest"
}

# choose_postgres_owner DATA: PostgreSQL refuses to run as root. So root starts it
# - in a user namespace, where root's processes appear as `postgres`: outside they are still root's, may enter
#   root's closed home, and leave files that belong to root;
# - or, where containers forbid namespaces, as the real user `postgres`, in a folder outside root's home.
# Data that is there already stays with the way it was made.
choose_postgres_owner() {
    local data=$1 uid gid
    ((EUID == 0)) || return 0
    uid=$(id -u postgres) gid=$(id -g postgres)
    local namespace=(unshare -U --map-user="$uid" --map-group="$gid" --)
    if [[ ! -L $data ]] && "${namespace[@]}" true 2>/dev/null; then
        postgres_owner=("${namespace[@]}")
    elif [[ -d $data && ! -L $data ]]; then
        fail "$data was made in a user namespace, which is not permitted any more; ./dev reset starts afresh"
    else
        # From `/`, for it cannot read our working directory.
        postgres_owner=(env --chdir=/ setpriv --reuid="$uid" --regid="$gid" --clear-groups --)
        postgres_is_switched=true
    fi
}

give_to_postgres() {
    ! $postgres_is_switched || chown postgres:postgres "$1"
}

# make_postgres_data DATA: a new database; where the server cannot enter, DATA is a link to a folder outside.
make_postgres_data() {
    local data=$1 elsewhere
    if $postgres_is_switched; then
        elsewhere=$(mktemp -d /var/tmp/bursar.XXXXXX)
        give_to_postgres "$elsewhere"
        ln -s "$elsewhere" "$data"
    else
        (umask 077 && mkdir -p "$data")
    fi
    # On the socket everybody is trusted, because its folder is closed to others; the port needs a password.
    "${postgres_owner[@]}" "$(postgres_bin)/initdb" -D "$(readlink -f "$data")" -U postgres \
        --auth-local=trust --auth-host=scram-sha-256 --encoding=UTF8 --locale=C.UTF-8 --no-instructions \
        >/dev/null || fail "initdb failed"
}

remove_postgres_data() {
    [[ ! -L $1 ]] || rm -rf -- "$(readlink "$1")"
    rm -rf -- "$1"
}

# start_postgres DATA PORT LOG PASSWORD [-c SETTING=VALUE]…: starts it, making the database first if there is
# none, and gives the superuser `postgres` that password.
start_postgres() {
    local data=$1 port=$2 log=$3 password=$4
    shift 4
    choose_postgres_owner "$data"
    [[ -s $data/PG_VERSION ]] || { remove_postgres_data "$data" && make_postgres_data "$data"; }
    # The path of a socket may have 107 bytes, and a checkout can lie deep: hence /tmp.
    postgres_socket=$(mktemp -d /tmp/bursar.XXXXXX)
    remove_at_exit+=("$postgres_socket")
    give_to_postgres "$postgres_socket"
    postgres_port=$port
    # A change of user clears the death signal that `launch` sets, so it is set again. INT: disconnect, stop.
    launch PostgreSQL INT "${postgres_owner[@]}" setpriv --pdeathsig INT -- \
        "$(postgres_bin)/postgres" -D "$(readlink -f "$data")" -k "$postgres_socket" \
        -h 127.0.0.1 -p "$port" "$@" >"$log" 2>&1
    await_postgres "$last_pid" "$log"
    set_password postgres "$password"
}

await_postgres() {
    local pid=$1 log=$2 _
    for _ in {1..300}; do
        "$(postgres_bin)/pg_isready" -q -h "$postgres_socket" -p "$postgres_port" && return
        is_alive "$pid" || break
        sleep 0.2
    done
    tail -n 20 "$log" >&2
    fail "PostgreSQL does not start"
}

# SQL from stdin, as the superuser, through the socket.
superuser_sql() {
    "$(postgres_bin)/psql" -X -q -At -v ON_ERROR_STOP=1 \
        -h "$postgres_socket" -p "$postgres_port" -U postgres -d postgres
}

# set_password ROLE PASSWORD: through stdin, for a process list shows arguments; and past the server's log.
set_password() {
    superuser_sql <<SQL
SET log_statement = 'none';
SET log_min_error_statement = 'panic';
ALTER ROLE $1 LOGIN PASSWORD '$2';
SQL
}

# postgres_url ROLE PASSWORD DATABASE. Passwords are hexadecimal, so nothing has to be escaped.
postgres_url() { echo "postgresql://$1:$2@127.0.0.1:$postgres_port/$3"; }

# start_temporary_postgres [-c SETTING=VALUE]…: gone at exit. Sets temporary_url (superuser), temporary_log.
start_temporary_postgres() {
    local folder password port
    mkdir -p .build
    folder=$(mktemp -d "$root/.build/postgres.XXXXXX")
    # Made here, not by start_postgres, so that a folder elsewhere is known and removed at exit, too.
    choose_postgres_owner "$folder/data"
    make_postgres_data "$folder/data"
    remove_at_exit+=("$(readlink -f "$folder/data")" "$folder")
    password=$(random_hex 16)
    temporary_log=$folder/log
    port=$(free_port)
    start_postgres "$folder/data" "$port" "$temporary_log" "$password" "$@"
    temporary_url=$(postgres_url postgres "$password" postgres)
}

random_hex() { od -An -N "$1" -tx1 /dev/urandom | tr -d ' \n'; }
