#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Publishes daedalusctl: OUTDIR/bin/daedalusctl, and below OUTDIR/share its manual page and the completions that it prints.
# usage: publish-tool.sh [output directory, default out]
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
out=${1:-$root/out}
case $(uname -m) in
    x86_64) rid=linux-x64 ;;
    aarch64) rid=linux-arm64 ;;
    *) echo "publish-tool.sh: no NativeAOT for $(uname -m)" >&2; exit 1 ;;
esac
project=$root/src/Daedalus.Tool/Daedalus.Tool.csproj
framework=$(dotnet msbuild "$project" -getProperty:DaedalusAotFramework)
stage=$root/build/tool/$rid
dotnet publish "$project" -c Release -f "$framework" -r "$rid" -p:PublishAot=true -p:DaedalusPublish=true -p:DaedalusFramework="$framework" -o "$stage" -v q --nologo
install -d "$out/bin"
install -m 755 "$stage/daedalusctl" "$out/bin/daedalusctl.new"
mv -f "$out/bin/daedalusctl.new" "$out/bin/daedalusctl"
install -d "$out/share/man/man1" "$out/share/bash-completion/completions" "$out/share/zsh/site-functions" "$out/share/fish/vendor_completions.d"
"$out/bin/daedalusctl" man >"$out/share/man/man1/daedalusctl.1"
"$out/bin/daedalusctl" completion bash >"$out/share/bash-completion/completions/daedalusctl"
"$out/bin/daedalusctl" completion zsh >"$out/share/zsh/site-functions/_daedalusctl"
"$out/bin/daedalusctl" completion fish >"$out/share/fish/vendor_completions.d/daedalusctl.fish"
ls -l "$out/bin/daedalusctl"
