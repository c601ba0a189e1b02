#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# run.sh VECTORS [--all] [--counts FILE]: cross-compiles engine and plugin for arm64 and runs them in an emulated Cortex-A76, the Raspberry Pi 5's:
# the kernels' unit tests (scalar code against NEON), then streams through arm64's own gst-launch-1.0. --all: every stream of VECTORS.
# Left out of the short run: kernel tests of scalar code against the specification, which are the same on every architecture.
set -uo pipefail
cd "$(dirname "$0")/../.."
vectors=$1; shift
all= counts=
while [ $# -gt 0 ]; do case $1 in --all) all=1; shift ;; --counts) counts=$2; shift 2 ;; *) echo "run.sh: unknown argument $1" >&2; exit 2 ;; esac; done
passed=0 failed=0
add() { passed=$((passed + $1)); failed=$((failed + $2)); printf '  %-44s %4d passed, %d failed\n' "$3" "$1" "$2"; }
finish() { [ -z "$counts" ] || echo "$passed $failed" >"$counts"; echo "arm64: $passed passed, $failed failed"; [ "$failed" -eq 0 ]; exit; }
[ "$(uname -m)" != aarch64 ] || { echo "arm64: this machine is one, and all other tests ran on it"; finish; }
command -v qemu-aarch64-static >/dev/null || { echo "arm64: SKIPPED: qemu-aarch64-static is not installed"; finish; }
sysroot=$(tests/arm64/root.sh) || { echo "arm64: SKIPPED: no arm64 packages"; finish; }

out=$PWD/out/arm64; mkdir -p "$out/host"
export DAEDALUS_TARGET=aarch64 DAEDALUS_SYSROOT=$sysroot
if ! scripts/build.sh "$out" >"$out/build.log" 2>&1; then
    # Where the registry carries no packs for arm64 nothing can be compiled for it.
    if grep -q 'error NU110[0-9]' "$out/build.log"; then echo "arm64: SKIPPED: $(grep -m 1 -o 'NU110.*' "$out/build.log" | cut -c 1-200)"; finish; fi
    tail -n 20 "$out/build.log"; add 0 1 "cross-compiled"; finish
fi
add 1 0 "cross-compiled"
unset DAEDALUS_TARGET DAEDALUS_SYSROOT

# The JIT writes code through a second mapping, which the emulator does not notice.
without="Specification Specs"; [ -z "$all" ] || without=
emulate="env DOTNET_EnableWriteXorExecute=0 DOTNET_GCHeapHardLimit=40000000 qemu-aarch64-static -cpu cortex-a76 -L $sysroot"
if dotnet publish tests/arm64/KernelTests -c Release -r linux-arm64 --self-contained -o "$out/kernel-tests" -p:DaedalusPublish=true -v q -nologo >"$out/kernel-build.log" 2>&1; then
    # shellcheck disable=SC2086
    timeout 1200 $emulate "$out/kernel-tests/daedalus-kernel-tests" $without >"$out/kernels.log" 2>&1
    if read -r p f < <(sed -n 's/^\([0-9]*\) passed, \([0-9]*\) failed$/\1 \2/p' "$out/kernels.log"); then add "$p" "$f" "kernels, NEON against scalar"
    else add 0 1 "kernels"; tail -n 15 "$out/kernels.log"; fi
    grep '^FAILED' "$out/kernels.log" | head -n 20
else add 0 1 "kernel tests build"; tail -n 20 "$out/kernel-build.log"; fi

for p in gst-launch-1.0 gst-inspect-1.0; do
    cat >"$out/host/$p" <<W
#!/bin/sh
export GST_REGISTRY=$out/registry.bin GST_REGISTRY_FORK=no GST_PLUGIN_SYSTEM_PATH_1_0=$sysroot/usr/lib/aarch64-linux-gnu/gstreamer-1.0 GST_PLUGIN_PATH=$out/lib/gstreamer-1.0 DAEDALUS_ENGINE=$out/lib
exec qemu-aarch64-static -cpu cortex-a76 -L $sysroot $sysroot/usr/bin/$p "\$@"
W
    chmod +x "$out/host/$p"
done
export PATH=$out/host:$PATH
if gst-inspect-1.0 daedalusav1dec 2>/dev/null | grep -q apply-grain; then add 1 0 "gst-inspect-1.0"; else add 0 1 "gst-inspect-1.0"; fi
streams() { # title run.py arguments…
    local title=$1; shift
    rm -f "$out/streams.counts"
    python3 tests/conformance/run.py "$vectors" --timeout 900 --counts "$out/streams.counts" "$@" >"$out/streams.log" 2>&1
    if read -r p f <"$out/streams.counts"; then add "$p" "$f" "$title"; [ "$f" -eq 0 ] || grep -v '^ *[0-9]*/' "$out/streams.log" | head -n 20
    else tail -n 5 "$out/streams.log"; add 0 1 "$title"; fi
}
if [ -n "$all" ] || [ "$(basename "$vectors")" = streams ]; then streams "streams (gst-launch-1.0)"
else
    for s in "vp9 generated" "av1 generated" "av1 dav1d-test-data/argon" "h264 JVT-FR-EXT" "h264 JVT-AVC_V1"; do
        # shellcheck disable=SC2086
        set -- $s
        streams "$s" --codec "$1" --suite "$2"
    done
fi
finish
