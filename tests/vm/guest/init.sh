#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# First process of the virtual machine. The kernel passes: busybox= its path, work= a folder of the host for results, job= what to run.
export PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/tmp LC_ALL=C.UTF-8 busybox work job
# User-Mode Linux saves AVX state across signals, not AVX-512: nobody may use what a signal handler could lose.
export GLIBC_TUNABLES=glibc.cpu.hwcaps=-AVX512F,-AVX512VL,-AVX512BW,-AVX512CD,-AVX512DQ DOTNET_EnableAVX512F=0
$busybox mount -t proc proc /proc
$busybox mount -t sysfs sysfs /sys
$busybox mount -t tmpfs tmpfs /tmp
$busybox mount -t tmpfs tmpfs /run
[ -c /dev/null ] || $busybox mount -t devtmpfs devtmpfs /dev
$busybox mkdir -p /dev/shm
$busybox mount -t tmpfs tmpfs /dev/shm
$busybox mount -t debugfs debugfs /sys/kernel/debug
$busybox mount -t cgroup2 cgroup2 /sys/fs/cgroup
# hostfs: only busybox's mount passes the option on. Elsewhere the folder comes over 9p.
$busybox mount -t hostfs -o "$work" none /mnt 2>/dev/null || $busybox mount -t 9p -o trans=virtio,version=9p2000.L,msize=524288 work /mnt
cd "$(dirname "$0")" || exit 1
echo 8 >/proc/sys/kernel/printk
# What a kernel of the distribution says of the machine while it starts is not ours.
$busybox dmesg -r -c >/mnt/boot.dmesg
python3 "$job" >/mnt/log 2>&1
echo $? >/mnt/status
$busybox dmesg -r >>/mnt/dmesg
$busybox sync
$busybox poweroff -f
