# SPDX-License-Identifier: LGPL-2.1-or-later
"""The same with the next release's GStreamer (1.26), which also has v4l2slav1dec."""
import os

import decode

decode.main("vectors-next.json", os.environ["trixie"])
