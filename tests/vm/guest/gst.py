# SPDX-License-Identifier: LGPL-2.1-or-later
"""GStreamer in the virtual machine: only the plugins the tests need, so that the first start does not scan them all."""
import os
import sys

import vm

PLUGINS = ("coreelements", "ivfparse", "videoparsersbad", "v4l2codecs", "videoconvertscale", "debugutilsbad", "matroska", "isomp4", "app", "typefindfunctions", "videofilter")
sys.path.insert(0, os.path.join(vm.ROOT, "tests", "conformance"))


def prepare(base="/usr/lib/x86_64-linux-gnu/gstreamer-1.0"):
    """Sets the environment; call it when the decoder's nodes exist (plugins register what is there)."""
    folder = "/tmp/plugins"
    os.makedirs(folder, exist_ok=True)
    for plugin in PLUGINS:
        path = os.path.join(base, f"libgst{plugin}.so")
        if os.path.exists(path) and not os.path.lexists(os.path.join(folder, os.path.basename(path))):
            os.symlink(path, os.path.join(folder, os.path.basename(path)))
    os.environ.update({"GST_PLUGIN_SYSTEM_PATH_1_0": folder, "GST_PLUGIN_PATH_1_0": "", "GST_PLUGIN_PATH": "",
                       "GST_REGISTRY": "/tmp/registry.bin", "GST_REGISTRY_FORK": "no", "GST_DEBUG": "2", "GST_DEBUG_NO_COLOR": "1"})
