# SPDX-License-Identifier: LGPL-2.1-or-later
"""Fluster decoders of GstDaedalus. Works with Fluster 0.1.0 and the current upstream API.

Either drop this file into fluster/decoders/, or run ./run.py beside it, which imports it and starts Fluster.
"""
import re
import subprocess
from functools import lru_cache

from fluster.codec import Codec, OutputFormat
from fluster.decoder import Decoder, register_decoder

_FORMATS = {
    "yuv420p": "I420", "yuv422p": "Y42B", "yuv444p": "Y444", "gray": "GRAY8", "gbrp": "GBR",
    "yuv420p10le": "I420_10LE", "yuv422p10le": "I422_10LE", "yuv444p10le": "Y444_10LE",
    "yuv420p12le": "I420_12LE", "yuv422p12le": "I422_12LE", "yuv444p12le": "Y444_12LE",
    # GStreamer has no 4:4:0 format: the element upsamples it to 4:4:4 rows, which no 4:4:0 checksum can match.
}
_CHECKSUM = re.compile(r"checksum=\(string\)([0-9a-fA-F]+)")


class _Daedalus(Decoder):
    element = ""
    parser = "parsebin"

    def __init__(self) -> None:
        super().__init__()
        self.description = f"{self.element}: stateless {self.codec.value} decoder of GstDaedalus, through gst-launch-1.0"

    def decode(self, input_filepath: str, output_filepath: str, output_format: OutputFormat,
               timeout: int, verbose: bool, keep_files: bool) -> str:
        """Decodes the vector and returns the MD5 of its output."""
        command = ["gst-launch-1.0", "-m", "filesrc", f"location={input_filepath}", "!", self.parser, "!", self.element, "!"]
        wanted = str(getattr(output_format, "value", output_format)).lower()
        if wanted in _FORMATS:
            command += ["videoconvert", "dither=none", "!", f"video/x-raw,format={_FORMATS[wanted]}", "!"]
        command += ["videocodectestsink"]
        if keep_files:
            command += [f"location={output_filepath}"]
        run = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=timeout, check=False)
        text = run.stdout.decode("utf-8", "replace")
        if verbose:
            print(" ".join(command) + "\n" + text)
        if run.returncode != 0:
            run.check_returncode()
        found = _CHECKSUM.search(text)
        if not found:
            raise RuntimeError("videocodectestsink printed no checksum: " + text[-300:])
        return found.group(1).lower()

    @lru_cache(maxsize=128)
    def check(self, verbose: bool) -> bool:
        """Whether GStreamer knows the element and the sink."""
        # Not --exists: that also asks for a plugin version of at least GStreamer's own.
        return all(subprocess.run(["gst-inspect-1.0", e], check=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode == 0
                   for e in (self.element, "videocodectestsink"))


@register_decoder
class DaedalusVp9(_Daedalus):
    """VP9 through daedalusvp9dec."""
    name = "GstDaedalus-VP9"
    codec = Codec.VP9
    element = "daedalusvp9dec"


@register_decoder
class DaedalusH264(_Daedalus):
    """H.264 through daedalush264dec."""
    name = "GstDaedalus-H.264"
    codec = Codec.H264
    element = "daedalush264dec"
    # parsebin would ask for stream-format=avc, whose access units an element must take as they are: h264parse cuts them wrongly
    # where slices come in arbitrary order (FM1_FT_E).
    parser = "h264parse"


@register_decoder
class DaedalusAv1(_Daedalus):
    """AV1 through daedalusav1dec."""
    name = "GstDaedalus-AV1"
    codec = Codec.AV1
    element = "daedalusav1dec"
