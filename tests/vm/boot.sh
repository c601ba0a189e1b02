#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Boots a virtual machine, runs one job (guest/JOB.py) in it and shows what failed:  boot.sh WORKDIR JOB [name=value…]
# WORKDIR holds daedalus_v4l2.ko, busybox, daedalusd, engine/ and either linux (User-Mode Linux) or vmlinuz, initrd and qemu (a link to the
# root folder of trixie.sh qemu), with root.img where the job is a system of its own; it receives log, dmesg, console, results. DAEDALUS_VM_TIMEOUT: seconds. DAEDALUS_VM_CPU: QEMU's.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
work=$(cd "$1" && pwd) job=$2; shift 2
rm -f "$work"/{results,status,log,dmesg,console}
limit=${DAEDALUS_VM_TIMEOUT:-600}
arguments=(quiet "busybox=$work/busybox" "work=$work" "job=$here/guest/$job.py" "$@")
if [ -e "$work/vmlinuz" ]; then
    qemu=$(readlink -f "$work/qemu")
    # The next release's program with its libraries. Slab poisoning and red zones: what lockdep is to the other machine.
    append="console=ttyS0 panic=-1 slub_debug=FZPU start=$here/guest/init.sh"
    disk=(-virtfs local,path=/,mount_tag=root,security_model=none,readonly=on,multidevs=remap)
    if [ -e "$work/root.img" ]; then
        append+=" root=/dev/vda rw systemd.show_status=0"
        disk=(-drive "file=$work/root.img,if=virtio,format=raw,cache=unsafe")
    fi
    for a in "${arguments[@]}"; do case $a in *' '*) append+=" \"$a\"" ;; *) append+=" $a" ;; esac; done
    timeout -k 5 "$limit" "$qemu/usr/lib64/ld-linux-x86-64.so.2" --library-path "$qemu/usr/lib/x86_64-linux-gnu" "$qemu/usr/bin/qemu-system-x86_64" \
        -L "$qemu/usr/share/qemu" -L "$qemu/usr/share/seabios" -M q35 -accel tcg,thread=multi -cpu "${DAEDALUS_VM_CPU:-max}" -smp 2 -m 2048 -nodefaults -display none -serial stdio -no-reboot \
        "${disk[@]}" -virtfs "local,path=$work,mount_tag=work,security_model=none" \
        -kernel "$work/vmlinuz" -initrd "$work/initrd" -append "$append" </dev/null >"$work/console" 2>&1 || true
else
    # The machine's memory is a file; sparse, and deleted at once.
    # On one CPU of the host: each call of the kernel goes from one process to another and back, which costs four times as much from CPU to CPU.
    cpu=$(taskset -cp $$ | sed 's/.*[ ,-]//')
    TMPDIR=${TMPDIR:-/tmp} taskset -c "$cpu" timeout -k 5 "$limit" "$work/linux" mem=2560M root=/dev/root rootfstype=hostfs rootflags=/ ro con=null con0=null,fd:1 \
        init="$here/guest/init.sh" "${arguments[@]}" </dev/null >"$work/console" 2>&1 || true
fi
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
