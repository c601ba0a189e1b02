# SPDX-License-Identifier: LGPL-2.1-or-later
"""GStreamer in the virtual machine: only the plugins the tests need, so that the first start does not scan them all."""
import os
import subprocess
import sys

import vm

PLUGINS = ("coreelements", "ivfparse", "videoparsersbad", "v4l2codecs", "videoconvertscale", "debugutilsbad", "matroska", "isomp4", "app", "typefindfunctions", "videofilter", "playback", "kms", "opengl")
sys.path.insert(0, os.path.join(vm.ROOT, "tests", "conformance"))


def prepare(root="", ours=False):
    """
    Sets the environment, for the GStreamer below a root folder; call it when the decoder's nodes exist (plugins register what is there).
    ours: our plugin instead of v4l2codecs.
    """
    folder, base = "/tmp/plugins", "/usr/lib/x86_64-linux-gnu/gstreamer-1.0"
    os.makedirs(folder, exist_ok=True)
    if ours:
        os.symlink(os.path.join(vm.WORK, "libgstdaedalus.so"), os.path.join(folder, "libgstdaedalus.so"))
        os.environ["DAEDALUS_ENGINE"] = vm.ENGINE
    for plugin in PLUGINS:
        if ours and plugin == "v4l2codecs":
            continue
        path = os.path.join(base, f"libgst{plugin}.so")
        if os.path.exists(root + path):
            os.symlink(path, os.path.join(folder, os.path.basename(path)))
    os.environ.update({"GST_PLUGIN_SYSTEM_PATH_1_0": folder, "GST_PLUGIN_PATH_1_0": "", "GST_PLUGIN_PATH": "",
                       "GST_REGISTRY": "/tmp/registry.bin", "GST_REGISTRY_FORK": "no", "GST_DEBUG": "2", "GST_DEBUG_NO_COLOR": "1"})


def enter(root, vectors):
    """Programs that are called gst-launch-1.0 from here on are those of another root folder. Returns the vectors' folder by a name that is the same in both."""
    here = "/tmp/vectors"
    os.makedirs(here)
    subprocess.run([vm.BUSYBOX, "mount", "-o", "bind", vectors, here], check=True)
    for name in ("dev", "proc", "sys", "tmp"):
        subprocess.run([vm.BUSYBOX, "mount", "-o", "rbind", "/" + name, os.path.join(root, name)], check=True)
    os.makedirs("/tmp/bin")
    with open("/tmp/bin/gst-launch-1.0", "w", encoding="ascii") as f:
        f.write(f'#!/bin/sh\nexec {vm.BUSYBOX} chroot {root} /usr/bin/gst-launch-1.0 "$@"\n')
    os.chmod("/tmp/bin/gst-launch-1.0", 0o755)
    os.environ["PATH"] = "/tmp/bin:" + os.environ["PATH"]
    prepare(root)
    return here
