#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Publishes daedalusd: OUTDIR/bin/daedalusd. The engine is published by publish-engine.sh into OUTDIR/lib, where the daemon looks for it.
# usage: publish-daemon.sh [output directory, default out]
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
out=${1:-$root/out}
. "$root/scripts/aot.sh"
project=$root/src/Daedalus.Daemon/Daedalus.Daemon.csproj
stage=$root/build/daemon/$rid
# shellcheck disable=SC2086
dotnet publish "$project" -c Release -f "$framework" -r "$rid" $cross -p:PublishAot=true -p:DaedalusPublish=true -p:DaedalusFramework="$framework" -o "$stage" -v q --nologo
install -d "$out/bin"
install -m 755 "$stage/daedalusd" "$out/bin/daedalusd.new"
# A daemon that runs has the old file mapped: replaced, not rewritten.
mv -f "$out/bin/daedalusd.new" "$out/bin/daedalusd"
ls -l "$out/bin/daedalusd"
