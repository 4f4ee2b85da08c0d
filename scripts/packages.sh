# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154  # the parts of ./dev share variables
# Debian packages and the Swift toolchain.

need_swift() {
    command -v swift >/dev/null ||
        fail "there is no swift in PATH: install a Swift 6.3 toolchain, https://swift.org/install"
}

is_installed() { [[ $(dpkg-query -Wf '${db:Status-Status}' "$1" 2>/dev/null) == installed ]]; }

# What building needs. git and the certificates are for fetching the package's dependencies.
need_build_packages() { need_packages ca-certificates git libpq-dev pkg-config zlib1g-dev; }

# Any server will do that is there already; otherwise Debian's.
need_postgres_packages() { postgres_bin >/dev/null || need_packages postgresql; }

need_packages() {
    local package missing=()
    for package; do is_installed "$package" || missing+=("$package"); done
    ((${#missing[@]})) || return 0
    command -v apt-get >/dev/null || fail "needs these Debian packages (or their like): ${missing[*]}"
    step "Installing Debian packages: ${missing[*]}"
    as_root bash "$root/scripts/install-packages.sh" "${missing[@]}" || fail "could not install ${missing[*]}"
}

as_root() {
    if ((EUID == 0)); then
        "$@"
    elif command -v sudo >/dev/null; then
        sudo -- "$@"
    else
        fail "needs root for: $* (and there is no sudo)"
    fi
}
