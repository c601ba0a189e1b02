#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The kernel route: builds the module for the distribution's kernels, then loads it in User-Mode Linux, and in those kernels in an emulated
# machine, and lets foreign clients decode through it:  run.sh VECTORS [COUNTSFILE]      (out/ must hold daedalusd and the engine)
# DAEDALUS_VM_PARTS chooses some of: modules smoke decode decode-slices elements visl import compliance decode-next elements-next import-next faults load stock (the distribution's kernels) and
# system (an installed system with our packages), which are the default, and of what takes long: system-bookworm (the same of the release before), streams-long (eight streams for a minute), fuzz-long (five minutes of garbage), throughput (the kernel route over the embedded one; DAEDALUS_VM_CLIPS, a
# pattern, names clips in place of the vectors).
# Packages are downloaded and unpacked in a cache (DAEDALUS_VM_CACHE, ~/.cache/gstdaedalus/vm), none is installed.
set -uo pipefail
. "$(dirname "$0")/common.sh"
vectors=$1 counts=${2:-/dev/null}
out=$root/out/vm
work=$out/work
mkdir -p "$work"
parts=" ${DAEDALUS_VM_PARTS:-modules smoke decode decode-slices elements visl import compliance decode-next elements-next import-next faults load stock system} "
passed=0 failed=0

wanted() { [ "${parts#* "$1" }" != "$parts" ]; }

note() { # 0|1 title
    if [ "$1" = 0 ]; then passed=$((passed + 1)); else failed=$((failed + 1)); fi
    printf '   vm: %-60s %s\n' "$2" "$([ "$1" = 0 ] && echo passed || echo FAILED)"
}

finish() {
    echo "$passed $failed" >"$counts"
    [ "$failed" = 0 ]
    exit
}

skip() { # reason
    echo "SKIPPED: the kernel route in a virtual machine: $1"
    finish
}

[ "$(uname -m)" = x86_64 ] || skip "User-Mode Linux needs an x86-64 host"
command -v apt-get >/dev/null && command -v dpkg-deb >/dev/null || skip "no apt to fetch kernel packages with"
(apt_lists) || skip "no package lists: $(tail -n 1 "$cache/apt-update.log" 2>/dev/null)"
[ "$(candidate linux-source-6.12)" != "(none)" ] && [ -n "$(candidate linux-source-6.12)" ] || skip "apt offers no linux-source-6.12"

# The module, against headers without and with AV1 controls, for both architectures.
wanted modules && for kernel in 6.1-amd64 6.12-amd64 6.12-arm64; do
    "$here/modules.sh" "$out/modules" "$kernel" >"$out/modules-$kernel.log" 2>&1
    note $? "module builds for Linux $kernel"
done

uml=$("$here/uml.sh") || { note 1 "User-Mode Linux builds"; finish; }
"$here/modules.sh" "$out/modules" "uml=$uml" >"$out/modules-uml.log" 2>&1
code=$?
note $code "module builds for User-Mode Linux"
[ $code = 0 ] || { tail -n 20 "$out/modules-uml.log"; finish; }

# Versions are asked for in compat.h alone; the rest of its style is the kernel's.
find "$root/kernel" -name '*.[ch]' ! -name compat.h ! -name '*.mod.c' -print0 | sort -z | xargs -0 perl "$uml/scripts/checkpatch.pl" --no-tree --max-line-length=100 -q -f >"$out/checkpatch.log" 2>&1
code=$?
note $code "checkpatch"
[ $code = 0 ] || tail -n 20 "$out/checkpatch.log"

