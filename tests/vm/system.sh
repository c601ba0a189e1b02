#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# An installed system for QEMU:  system.sh OUTDIR DEBS [trixie|bookworm]    Status 3: not on this machine, the last line says why.
# Copies the root of system-root.sh, installs the packages in it (DKMS builds the module for its kernel) and writes OUTDIR/root.img, vmlinuz, initrd.
set -euo pipefail
export LC_ALL=C
. "$(dirname "$0")/common.sh"
out=$(realpath "$1") debs=$(realpath "$2")
base=$("$here/system-root.sh" "${3:-trixie}")
tree=$out/tree
cleanup() { mountpoint -q "$tree/proc" && umount "$tree/proc"; rm -rf --one-file-system "$tree"; }
trap cleanup EXIT
cleanup
cp -a "$base" "$tree"
mkdir "$tree/debs"; cp "$debs"/*.deb "$tree/debs/"
in_root() { chroot "$tree" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root DEBIAN_FRONTEND=noninteractive LC_ALL=C "$@"; }
mount -t proc proc "$tree/proc"
version=$(basename "$tree"/boot/vmlinuz-*); version=${version#vmlinuz-}
in_root sh -c 'apt-get install -y -qq --no-install-recommends /debs/libdaedalus-engine_*.deb /debs/gstreamer1.0-daedalus_*.deb /debs/daedalusd_*.deb /debs/daedalus-tools_*.deb /debs/daedalus-v4l2-dkms_*.deb'
# In a chroot the running kernel is another one: what the kernel's hook does.
in_root dkms autoinstall -k "$version"
in_root dkms status -k "$version"
in_root dkms status -k "$version" | grep -q ': installed' || { cat "$tree"/var/lib/dkms/daedalus-v4l2/*/build/make.log || true; die "DKMS does not build for $version"; }
in_root useradd -M -G video viewer; in_root useradd -M stranger; in_root useradd -M -G daedalus keeper
rm -rf "$tree/debs"
# A line there loads it at boot (README).
echo daedalus_v4l2 >"$tree/etc/modules-load.d/daedalus.conf"
echo /dev/vda / ext4 defaults 0 0 >"$tree/etc/fstab"
cat >"$tree/etc/systemd/system/job.service" <<'I'
[Unit]
After=multi-user.target
[Service]
Type=oneshot
StandardOutput=null
ExecStart=/bin/sh -c 'mount -t 9p -o trans=virtio,version=9p2000.L,msize=512000 work /mnt; dmesg >/mnt/boot.dmesg; sh /mnt/system.sh >/mnt/log 2>&1; echo $? >/mnt/status; dmesg -r >/mnt/dmesg; journalctl -b >/mnt/journal; sync; systemctl poweroff --force'
I
in_root systemctl add-wants multi-user.target job.service
for mask in systemd-networkd-wait-online apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer fstrim.timer; do in_root systemctl mask "$mask"; done
umount "$tree/proc"
cp "$tree/boot/vmlinuz-$version" "$out/vmlinuz"; cp "$tree/boot/initrd.img-$version" "$out/initrd"
rm -f "$out/root.img"
truncate -s 3G "$out/root.img"
mke2fs -q -t ext4 -O ^has_journal -E root_owner=0:0 -d "$tree" "$out/root.img"
