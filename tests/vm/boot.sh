#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Boots User-Mode Linux, runs one job (guest/JOB.py) in it and shows what failed:  boot.sh WORKDIR JOB [name=value…]
# WORKDIR holds linux, daedalus_v4l2.ko, busybox, daedalusd and engine/; it receives log, dmesg, console, results. DAEDALUS_VM_TIMEOUT: seconds.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
work=$(cd "$1" && pwd) job=$2; shift 2
rm -f "$work"/{results,status,log,dmesg,console}
limit=${DAEDALUS_VM_TIMEOUT:-600}
# The machine's memory is a file; sparse, and deleted at once.
# On one CPU of the host: each call of the kernel goes from one process to another and back, which costs four times as much from CPU to CPU.
cpu=$(taskset -cp $$ | sed 's/.*[ ,-]//')
TMPDIR=${TMPDIR:-/tmp} taskset -c "$cpu" timeout -k 5 "$limit" "$work/linux" mem=2560M root=/dev/root rootfstype=hostfs rootflags=/ ro quiet con=null con0=null,fd:1 \
    init="$here/guest/init.sh" busybox="$work/busybox" work="$work" job="$here/guest/$job.py" "$@" </dev/null >"$work/console" 2>&1 || true
if [ ! -e "$work/status" ]; then
    tail -n 40 "$work/log" 2>/dev/null || true
    tail -n 40 "$work/console"
    printf 'fail\t%s\tthe machine did not end its job within %s s\n' "$job" "$limit" >>"$work/results"
fi
grep -q . "$work/results" 2>/dev/null || { tail -n 40 "$work/log"; printf 'fail\t%s\tno results\n' "$job" >>"$work/results"; }
# A job that was killed has said nothing of what it did not come to.
if [ -e "$work/status" ] && [ "$(cat "$work/status")" != 0 ] && ! grep -q '^fail' "$work/results"; then
    printf 'fail\t%s\tended with status %s\n' "$job" "$(cat "$work/status")" >>"$work/results"
fi
[ "$(cat "$work/status" 2>/dev/null)" = 0 ] && ! grep -q '^fail' "$work/results"
