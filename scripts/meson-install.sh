#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# meson-install.sh BUILDDIR PLUGINSDIR: copies plugin, engine levels and tool, honouring DESTDIR.
set -euo pipefail
source=$(cd "$(dirname "$0")/.." && pwd)
case $2 in
    /*) to="${DESTDIR:-}$2" ;;
    *)  to="${MESON_INSTALL_DESTDIR_PREFIX:?}/$2" ;;
esac
install -D -m 0755 "$1/lib/gstreamer-1.0/libgstdaedalus.so" "$to/libgstdaedalus.so"
# The engine lies beside the plugin folder, not in it: GStreamer loads whatever it finds below that.
(cd "$1/lib" && find daedalus -name '*.so') | while IFS= read -r f; do
    install -D -m 0755 "$1/lib/$f" "$(dirname "$to")/$f"
done
# The tool looks for the engine in lib beside its bin.
prefix=${MESON_INSTALL_DESTDIR_PREFIX:?}
engine=$(dirname "$to")/daedalus
[ "$(realpath -m "$prefix/lib/daedalus")" = "$(realpath -m "$engine")" ] || { mkdir -p "$prefix/lib"; ln -sfnr "$engine" "$prefix/lib/daedalus"; }
install -D -m 0755 "$1/bin/daedalusctl" "$prefix/bin/daedalusctl"
(cd "$1/share" && find . -type f) | while IFS= read -r f; do install -D -m 0644 "$1/share/$f" "$prefix/share/$f"; done
install -D -m 0644 "$source/pipelines/trace.py" "$prefix/share/daedalus/trace.py"
echo "Installed the plugin to $to, the engine to $engine and daedalusctl to $prefix/bin"
