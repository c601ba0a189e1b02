# SPDX-License-Identifier: LGPL-2.1-or-later
"""A screen that nobody sees: vkms, and what it scans out, as checksums."""
import array
import fcntl
import glob
import os
import re
import select
import struct
import subprocess
import threading
import zlib

import vm

MODULES = ("drm_kms_helper", "drm_shmem_helper", "vkms")
WIDTH, HEIGHT = 640, 480


def insmod():
    for name in MODULES:
        path = os.path.join(vm.WORK, name + ".ko")
        if os.path.exists(path) and not os.path.exists("/sys/module/" + name):
            subprocess.run([vm.BUSYBOX, "insmod", path], check=True)
    vm.wait_for(lambda: os.path.exists("/dev/dri/card0"), "vkms' node")


class Screen:
    """The display with a mode and nothing on it, while this is open; another client may become its master. Numbers and structures of linux/drm/drm_mode.h."""

    def __init__(self):
        self.card = os.open("/dev/dri/card0", os.O_RDWR | os.O_CLOEXEC)
        # drm_mode_card_res: how many there are, then which.
        crtcs, connectors = array.array("I", [0]), array.array("I", [0])
        resources = self._call(0xA0, "=4Q8I", 0, crtcs.buffer_info()[0], connectors.buffer_info()[0], 0, 0, 1, 1, 0, 0, 0, 0, 0)
        vm.check(resources[5:7] == (1, 1), f"CRTCs and connectors: {resources}")
        # drm_mode_get_connector
        count = self._call(0xA7, "=4Q12I", 0, 0, 0, 0, *[0] * 4, connectors[0], *[0] * 7)[4]
        modes = array.array("B", bytes(68 * count))
        self._call(0xA7, "=4Q12I", 0, modes.buffer_info()[0], 0, 0, count, 0, 0, 0, connectors[0], *[0] * 7)
        listed = [modes.tobytes()[68 * i:68 * (i + 1)] for i in range(count)]
        mode = next(m for m in listed if (struct.unpack_from("=H", m, 4)[0], struct.unpack_from("=H", m, 14)[0]) == (WIDTH, HEIGHT))
        # drm_mode_create_dumb, drm_mode_fb_cmd, drm_mode_crtc
        dumb = self._call(0xB2, "=6IQ", HEIGHT, WIDTH, 32, 0, 0, 0, 0)
        frame = self._call(0xAE, "=7I", 0, WIDTH, HEIGHT, dumb[5], 32, 24, dumb[4])[0]
        self._call(0xA2, "=Q7I68s", connectors.buffer_info()[0], 1, crtcs[0], frame, 0, 0, 0, 1, mode)
        fcntl.ioctl(self.card, 0x641F)  # DROP_MASTER

    def _call(self, number, form, *values):
        data = bytearray(struct.pack(form, *values))
        fcntl.ioctl(self.card, 3 << 30 | len(data) << 16 | ord("d") << 8 | number, data)
        return struct.unpack(form, data)

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        os.close(self.card)


class Checksums:
    """What vkms has put on the screen, one after the other: the CRC of each composed picture."""

    def __init__(self):
        self.seen = []
        self._end = False
        self._fd = os.open(glob.glob("/sys/kernel/debug/dri/*/crtc-0/crc/data")[0], os.O_RDONLY | os.O_NONBLOCK)
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self):
        poll = select.poll()
        poll.register(self._fd, select.POLLIN)
        while not self._end:
            if not poll.poll(100):
                continue
            try:
                value = int(os.read(self._fd, 64).split()[1], 16)
            except BlockingIOError:
                continue
            if self.seen[-1:] != [value]:
                self.seen.append(value)

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self._end = True
        self._thread.join(5)
        os.close(self._fd)


def checksum(lines):
    """Of what the CRTC holds: four words of 16 bits a pixel, without the inversions that zlib's has."""
    crc = 0
    for line in lines:
        crc = zlib.crc32(line, crc ^ 0xffffffff) ^ 0xffffffff
    return crc


BLACK = struct.pack("=4H", 0xffff, 0, 0, 0)
EMPTY = checksum([BLACK * WIDTH] * HEIGHT)


def shown(picture, width, height):
    """The checksum of an I420 picture in the middle of the screen: BT.601, limited range, each chroma sample for four pixels."""
    left, above = (WIDTH - width) // 2, (HEIGHT - height) // 2
    half = width // 2
    cb_at, cr_at = width * height, width * height + half * (height // 2)
    clamp = [min(max(v, 0), 255) * 257 for v in (*range(1024), *range(-512, 0))]  # negative indices count from the end
    lines = [BLACK * WIDTH] * above
    for y in range(height):
        row = array.array("H")
        for x in range(half):
            b, r = picture[cb_at + y // 2 * half + x] - 128, picture[cr_at + y // 2 * half + x] - 128
            red, green, blue = 409 * r, -100 * b - 208 * r, 516 * b
            for luma in picture[y * width + 2 * x:y * width + 2 * x + 2]:
                base = 298 * (luma - 16) + 128
                row.extend((0xffff, clamp[(base + red) >> 8], clamp[(base + green) >> 8], clamp[(base + blue) >> 8]))
        lines.append(BLACK * left + row.tobytes() + BLACK * (WIDTH - width - left))
    return checksum(lines + [BLACK * WIDTH] * (HEIGHT - height - above))


def checksums(pictures, width, height):
    """Those of a stream's pictures."""
    return [shown(p, width, height) for p in pictures]


def compare(seen, expected):
    """All pictures have been on the screen, in order, and nothing else but the empty screen; returns how many."""
    wanted = [c for i, c in enumerate(expected) if not i or c != expected[i - 1]]
    got = [c for c in seen if c != EMPTY]
    vm.check(got == wanted, f"{len(got)} pictures on the screen, {len(wanted)} expected, {len(set(wanted) - set(got))} never seen")
    return len(got)


def suits(entry):
    """What can be computed in a second and fits; DRM wants even sizes of NV12."""
    return (entry["output_format"] == "yuv420p" and 8 <= entry["frames"] and 64 <= entry["width"] <= WIDTH and entry["height"] <= HEIGHT
            and not entry["width"] % 2 and not entry["height"] % 2 and entry["width"] * entry["height"] * entry["frames"] <= 3000000
            and not re.search("svc|scale|size", entry["name"]))


def attached():
    """Of our dmabufs: how many there are, and how many vkms is attached to, as the kernel sees it."""
    blocks = re.split(r"\n(?=[0-9a-f]{8}\t)", vm.read("/sys/kernel/debug/dma_buf/bufinfo"))
    ours = [b for b in blocks if "\tdaedalus_v4l2\t" in b.split("\n")[0]]
    return len(ours), sum(bool(re.search(r"^\s*vkms$", b, re.M)) for b in ours)
