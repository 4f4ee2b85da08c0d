#!/usr/bin/env bash
# scripts/release.sh PRODUCT: builds a program as it is shipped.
#
# - With Swift's libraries inside: a call of theirs is then a call and no way through a table, and the programs need no
#   Swift where they run.
# - Guided by what hits and renewals run (docs/adr/0029): bursar.profdata, which `./dev profile` makes. Functions that
#   it does not know, or not in this form, are compiled as without it.
set -euo pipefail
(($# == 1)) || {
    echo "usage: scripts/release.sh bursar|provider-simulator" >&2
    exit 2
}
cd "$(dirname "${BASH_SOURCE[0]}")/.."

profile=$PWD/scripts/bursar.profdata
# What is local to a file is known by the file's name alone, wherever the sources lie.
names=-static-func-full-module-prefix=false
options=(
    -c release --static-swift-stdlib --explicit-target-dependency-import-check error
    -Xswiftc -Xfrontend -Xswiftc "-ir-profile-use=$profile" -Xswiftc -Xllvm -Xswiftc "$names"
    -Xcc "-fprofile-use=$profile" -Xcc -mllvm -Xcc "$names"
    -Xcc -Wno-profile-instr-unprofiled -Xcc -Wno-profile-instr-out-of-date
)

# Neither SwiftPM nor the compiler's driver builds anew what was built by another profile, or by none. A `swift build`
# by hand into the same folder goes unnoticed.
folder=$(swift build -c release --show-bin-path)
[[ $folder == /*/release ]] || {
    echo "release.sh: SwiftPM names no folder of release builds: $folder" >&2
    exit 1
}
mark=$folder/built-by
built_by=$(cat scripts/release.sh "$profile" | sha256sum)
if [[ $(cat "$mark" 2>/dev/null) != "$built_by" ]]; then
    rm -rf -- "$folder"
    mkdir -p "$folder"
    echo "$built_by" >"$mark"
fi

exec swift build "${options[@]}" --product "$1"