# What the machine gets beside the host's own root file system.
unpack "$cache/busybox" busybox-static
cp "$cache/busybox/bin/busybox" "$uml/linux" "$out/modules/uml/daedalus_v4l2.ko" "$work/"
find "$uml"/drivers/{media,gpu} "$uml/lib/fonts" -name '*.ko' -exec cp {} "$work/" \;
cp "$root/out/bin/daedalusd" "$root/out/lib/gstreamer-1.0/libgstdaedalus.so" "$work/"
rm -rf "$work/engine"; cp -r "$root/out/lib/daedalus" "$work/engine"
gcc -O1 -Wall -Wextra -Werror -I"$root/kernel" -o "$work/client" "$here/client.c" || { note 1 "test client builds"; finish; }
python3 "$here/choose.py" "$vectors" vp9=50 h264=50 >"$work/vectors.json" && python3 "$here/choose.py" "$vectors" av1=42 vp9=8 h264=8 >"$work/vectors-next.json" &&
    python3 "$here/choose.py" "$vectors" vp9=50 h264=50 av1=42 vp9+=14 h264+=14 'h264!=30' >"$work/vectors-ours.json" &&
    python3 "$here/choose.py" "$vectors" vp9=8 h264=8 av1=8 >"$work/vectors-visl.json" || { note 1 "vectors are chosen"; finish; }

boot() { # job [name=value…]
    local job=$1 result name detail title=${title:-$1}; shift
    "$here/boot.sh" "$work" "$job" "$@" >"$out/$title.out" 2>&1
    cp "$work/log" "$out/$title.log" 2>/dev/null
    cp "$work/dmesg" "$out/$title.dmesg" 2>/dev/null
    while IFS=$'\t' read -r result name detail; do
        if [ "$result" = pass ]; then passed=$((passed + 1)); else failed=$((failed + 1)); printf '   vm: FAILED %s: %s %s\n' "$title" "$name" "${detail:0:300}"; fi
    done <"$work/results"
    printf '   vm: %-60s %s of %s passed\n' "$title" "$(grep -c ^pass "$work/results")" "$(wc -l <"$work/results")"
}

# A kernel of the distribution as it is. One machine has the CPU that every level of the engine but the lowest is too much for, the other all that QEMU emulates.
stock() { # kernel CPU
    local work=$out/stock-$1 title=stock-$1 log=$out/stock-$1.build code
    local -x DAEDALUS_VM_CPU=$2
    mkdir -p "$work"
    [ -e "$out/modules/$1/daedalus_v4l2.ko" ] && wanted modules || "$here/modules.sh" "$out/modules" "$1" >"$log" 2>&1 || { note 1 "module builds for Linux $1"; return; }
    "$here/stock.sh" "$out/modules/$1/daedalus_v4l2.ko" "$1" "$work" >"$log" 2>&1
    code=$?
    [ $code != 3 ] || { echo "SKIPPED: Linux $1 as the distribution has it: $(tail -n 1 "$log")"; return; }
    [ $code = 0 ] || { note 1 "Linux $1 to boot"; tail -n 20 "$log"; return; }
    ln -sfn "$qemu" "$work/qemu"
    cp "$out/work"/{busybox,daedalusd,libgstdaedalus.so,client} "$out/modules/$1/daedalus_v4l2.ko" "$root/out/bin/daedalusctl" "$work/"
    rm -rf "$work/engine"; cp -r "$root/out/lib/daedalus" "$work/engine"
    # GStreamer's elements give a frame a second, of a machine that is twenty times slower.
    local small=("$here/choose.py" "$vectors" pixels=25344 frames=31)
    python3 "${small[@]}" vp9=8 h264=8 >"$work/vectors.json" && python3 "${small[@]}" av1=8 vp9=3 h264=3 >"$work/vectors-next.json" &&
        python3 "${small[@]}" vp9=30 h264=30 av1=20 >"$work/vectors-ours.json" || { note 1 "small vectors are chosen"; return; }
    boot stock slow=4 tool=/mnt/daedalusctl ${trixie:+"trixie=$trixie"}
}

