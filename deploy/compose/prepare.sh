#!/bin/sh
# Makes what the stand needs to keep secret, the first time; files go to the one user who reads them.
#
#   /stand/public      the authority's certificate
#   /stand/gateway     a credentials directory: keyring, database-url, TLS; who may read reports
#   /stand/merchants   the demo merchant's secrets with the providers
#   /stand/migrate     a credentials directory with the database's owner's URL
#   /stand/simulator, /stand/postgres, /stand/grafana
set -eu
umask 077

stand=${1:-/stand}
gateway=10001 simulator=10002 migrate=10003 postgres=999 grafana=472
providers='zatlas alternative phoenix paymentapi zertiban'
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

random() { openssl rand -hex 24; }

# put FILE OWNER: from standard input, readable by its owner alone.
put() {
    cat >"$stand/$1.new"
    chmod 0400 "$stand/$1.new"
    chown "$2:$2" "$stand/$1.new"
    mv "$stand/$1.new" "$stand/$1"
}

# openssl shows dots and greetings; they matter when it fails.
quietly() {
    "$@" 2>"$work/log" || { cat "$work/log" >&2 && exit 1; }
}

folder() {
    mkdir -p "$stand/$1"
    chmod 0500 "$stand/$1"
    chown "$2:$2" "$stand/$1"
}

make_authority() {
    quietly openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 3650 \
        -subj "/CN=Bursar demo authority" -addext basicConstraints=critical,CA:TRUE \
        -addext keyUsage=critical,keyCertSign -keyout "$work/ca.key" -out "$work/ca.pem"
    cp "$work/ca.pem" "$stand/public/ca.pem"
    chmod 0444 "$stand/public/ca.pem"
}

# certificate FOLDER OWNER NAMES: the authority's key is thrown away afterwards, so these are all there are.
certificate() {
    quietly openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj "/CN=$1" \
        -keyout "$work/$1.key" -out "$work/$1.csr"
    printf 'subjectAltName=%s\nextendedKeyUsage=serverAuth\n' "$3" >"$work/$1.extensions"
    quietly openssl x509 -req -in "$work/$1.csr" -CA "$work/ca.pem" -CAkey "$work/ca.key" -CAcreateserial \
        -days 3650 -extfile "$work/$1.extensions" -out "$work/$1.pem"
    put "$1/tls-key" "$2" <"$work/$1.key"
    put "$1/tls-certificate" "$2" <"$work/$1.pem"
}

# login ROLE: a password of its own, for the server's script and for whoever logs in.
login() {
    random >"$work/$1"
    put "postgres/$1" "$postgres" <"$work/$1"
}

database_url() {
    printf 'postgresql://%s:%s@postgres:5432/bursar' "$1" "$(cat "$work/$1")"
    echo '?sslmode=verify-full&sslrootcert=/stand/public/ca.pem'
}

make_secrets_with_providers() {
    separator='['
    for provider in $providers; do
        secret=$(random)
        printf '%s' "$secret" | put "merchants/$provider" "$gateway"
        printf '%s{"provider": "%s", "client_id": "demo-%s", "client_secret": "%s"}' \
            "$separator" "$provider" "$provider" "$secret" >>"$work/credentials.json"
        separator=','
    done
    echo ']' >>"$work/credentials.json"
    put simulator/credentials.json "$simulator" <"$work/credentials.json"
}

make_reader_of_reports() {
    random >"$work/finance-token"
    digest=$(tr -d '\n' <"$work/finance-token" | sha256sum | cut -d ' ' -f 1)
    echo "finance:demo:$digest" | put gateway/admin-tokens "$gateway"
    put gateway/finance-token "$gateway" <"$work/finance-token"
}

make_everything() {
    mkdir -p "$stand/public"
    chmod 0755 "$stand" "$stand/public"
    folder gateway "$gateway"
    folder merchants "$gateway"
    folder simulator "$simulator"
    folder migrate "$migrate"
    folder postgres "$postgres"
    folder grafana "$grafana"
    make_authority
    certificate gateway "$gateway" DNS:localhost,IP:127.0.0.1,DNS:gateway-1,DNS:gateway-2
    certificate simulator "$simulator" DNS:simulator
    certificate postgres "$postgres" DNS:postgres
    random | put postgres/superuser-password "$postgres"
    for role in gateway migrator finance monitor; do login "$role"; done
    database_url gateway | put gateway/database-url "$gateway"
    database_url migrator | put migrate/database-url "$migrate"
    put grafana/finance-password "$grafana" <"$work/finance"
    put grafana/monitor-password "$grafana" <"$work/monitor"
    random | put grafana/admin-password "$grafana"
    printf 'demo-1:%s\n' "$(openssl rand -base64 32)" | put gateway/keyring "$gateway"
    make_secrets_with_providers
    make_reader_of_reports
}

if [ -e "$stand/made" ]; then
    echo "the secrets are there already"
else
    make_everything
    : >"$stand/made"
    echo "made keyring, passwords and certificates"
fi
