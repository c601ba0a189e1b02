#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# meson-publish.sh engine|plugin|tool BUILDDIR STAMP
set -euo pipefail
stamp=$(realpath -m "$3")
cd "$(dirname "$0")/.."
"scripts/publish-$1.sh" "$2"
touch "$stamp"
