# SPDX-License-Identifier: LGPL-2.1-or-later
# Source this: where things lie, and how packages of the distribution come here without being installed.
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
here=$root/tests/vm
cache=${DAEDALUS_VM_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/gstdaedalus/vm}
mkdir -p "$cache"
jobs=${DAEDALUS_VM_JOBS:-$(nproc)}

say() { printf '%s\n' "$*" >&2; }
die() { say "tests/vm: $*"; exit 1; }

# apt with a state of its own that also knows arm64: nothing of the host's package database changes.
apt_own() { # command arguments…
    local tool=$1; shift
    mkdir -p "$cache/apt/state/lists/partial" "$cache/apt/cache/archives/partial"
    "$tool" -q -o Dir::State="$cache/apt/state" -o Dir::State::status=/dev/null -o Dir::Cache="$cache/apt/cache" \
        -o APT::Architectures::=amd64 -o APT::Architectures::=arm64 -o APT::Sandbox::User=root \
        -o Acquire::Languages=none -o Debug::NoLocking=1 "$@"
}

# Refreshes the package lists once a day.
apt_lists() {
    [ -z "$(find "$cache/apt/lists.stamp" -mmin -1440 2>/dev/null)" ] || return 0
    # Sources that are none of the distribution's may fail: what is missing shows when a package is asked for.
    apt_own apt-get update >"$cache/apt-update.log" 2>&1 || [ -n "$(ls "$cache/apt/state/lists" 2>/dev/null)" ] || die "apt-get update failed: $(tail -n 3 "$cache/apt-update.log")"
    touch "$cache/apt/lists.stamp"
}

candidate() { # package[:arch] -> version
    apt_own apt-cache policy "$1" 2>/dev/null | sed -n 's/^ *Candidate: *//p' | head -n 1
}

# Unpacks a package below a folder, once; prints nothing.
unpack() { # folder package[:arch]…
    local to=$1 p version deb; shift
    mkdir -p "$to/.packages"
    for p in "$@"; do
        version=$(candidate "$p")
        [ -n "$version" ] && [ "$version" != "(none)" ] || die "apt offers no package $p"
        [ -e "$to/.packages/$p=${version//:/%3a}" ] && continue
        rm -rf "$cache/download"; mkdir -p "$cache/download"
        (cd "$cache/download" && apt_own apt-get download "$p=$version" >"$cache/download.log" 2>&1) || die "cannot download $p: $(tail -n 3 "$cache/download.log")"
        deb=$(ls "$cache"/download/*.deb) || die "nothing downloaded for $p"
        dpkg-deb -x "$deb" "$to"
        touch "$to/.packages/$p=${version//:/%3a}"
        rm -rf "$cache/download"
    done
}

# The same for the next release, with its own sources: those of the host's distribution, by another name.
apt_trixie() { # command arguments…
    local tool=$1 base=$cache/apt-trixie; shift
    if [ ! -e "$base/sources.list" ]; then
        mkdir -p "$base/state/lists/partial" "$base/cache/archives/partial" "$base/empty"
        apt-get indextargets --format '$(REPO_URI)' 'Origin: Debian' 'Codename: bookworm' 'Identifier: Packages' | sort -u | head -n 1 |
            sed 's:.*:deb [arch=amd64 signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] & trixie main:' >"$base/sources.list.new"
        [ -s "$base/sources.list.new" ] || return 1
        mv "$base/sources.list.new" "$base/sources.list"
    fi
    "$tool" -q -o Dir::Etc::SourceList="$base/sources.list" -o Dir::Etc::SourceParts="$base/empty" -o Dir::Etc::Preferences=/dev/null -o Dir::Etc::PreferencesParts="$base/empty" \
        -o Dir::State="$base/state" -o Dir::State::status=/dev/null -o Dir::Cache="$base/cache" -o APT::Architecture=amd64 -o APT::Architectures=amd64 \
        -o APT::Sandbox::User=root -o Acquire::Languages=none -o Debug::NoLocking=1 "$@"
}
