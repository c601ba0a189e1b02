# SPDX-License-Identifier: LGPL-2.1-or-later
"""For development: runs the command in the machine's environment variable "try" (a file below /mnt) with module and daemon up."""
import os
import subprocess

import gst
import vm

vm.insmod()
with vm.Daemon():
    gst.prepare()
    done = subprocess.run(["/bin/sh", "-x", os.path.join(vm.WORK, os.environ["try"])], check=False)
    vm.result("try", done.returncode == 0, str(done.returncode))
    print(vm.contexts())
vm.finish()
