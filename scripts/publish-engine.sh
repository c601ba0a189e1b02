#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Builds libdaedalus-engine.so for every CPU level of this architecture:
#   publish-engine.sh [OUTDIR] [LEVEL...]    ->  OUTDIR/lib/daedalus/<level>/libdaedalus-engine.so
# Level directories are named as glibc-hwcaps names them; the caller picks the one its CPU has (a wrong one aborts when loaded).
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
out=${1:-$root/out}
[ $# -gt 0 ] && shift
mkdir -p "$out"
out=$(cd "$out" && pwd)

. "$root/scripts/aot.sh"
case $arch in
x86_64) levels=${*:-v2 v3} ;;
*) levels=${*:-$arch} ;;
esac

for level in $levels; do
    case $level in
    v[0-9]) name=x86-64-$level ;;
    *) name=$level ;;
    esac
    # shellcheck disable=SC2086
    dotnet publish -v quiet -nologo -c Release -f "$framework" -r "$rid" $cross \
        -p:DaedalusCpuLevel="$level" -p:DaedalusPublish=true "$root/src/Daedalus.Engine/Daedalus.Engine.csproj"
    mkdir -p "$out/lib/daedalus/$name"
    # Install by rename: a process that has the old file mapped keeps it.
    cp "$root/src/Daedalus.Engine/bin/native/$level/libdaedalus-engine.so" "$out/lib/daedalus/$name/.new"
    mv "$out/lib/daedalus/$name/.new" "$out/lib/daedalus/$name/libdaedalus-engine.so"
    echo "$out/lib/daedalus/$name/libdaedalus-engine.so"
done
