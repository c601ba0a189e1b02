#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# meson-install.sh BUILDDIR PLUGINSDIR: copies plugin and engine levels, honouring DESTDIR.
set -euo pipefail
case $2 in
    /*) to="${DESTDIR:-}$2" ;;
    *)  to="${MESON_INSTALL_DESTDIR_PREFIX:?}/$2" ;;
esac
install -D -m 0755 "$1/lib/gstreamer-1.0/libgstdaedalus.so" "$to/libgstdaedalus.so"
# The engine lies beside the plugin folder, not in it: GStreamer loads whatever it finds below that.
(cd "$1/lib" && find daedalus -name '*.so') | while IFS= read -r f; do
    install -D -m 0755 "$1/lib/$f" "$(dirname "$to")/$f"
done
echo "Installed the plugin to $to and the engine to $(dirname "$to")/daedalus"
