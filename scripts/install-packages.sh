#!/usr/bin/env bash
# install-packages.sh PACKAGE…: as root; installs programs without starting any service.
set -euo pipefail

export DEBIAN_FRONTEND=noninteractive
created=()
undo() { ((${#created[@]} == 0)) || rm -f "${created[@]}"; }
trap undo EXIT

# put FILE MODE: creates it from stdin, for as long as the installation takes; a file that is there stays.
put() {
    [[ ! -e $1 ]] || return 0
    mkdir -p "$(dirname "$1")"
    created+=("$1")
    cat >"$1"
    chmod "$2" "$1"
}

# Debian starts a service when its package is installed, unless this file says no (101).
put /usr/sbin/policy-rc.d 755 <<<$'#!/bin/sh\nexit 101'

# Debian makes a PostgreSQL cluster when the server is installed; we want the programs only.
put /etc/postgresql-common/createcluster.d/no-main-cluster.conf 644 <<<'create_main_cluster = false'

apt-get update -qq </dev/null
apt-get install -y -qq --no-install-recommends "$@" </dev/null >/dev/null

# Nor shall a server that only benchmarks or tests need come up at the next boot.
for service in nginx prometheus; do
    if [[ " $* " == *" $service "* && -d /run/systemd/system ]]; then
        systemctl disable --quiet "$service" || true
    fi
done