# A system that somebody installed our packages in: DKMS, systemd, udev, users.
installed() { # release
    local work=$out/system-$1 title=system-$1 log=$out/system-$1.build code codec encoder options
    mkdir -p "$work/clips"
    "$root/packaging/build-debs.sh" out/debs >"$log" 2>&1 || { note 1 "packages can be built"; tail -n 20 "$log"; return; }
    while IFS=: read -r codec encoder options; do
        # shellcheck disable=SC2086
        ffmpeg -nostdin -v error -y -f lavfi -i testsrc2=size=128x96:rate=25 -frames:v 8 -pix_fmt yuv420p -c:v "$encoder" $options -b:v 200k "$work/clips/$codec.mkv"
        ffmpeg -nostdin -v error -i "$work/clips/$codec.mkv" -f rawvideo - | md5sum | cut -d' ' -f1 >"$work/clips/$codec.md5"
    done <<<"vp9:libvpx-vp9:-cpu-used 8
h264:libx264:-preset veryfast
av1:libaom-av1:-cpu-used 8"
    "$here/system.sh" "$work" "$root/out/debs" "$1" >"$log" 2>&1
    code=$?
    [ $code != 3 ] || { echo "SKIPPED: an installed system of $1 in QEMU: $(tail -n 1 "$log")"; return; }
    note $code "DKMS builds and installs the module on $1"
    [ $code = 0 ] || { tail -n 20 "$log"; return; }
    ln -sfn "$qemu" "$work/qemu"
    cp "$here/guest/system.sh" "$work/"
    boot system
    rm -f "$work/root.img"
}

wanted smoke && boot smoke
wanted decode && DAEDALUS_VM_TIMEOUT=900 boot decode
wanted decode-slices && boot decode-slices
tool=$root/src/Daedalus.Tool/bin/Release/net10.0/daedalusctl.dll
if [ "${parts#*elements }" != "$parts" ] || wanted visl; then
    [ -e "$tool" ] || dotnet build "$root/src/Daedalus.Tool" -c Release -f net10.0 -v q -nologo >"$out/tool.log" 2>&1 || { note 1 "daedalusctl builds"; finish; }
fi
wanted elements && boot elements "tool=$tool"
if wanted visl; then
    # Beside it a sub-device with routes, which no driver without hardware has.
    rm -rf "$out/routes"; cp -r "$here/routes" "$out/routes"
    make -C "$uml" M="$out/routes" ARCH=um KCFLAGS=-Werror modules >"$out/routes.log" 2>&1 && cp "$out/routes/routes.ko" "$work/" || { note 1 "module with routes builds"; tail -n 20 "$out/routes.log"; }
    boot visl "tool=$tool"
fi
wanted import && boot import
if trixie=$("$here/trixie.sh" 2>"$out/trixie.log"); then
    wanted compliance && boot compliance "trixie=$trixie"
    wanted decode-next && DAEDALUS_VM_TIMEOUT=900 boot decode-next "trixie=$trixie"
    wanted elements-next && boot elements-next "trixie=$trixie"
    wanted import-next && boot import-next "trixie=$trixie"
else
    echo "SKIPPED: v4l2-compliance 1.30 (this release's expects what kernels no longer do) and GStreamer 1.26 (v4l2slav1dec): $(tail -n 1 "$out/trixie.log")"
fi
wanted faults && boot faults
wanted load && boot long what=streams,fuzz seconds=15 threads=3
if wanted stock || wanted system || wanted system-bookworm; then
    if qemu=$("$here/trixie.sh" qemu 2>"$out/qemu.log"); then
        if wanted stock; then
            stock 6.1-amd64 Nehalem
            stock 6.12-amd64 max
        fi
        wanted system && installed trixie
        wanted system-bookworm && installed bookworm
    else
        echo "SKIPPED: the distribution's kernels in QEMU: $(tail -n 1 "$out/qemu.log")"
    fi
fi
wanted streams-long && boot long what=streams seconds=60 threads=3
wanted fuzz-long && boot long what=fuzz seconds=300 threads=3
wanted throughput && DAEDALUS_VM_TIMEOUT=900 boot long what=throughput rounds=3 ${DAEDALUS_VM_CLIPS:+"clips=$DAEDALUS_VM_CLIPS"}
finish
