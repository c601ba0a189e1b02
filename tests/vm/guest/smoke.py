# SPDX-License-Identifier: LGPL-2.1-or-later
"""The module loads, devices exist exactly while a daemon serves, and everything goes away again."""
import os
import subprocess

import vm


def absent():
    vm.check(vm.nodes() == ([], []), f"nodes without a daemon: {vm.nodes()}")


def serve():
    with vm.Daemon() as daemon:
        video, media = vm.nodes()
        vm.check(len(video) == 1 and len(media) == 1, f"nodes: {video} {media}")
        vm.check(not vm.rmmod(), "the module could be removed under a daemon")
        second = subprocess.run([vm.DAEMON, "--engine", vm.ENGINE], stderr=subprocess.PIPE, text=True, timeout=20 * vm.SLOW, check=False)
        vm.check(second.returncode == 1 and "Another daemon" in second.stderr, f"a second daemon: {second.returncode} {second.stderr}")
        vm.check(daemon.stop() == 0, "the daemon's exit status on SIGTERM")
    absent()


def restart():
    for _ in range(5):
        with vm.Daemon():
            pass
    absent()


def killed():
    with vm.Daemon() as daemon:
        video = os.open(vm.nodes()[0][0], os.O_RDWR)
        media = os.open(vm.nodes()[1][0], os.O_RDWR)
        daemon.kill()
        vm.wait_for(lambda: vm.nodes() == ([], []), "nodes gone")
        vm.check(not vm.rmmod(), "the module could be removed with nodes open")
        os.close(video)
        os.close(media)


def unload():
    vm.check(vm.rmmod(), "rmmod")
    vm.check(not os.path.exists("/dev/daedalus-v4l2"), "the daemon's node is still there")
    vm.insmod()
    vm.check(vm.rmmod(), "rmmod again")


vm.insmod()
vm.case("no device without a daemon", absent)
vm.case("devices while a daemon serves", serve)
vm.case("five daemons one after the other", restart)
vm.case("daemon killed with nodes open", killed)
vm.case("module unloads", unload)
vm.case("kernel log", vm.check_kernel_log)
vm.finish()
