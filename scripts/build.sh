#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# build.sh [OUT]: publishes engine (each CPU level), plugin, daemon and tool into OUT (default out), once for each state of the sources.
# For another architecture: scripts/aot.sh.
set -euo pipefail
cd "$(dirname "$0")/.."

out=${1:-out}
plugin=$out/lib/gstreamer-1.0/libgstdaedalus.so
stamp=$out/.stamp
state=$(find src native scripts/aot.sh scripts/publish-engine.sh scripts/publish-plugin.sh scripts/publish-daemon.sh scripts/publish-tool.sh Directory.Build.props Directory.Packages.props -type f \
    -not -path '*/bin/*' -not -path '*/obj/*' -print0 | sort -z | xargs -0 sha256sum | sha256sum | cut -d' ' -f1)
if [ -f "$plugin" ] && [ -f "$out/bin/daedalusd" ] && [ -f "$out/bin/daedalusctl" ] && [ "$(cat "$stamp" 2>/dev/null)" = "$state" ]; then
    exit 0
fi
echo "Building engine, plugin, daemon and tool (about a minute the first time) …"
root=$PWD
. scripts/aot.sh
scripts/publish-engine.sh "$out"
scripts/publish-plugin.sh "$out"
scripts/publish-daemon.sh "$out"
scripts/publish-tool.sh "$out"
echo "$state" > "$stamp"
