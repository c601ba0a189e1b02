#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# What QEMU needs to boot a kernel of the distribution as it is:  stock.sh MODULE KERNEL OUTDIR    KERNEL: 6.1-amd64 or 6.12-amd64. Status 3: the package cannot be had.
# Writes OUTDIR/vmlinuz and OUTDIR/initrd, whose modules are those that MODULE and the root over 9p ask for. The kernel's package is
# that of the headers MODULE was built with; only what is needed of it stays in the cache.
set -euo pipefail
export LC_ALL=C
. "$(dirname "$0")/common.sh"
module=$(realpath "$1") kernel=$2 out=$(realpath "$3")
headers=$(basename "$(ls -d "$cache/headers-$kernel"/usr/src/linux-headers-*-amd64)")
package=linux-image-${headers#linux-headers-}
image=$cache/image-$kernel
[ -e "$image/.$package" ] || candidate "$package" | grep -qv none || { say "apt offers no $package"; exit 3; }

depends() { tr '\0' '\n' <"$1" | sed -n 's/^depends=//p' | tr ',' '\n'; }

# Modules in the order they are loaded. Names have - or _, files the one or the other.
load=()
add() { # name
    local name=${1//_/-} file d
    case " ${load[*]:-} " in *"/$name.ko "*) return ;; esac
    file=$image/modules/$name.ko
    # What is no file is built in, or nothing can be loaded.
    [ -e "$file" ] || { grep -q "^$name\$" "$image/builtin" && return; die "$package has no module $name"; }
    for d in $(depends "$file"); do add "$d"; done
    load+=("$file")
}

if [ ! -e "$image/.$package" ]; then
    rm -rf "$image" "$cache/unpacked"
    unpack "$cache/unpacked" "$package"
    mkdir -p "$image/modules"
    cp "$cache/unpacked/boot/vmlinuz-${package#linux-image-}" "$image/vmlinuz"
    cd "$cache/unpacked/lib/modules/${package#linux-image-}"
    sed 's:.*/::; s:\.ko$::; s:_:-:g' modules.builtin >"$image/builtin"
    for file in $(find kernel/fs kernel/net/9p kernel/drivers/virtio kernel/drivers/media/mc kernel/drivers/media/v4l2-core kernel/drivers/media/common/videobuf2 -name '*.ko*'); do
        name=$(basename "$file"); to=$image/modules/$(echo "${name%%.*}" | tr _ -).ko
        case $name in *.xz) xz -dc "$file" >"$to" ;; *.ko) cp "$file" "$to" ;; *) die "no way to read $name" ;; esac
    done
    rm -rf "$cache/unpacked"
    touch "$image/.$package"
fi
for name in virtio_pci 9pnet_virtio 9p $(depends "$module"); do add "$name"; done

tree=$out/initrd.d
rm -rf "$tree"; mkdir -p "$tree"/{bin,modules,proc,root}
cp "$cache/busybox/bin/busybox" "$tree/bin/"
for i in "${!load[@]}"; do cp "${load[i]}" "$tree/modules/$(printf %02d "$i")-$(basename "${load[i]}")"; done
cat >"$tree/init" <<'I'
#!/bin/busybox sh
# The host's own root, read-only; start= of the kernel's command line goes on.
b=/bin/busybox
$b mount -t proc proc /proc
for m in /modules/*; do $b insmod "$m" || echo "insmod $m failed" >/dev/console; done
$b mount -t 9p -o trans=virtio,version=9p2000.L,msize=524288,cache=loose,ro root /root && $b mount -t devtmpfs devtmpfs /root/dev && exec $b switch_root /root "$start"
$b poweroff -f
I
chmod 755 "$tree/init"
(cd "$tree" && find . | sort | "$cache/busybox/bin/busybox" cpio -o -H newc 2>/dev/null | gzip -1) >"$out/initrd"
cp "$image/vmlinuz" "$out/"
rm -rf "$tree"
