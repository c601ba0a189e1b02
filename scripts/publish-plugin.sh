#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Publishes the GStreamer plugin: out/lib/gstreamer-1.0/libgstdaedalus.so. The engine is published beside it by publish-engine.sh.
# usage: publish-plugin.sh [output directory, default out]
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
out=${1:-$root/out}
. "$root/scripts/aot.sh"
project=$root/src/GstDaedalus.Elements/GstDaedalus.Elements.csproj
stage=$root/build/plugin/$rid
# shellcheck disable=SC2086
dotnet publish "$project" -c Release -f "$framework" -r "$rid" $cross -p:PublishAot=true -p:DaedalusPublish=true -p:DaedalusFramework="$framework" -o "$stage" -v q --nologo
install -d "$out/lib/gstreamer-1.0"
install -m 755 "$stage/GstDaedalus.Elements.so" "$out/lib/gstreamer-1.0/libgstdaedalus.so.new"
# A running process may have the old file mapped: replaced, not rewritten.
mv -f "$out/lib/gstreamer-1.0/libgstdaedalus.so.new" "$out/lib/gstreamer-1.0/libgstdaedalus.so"
ls -l "$out/lib/gstreamer-1.0/libgstdaedalus.so"
