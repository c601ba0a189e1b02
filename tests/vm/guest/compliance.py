# SPDX-License-Identifier: LGPL-2.1-or-later
"""v4l2-compliance on the video node and on the media node."""
import os
import re
import subprocess

import vm


def compliance(command, *arguments):
    done = subprocess.run([*command, *arguments], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", timeout=200 * vm.SLOW, check=False)
    with open(os.path.join(vm.WORK, "compliance.log"), "a", encoding="utf-8") as f:
        f.write(done.stdout)
    total = re.findall(r"Total.*Succeeded: (\d+), Failed: (\d+), Warnings: (\d+)", done.stdout)
    vm.check(total, f"no summary: {done.stdout[-500:]}")
    ok, failed, warnings = map(int, total[-1])
    wrong = [line.strip() for line in done.stdout.splitlines() if re.search(r"\bfail:|FAIL|\bwarn:", line)]
    vm.check(failed == 0 and warnings == 0 and ok > 30, f"{total[-1]}: {wrong}")
    return f"{ok} succeeded"


def main():
    root = os.environ.get("trixie", "")
    # The program of the release the root folder holds, with that release's libraries.
    command = [os.path.join(root, "lib64/ld-linux-x86-64.so.2"), "--library-path",
               os.path.join(root, "usr/lib/x86_64-linux-gnu"), os.path.join(root, "usr/bin/v4l2-compliance")] if root else ["v4l2-compliance"]
    vm.log(subprocess.run([*command, "--version"], stdout=subprocess.PIPE, text=True, check=False).stdout.strip())
    vm.insmod()
    with vm.Daemon():
        video, media = vm.nodes()
        vm.case("v4l2-compliance", compliance, command, "-d", video[0])
        vm.case("v4l2-compliance -m", compliance, command, "-m", media[0])
    vm.case("module unloads", lambda: vm.wait_for(vm.rmmod, "rmmod"))
    vm.case("kernel log", vm.check_kernel_log)
    vm.finish()


main()
