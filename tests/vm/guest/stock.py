# SPDX-License-Identifier: LGPL-2.1-or-later
"""For kernels of the distribution in an emulated machine: what it takes no minute to do of the other jobs, one after the other. "jobs=" chooses some."""
import os
import subprocess
import sys

import vm

# Our elements in this process, what daedalusctl says of the device, and a device that goes away: not what plays streams a hundred times.
ELEMENTS = "^daedalus.*dec |DMABuf caps|daedalusctl|device gone|no AV1|no context|unloads|kernel log"
JOBS = {"smoke": {}, "decode": {}, "elements": {"only": ELEMENTS}, "compliance": {}, "decode-next": {}, "elements-next": {}, "faults": {"seconds": "5"}}


def main():
    wanted = os.environ.get("jobs", "").split(",") if os.environ.get("jobs") else JOBS
    for job in wanted:
        if (job in ("compliance", "decode-next", "elements-next")) and not os.environ.get("trixie"):
            continue
        subprocess.run([vm.BUSYBOX, "mount", "-t", "tmpfs", "tmpfs", "/tmp"], check=True)
        before = vm.read(os.path.join(vm.WORK, "results")).splitlines()
        code = subprocess.run([sys.executable, os.path.join(vm.HERE, job + ".py")], env={"prefix": job + ": "} | JOBS[job] | os.environ, check=False).returncode
        said = vm.read(os.path.join(vm.WORK, "results")).splitlines()[len(before):]
        # A job that was killed has said nothing of what it did not come to.
        if code and not any(line.startswith("fail") for line in said):
            vm.result(job, False, f"ended with status {code}")
        vm.rmmod()
        with open(os.path.join(vm.WORK, "dmesg"), "a", encoding="utf-8") as f:
            subprocess.run([vm.BUSYBOX, "dmesg", "-r", "-c"], stdout=f, check=False)
    sys.exit(0)


main()
