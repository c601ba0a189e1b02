#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# install-here.sh [--kernel] [--no-install]: builds the packages on this machine (a Raspberry Pi 5 or any arm64 or x86-64 computer with Debian,
# Ubuntu or Raspberry Pi OS), installs them through apt, and shows that they decode: a sample of each codec, its MD5 beside FFmpeg's, frames a second.
# --kernel: also the kernel module (DKMS) and the daemon. --no-install: only builds, and checks what was built.
set -euo pipefail
cd "$(dirname "$0")/.."
kernel= install=1
for a in "$@"; do case $a in --kernel) kernel=1 ;; --no-install) install= ;; *) sed -n 's/^# //p' "$0" | sed -n '2,4p'; exit 2 ;; esac; done

model=$(tr -d '\0' </proc/device-tree/model 2>/dev/null || uname -m)
memory=$(awk '/MemTotal/ {print int($2 / 1024)}' /proc/meminfo)
echo "$model, $(nproc) CPUs, $memory MiB, pages of $(($(getconf PAGESIZE) / 1024)) KiB"
case $(uname -m) in aarch64 | x86_64) ;; *) echo "There is no build for $(uname -m): a 64-bit system (arm64 or x86-64) is needed." >&2; exit 1 ;; esac
[ "$(getconf LONG_BIT)" = 64 ] || { echo "The kernel has 64 bits but the system 32: install the 64-bit Raspberry Pi OS." >&2; exit 1; }
command -v dotnet >/dev/null || {
    echo "The .NET SDK (10.0 or later) is missing. Where the distribution has no package dotnet-sdk-10.0, unpack Microsoft's archive for linux-$( [ "$(uname -m)" = aarch64 ] && echo arm64 || echo x64)" >&2
    echo "into ~/.dotnet and put that on PATH. Only this build needs it; what is installed does not." >&2
    exit 1
}
# The native compiler takes 1.5 GiB for the engine.
[ "$memory" -ge 1800 ] || echo "Little memory: with less than 2 GiB the build may need swap."

packaging/build-debs.sh out/debs
v=$(sed -n 's:.*<Version>\(.*\)</Version>.*:\1:p' Directory.Build.props) arch=$(dpkg --print-architecture)
debs=(out/debs/libdaedalus-engine_"$v"_"$arch".deb out/debs/gstreamer1.0-daedalus_"$v"_"$arch".deb out/debs/daedalus-tools_"$v"_"$arch".deb)
[ -z "$kernel" ] || debs+=(out/debs/daedalusd_"$v"_"$arch".deb out/debs/daedalus-v4l2-dkms_"$v"_all.deb)
if [ -n "$install" ]; then
    as_root=(); [ "$(id -u)" = 0 ] || as_root=(sudo)
    # DKMS needs the headers of the kernel that runs: a package of another name on each distribution.
    [ -z "$kernel" ] || [ -e "/lib/modules/$(uname -r)/build" ] || echo "The headers of $(uname -r) are not here: install linux-headers-$(uname -r) (Raspberry Pi OS: linux-headers-rpi-2712), then: sudo dkms autoinstall"
    "${as_root[@]}" apt-get install -y --reinstall "${debs[@]/#/./}"
else . scripts/env.sh; fi

echo; failed=0
mkdir -p out/samples
for c in vp9:libvpx-vp9:'-cpu-used 8 -deadline realtime' h264:libx264:'-preset veryfast' av1:libaom-av1:'-cpu-used 8 -usage realtime'; do
    IFS=: read -r codec encoder options <<<"$c"
    clip=out/samples/$codec.mkv
    # shellcheck disable=SC2086
    [ -s "$clip" ] || ffmpeg -v error -y -f lavfi -i testsrc2=size=1280x720:rate=30 -t 4 -pix_fmt yuv420p -c:v "$encoder" $options -b:v 2M "$clip"
    want=$(ffmpeg -v error -i "$clip" -f rawvideo - | md5sum | cut -d' ' -f1)
    begun=$(date +%s.%N)
    got=$(gst-launch-1.0 -q filesrc location="$clip" ! matroskademux ! "daedalus${codec}dec" ! video/x-raw,format=I420 ! fdsink | md5sum | cut -d' ' -f1)
    fps=$(python3 -c "print(round(120 / ($(date +%s.%N) - $begun)))")
    if [ "$got" = "$want" ]; then echo "$codec  720p  $fps frames a second, start of the process included  bit-exact"; else echo "$codec  DIFFERS from FFmpeg"; failed=1; fi
done
[ "$failed" = 0 ] && [ -n "$install" ] && echo "Installed. Players take the elements by their rank; to remove: sudo apt purge libdaedalus-engine"
exit $failed
