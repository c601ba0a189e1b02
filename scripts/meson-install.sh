#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# meson-install.sh BUILDDIR PLUGINSDIR: copies plugin and engine levels, honouring DESTDIR.
set -euo pipefail
case $2 in
    /*) to="${DESTDIR:-}$2" ;;
    *)  to="${MESON_INSTALL_DESTDIR_PREFIX:?}/$2" ;;
esac
cd "$1/lib/gstreamer-1.0"
find . -name '*.so' -print0 | while IFS= read -r -d '' f; do
    install -D -m 0755 "$f" "$to/$f"
    echo "Installing $f to $to"
done
