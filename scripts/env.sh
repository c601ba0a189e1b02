# SPDX-License-Identifier: LGPL-2.1-or-later
# Source this: GStreamer finds the plugin of this checkout, with a registry of its own.
_root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
export GST_PLUGIN_PATH="$_root/out/lib/gstreamer-1.0${GST_PLUGIN_PATH:+:$GST_PLUGIN_PATH}"
export GST_REGISTRY="${GST_REGISTRY:-$_root/out/registry.bin}"
unset _root
