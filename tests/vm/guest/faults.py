# SPDX-License-Identifier: LGPL-2.1-or-later
"""What must not hurt: bad frames, queues stopped in flight, daemons and clients that die or stop, limits, files that outlive the device."""
import os
import signal
import subprocess
import time

import vm

CLIENT = os.path.join(vm.WORK, "client")


def client(*arguments, **options):
    """Runs the client; its output is the message when it fails."""
    video, media = vm.nodes()
    done = subprocess.run([CLIENT, video[0], media[0], *map(str, arguments)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          timeout=120 * vm.SLOW, check=False, **options)
    vm.check(done.returncode == 0, f"{arguments[0]}: {done.returncode} {done.stdout.strip()}")
    return done.stdout.strip()


def start_client(*arguments):
    video, media = vm.nodes()
    return subprocess.Popen([CLIENT, video[0], media[0], *map(str, arguments)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                            stderr=subprocess.STDOUT, text=True)


def expect_line(process, line):
    got = process.stdout.readline().strip()
    vm.check(got == line, f"the client said: {got}")


def stopped_daemon(daemon):
    """SIGSTOP: clients come loose, frames fail by the watchdog, and after SIGCONT it goes on."""
    old = vm.read(vm.PARAMETERS + "/job_timeout_ms")
    with open(vm.PARAMETERS + "/job_timeout_ms", "w", encoding="ascii") as f:
        f.write("1500")
    os.kill(daemon.process.pid, signal.SIGSTOP)
    try:
        client("stalled", 8)
    finally:
        os.kill(daemon.process.pid, signal.SIGCONT)
        with open(vm.PARAMETERS + "/job_timeout_ms", "w", encoding="ascii") as f:
            f.write(old)
    client("bad-frames")


def killed_client():
    """SIGKILL in the middle of work, several times."""
    for i in range(6):
        process = start_client("restarts")
        time.sleep(0.05 * i)
        process.kill()
        process.wait()
    vm.wait_for(lambda: not vm.contexts(), "contexts gone")
    client("bad-frames")


def set_parameter(name, value):
    with open(f"{vm.PARAMETERS}/{name}", "w", encoding="ascii") as f:
        f.write(str(value))


def limit():
    set_parameter("max_context_mb", 64)
    try:
        said = client("limit", 64)
    finally:
        set_parameter("max_context_mb", 2048)
    vm.check("parameter max_context_mb is 64" in vm.kernel_log(), "the kernel log does not say why")
    return said


def limit_of_all():
    """A client with five files has no more than one with one, and all is given back."""
    vm.wait_for(lambda: vm.held_memory() == 0, "memory of those before given back")
    set_parameter("max_total_mb", 64)
    try:
        said = client("limit", 64, 5)
    finally:
        set_parameter("max_total_mb", 0)
    vm.check("parameter max_total_mb allows 64 MiB" in vm.kernel_log(), "the kernel log does not say why")
    vm.wait_for(lambda: vm.held_memory() == 0, "memory given back")
    return said


def memory_cgroup():
    """memory.max of 48 MiB holds for buffers: the client gets ENOMEM, and the pages are the group's."""
    group = "/sys/fs/cgroup/client"
    with open("/sys/fs/cgroup/cgroup.subtree_control", "w", encoding="ascii") as f:
        f.write("+memory")
    os.makedirs(group, exist_ok=True)
    with open(group + "/memory.max", "w", encoding="ascii") as f:
        f.write(str(48 << 20))

    def enter():
        with open(group + "/cgroup.procs", "w", encoding="ascii") as f:
            f.write("0")

    said = client("limit", 64, preexec_fn=enter)
    peak = int(vm.read(group + "/memory.peak") or 0)
    vm.check(peak > 24 << 20, f"the group was charged {peak} bytes only")
    vm.wait_for(lambda: int(vm.read(group + "/memory.current")) < 8 << 20, "the group's memory given back")
    return f"{said}, peak {peak >> 20} MiB"


def orphan():
    """The daemon is killed with frames in flight; requests and an exported buffer outlive the device, and pin the module."""
    with vm.Daemon() as daemon:
        process = start_client("orphan")
        expect_line(process, "ready")
        daemon.kill()
        vm.wait_for(lambda: vm.nodes() == ([], []), "nodes gone")
        expect_line(process, "closed")
        vm.check(not vm.rmmod(), "the module could be removed under an exported buffer and requests")
        # The next daemon has devices of its own.
        with vm.Daemon():
            client("bad-frames")
        process.stdin.write("\n")
        process.stdin.flush()
        said = process.stdout.read()
        vm.check(process.wait(20) == 0, said)


def killed_daemon():
    """SIGKILL while clients work; each comes to an end, and the next daemon serves."""
    for i in range(4):
        with vm.Daemon() as daemon:
            clients = [start_client("restarts") for _ in range(3)]
            time.sleep(0.1 * i)
            daemon.kill()
            for process in clients:
                process.communicate(timeout=30)
        vm.wait_for(lambda: vm.nodes() == ([], []), "nodes gone")
    with vm.Daemon():
        client("bad-frames")


def several():
    clients = [start_client("restarts") for _ in range(6)]
    for process in clients:
        said = process.communicate(timeout=200 * vm.SLOW)[0]
        vm.check(process.returncode == 0, said)


def main():
    seconds = int(os.environ.get("seconds", "10"))
    vm.insmod()
    with vm.Daemon() as daemon:
        vm.case("bad frames come back in order", client, "bad-frames")
        vm.case("queues stopped in flight", client, "restarts")
        vm.case("buffers freed with requests on them", client, "unqueued")
        vm.case("six clients that stop and start", several)
        # Stock kernels have the first two as modules, or not at all.
        for kind, node in (("heap", "/dev/dma_heap/system"), ("udmabuf", "/dev/udmabuf"), ("client", vm.nodes()[0][0])):
            if os.path.exists(node):
                vm.case(f"a picture in memory of another: {kind}", client, "import", kind)
        vm.case("daemon stopped and continued", stopped_daemon, daemon)
        vm.case("clients killed", killed_client)
        vm.case("memory limit of a context", limit)
        vm.case("memory limit of all contexts", limit_of_all)
        vm.case("memory cgroup", memory_cgroup)
        vm.case(f"{seconds} s of garbage", lambda: client("garbage", seconds, 7))
        vm.case("a client after all that", client, "bad-frames")
        vm.case("no context is left", lambda: vm.wait_for(lambda: not vm.contexts(), "contexts gone"))
    vm.case("daemons killed at work", killed_daemon)
    vm.case("what outlives the device", orphan)
    vm.case("module unloads", lambda: vm.wait_for(vm.rmmod, "rmmod"))
    vm.case("kernel log", vm.check_kernel_log)
    vm.finish()


main()
