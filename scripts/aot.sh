# SPDX-License-Identifier: LGPL-2.1-or-later
# Sourced by publish-*.sh. Sets
#   arch       x86_64 or aarch64: what is published for; DAEDALUS_TARGET=aarch64 cross-compiles (clang, lld, cross libraries; the plugin
#              needs the target's GStreamer libraries below DAEDALUS_SYSROOT, tests/arm64/root.sh makes one)
#   rid        .NET's name for it
#   framework  what NativeAOT publishes with: DaedalusAotFramework of the environment; else net10.0, or net9.0 where the registry
#              lacks net10.0's native packs
#   cross      further arguments of dotnet publish
#   run        what runs a program that was published
arch=${DAEDALUS_TARGET:-$(uname -m)}
cross= run=
case $arch in
x86_64) rid=linux-x64 ;;
aarch64) rid=linux-arm64 ;;
*) echo "$(basename "$0"): there is no NativeAOT build for $arch: x86_64 and aarch64 only" >&2; exit 1 ;;
esac
if [ "$arch" != "$(uname -m)" ]; then
    cross="-p:DaedalusCrossPrefix=$arch-linux-gnu- -p:ObjCopyName=$arch-linux-gnu-objcopy -p:TargetTriple=$arch-linux-gnu -p:LinkerFlavor=lld"
    run="qemu-$arch-static -L ${DAEDALUS_SYSROOT:-/usr/$arch-linux-gnu}"
    [ -z "${DAEDALUS_SYSROOT:-}" ] || cross="$cross -p:DaedalusLibraryPath=$DAEDALUS_SYSROOT/usr/lib/$arch-linux-gnu"
fi
if [ -z "${DaedalusAotFramework:-}" ]; then
    DaedalusAotFramework=net10.0
    dotnet restore "$root/src/Daedalus.V4L2/Daedalus.V4L2.csproj" -r "$rid" -p:PublishAot=true -p:DaedalusFramework=net10.0 -p:DaedalusAotFramework=net10.0 -v q >/dev/null 2>&1 ||
        { DaedalusAotFramework=net9.0; echo "net10.0's native packs cannot be restored here: net9.0 instead" >&2; }
    export DaedalusAotFramework
fi
# shellcheck disable=SC2034
framework=$DaedalusAotFramework
