# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the jobs in the virtual machine share: module, daemon, checks, results."""
import faulthandler
import glob
import os
import re
import subprocess
import sys
import threading
import time
import traceback

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.normpath(os.path.join(HERE, "..", "..", ".."))
WORK = "/mnt"
BUSYBOX = os.environ["busybox"]
MODULE = os.path.join(WORK, "daedalus_v4l2.ko")
DAEMON = os.path.join(WORK, "daedalusd")
ENGINE = os.path.join(WORK, "engine")
# How many times slower than a machine the vehicle is: an emulated CPU is, and limits of time grow with it.
SLOW = int(os.environ.get("slow", "1"))
# Linux before 6.5 has no controls for AV1.
AV1 = tuple(map(int, re.match(r"(\d+)\.(\d+)", os.uname().release).groups())) >= (6, 5)
PARAMETERS = "/sys/module/daedalus_v4l2/parameters"

_results = []


def log(*words):
    print(f"[{time.monotonic():8.2f}]", *words, flush=True)


def result(name, ok, detail=""):
    """One test's result: a line of the results file."""
    _results.append((name, ok))
    name = os.environ.get("prefix", "") + name
    log("PASS" if ok else "FAIL", name, detail)
    with open(os.path.join(WORK, "results"), "a", encoding="utf-8") as f:
        line = " ".join(str(detail).replace("\0", "").split())  # a line, whatever the message holds
        f.write(f"{'pass' if ok else 'fail'}\t{name}\t{line}\n")


def case(name, function, *arguments):
    """Runs a test: it passes unless it raises. "only=" on the machine's command line chooses some, for development."""
    if not re.search(os.environ.get("only", ""), name):
        return
    timer = threading.Timer(90 * SLOW + int(os.environ.get("seconds", "0")), dump)
    timer.daemon = True
    timer.start()
    try:
        detail = function(*arguments)
        result(name, True, detail or "")
    except Exception as e:  # whatever it is, the other tests run
        traceback.print_exc()
        result(name, False, f"{type(e).__name__}: {e}")
    finally:
        timer.cancel()


def dump():
    """A test takes far too long: where is everybody?"""
    faulthandler.dump_traceback(sys.stdout)
    for path in sorted(glob.glob("/proc/[0-9]*/task/[0-9]*")):
        stack = read(path + "/stack")
        if stack:
            log(path, read(path + "/comm"), read(path + "/status").split("State:")[1].split("\n")[0].strip(), stack.replace("\n", " "))


def finish():
    sys.exit(0 if _results and all(ok for _, ok in _results) else 1)


def check(condition, message):
    if not condition:
        raise AssertionError(message)


def wait_for(condition, what, seconds=20.0):
    """Waits for something that is about to happen; the time is only a limit."""
    end = time.monotonic() + seconds * SLOW
    while not condition():
        if time.monotonic() > end:
            raise AssertionError(f"{what}: not within {seconds} s")
        time.sleep(0.01)


def nodes():
    """(video, media) nodes of our driver."""
    video = [f"/dev/{os.path.basename(d)}" for d in glob.glob("/sys/class/video4linux/video*") if read(d + "/name") == "daedalus"]
    media = [f"/dev/{os.path.basename(d)}" for d in glob.glob("/sys/bus/media/devices/media*") if read(d + "/model") == "daedalus"]
    return sorted(video), sorted(media)


def read(path):
    try:
        with open(path, encoding="utf-8", errors="replace") as f:
            return f.read().strip()
    except OSError:
        return ""


def insmod(**parameters):
    for name in ("videobuf2-common", "videobuf2-memops", "videobuf2-v4l2"):
        path = os.path.join(WORK, name + ".ko")
        if os.path.exists(path) and not os.path.exists("/sys/module/" + name.replace("-", "_")):
            subprocess.run([BUSYBOX, "insmod", path], check=True)
    if SLOW > 1:
        parameters.setdefault("job_timeout_ms", 60000)
    subprocess.run([BUSYBOX, "insmod", MODULE, *(f"{k}={v}" for k, v in parameters.items())], check=True)
    check(os.path.exists("/dev/daedalus-v4l2"), "no /dev/daedalus-v4l2 after insmod")


def rmmod():
    """True when the module is gone."""
    return subprocess.run([BUSYBOX, "rmmod", "daedalus_v4l2"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False).returncode == 0


def contexts():
    """The driver's counters of open files, as dictionaries."""
    found = []
    for path in glob.glob("/sys/kernel/debug/daedalus-v4l2/*/contexts"):
        lines = read(path).splitlines()
        names = lines[0].split() if lines else []
        for line in lines[1:]:
            values = line.split()
            # comm may hold spaces: the columns are counted from both ends.
            row = dict(zip(names[:2], values[:2]))
            row.update(zip(names[3:], values[-(len(names) - 3):]))
            found.append(row)
    return found


def held_memory():
    """Bytes of buffers that live, also of those whose files are closed."""
    return int(read("/sys/kernel/debug/daedalus-v4l2/memory").split()[1])


class Daemon:
    """A daedalusd; use with "with"."""

    def __init__(self, *arguments):
        self.lines = []
        self.process = subprocess.Popen([DAEMON, "--engine", ENGINE, *arguments], stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.output = []
        self._readers = [threading.Thread(target=self._read, args=(self.process.stderr, self.lines), daemon=True),
                         threading.Thread(target=self._read, args=(self.process.stdout, self.output), daemon=True)]
        for reader in self._readers:
            reader.start()
        try:
            wait_for(lambda: any("event=serving" in line for line in self.lines) or self.process.poll() is not None, "daemon serving")
            check(self.process.poll() is None, f"the daemon ended: {self.lines}")
            wait_for(lambda: all(nodes()) and all(os.path.exists(n) for kind in nodes() for n in kind), "nodes")
        except Exception:
            self.process.kill()
            raise

    @staticmethod
    def _read(stream, lines):
        for line in stream:
            log("daedalusd:", line.rstrip())
            lines.append(line)

    def stop(self, seconds=20):
        """SIGTERM: drains; its exit status."""
        if self.process.poll() is None:
            self.process.terminate()
        return self.process.wait(seconds * SLOW)

    def kill(self):
        self.process.kill()
        self.process.wait()

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        if self.process.poll() is None:
            try:
                self.stop()
            except subprocess.TimeoutExpired:
                self.kill()
                raise
        for reader in self._readers:
            reader.join(5)


def kernel_log():
    return subprocess.run([BUSYBOX, "dmesg"], stdout=subprocess.PIPE, text=True, errors="replace", check=False).stdout


ALARMS = re.compile(r"WARNING|BUG|Oops|possible |inconsistent |Call Trace|general protection|refcount_t|leaked|hung|INFO: task|use-after-free|Unable to handle|Kernel panic|lockdep")


def check_kernel_log(since=0):
    """Nothing the kernel says may be an alarm."""
    bad = [line for line in kernel_log().splitlines()[since:] if ALARMS.search(line)
           and "Lock dependency validator" not in line and "lockdep is turned on" not in line and "memory used by" not in line and "per task-struct" not in line]
    check(not bad, "\n".join(bad[:20]))
