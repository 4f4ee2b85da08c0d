# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154  # the parts of ./dev share variables
# Builds, and formats, the sources.

# A target may import only what Package.swift says it knows.
walls=(--explicit-target-dependency-import-check error)
release_bin=$root/.build/release

# build_release [PRODUCT…]: these besides the product's own.
build_release() {
    local product
    step "Building (release); the first time takes several minutes"
    for product in bursar provider-simulator "$@"; do
        attend "the build" "$root/scripts/release.sh" "$product" || fail "the build of $product failed"
    done
}

sources=(Sources Tests Package.swift)

format_sources() {
    need_swift
    swift format --in-place --recursive "${sources[@]}"
}
