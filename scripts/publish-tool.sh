#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Publishes daedalusctl: OUTDIR/bin/daedalusctl, and below OUTDIR/share its manual page and the completions that it prints.
# usage: publish-tool.sh [output directory, default out]
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
out=${1:-$root/out}
. "$root/scripts/aot.sh"
project=$root/src/Daedalus.Tool/Daedalus.Tool.csproj
stage=$root/build/tool/$rid
# shellcheck disable=SC2086
dotnet publish "$project" -c Release -f "$framework" -r "$rid" $cross -p:PublishAot=true -p:DaedalusPublish=true -p:DaedalusFramework="$framework" -o "$stage" -v q --nologo
install -d "$out/bin"
install -m 755 "$stage/daedalusctl" "$out/bin/daedalusctl.new"
mv -f "$out/bin/daedalusctl.new" "$out/bin/daedalusctl"
install -d "$out/share/man/man1" "$out/share/bash-completion/completions" "$out/share/zsh/site-functions" "$out/share/fish/vendor_completions.d"
$run "$out/bin/daedalusctl" man >"$out/share/man/man1/daedalusctl.1"
$run "$out/bin/daedalusctl" completion bash >"$out/share/bash-completion/completions/daedalusctl"
$run "$out/bin/daedalusctl" completion zsh >"$out/share/zsh/site-functions/_daedalusctl"
$run "$out/bin/daedalusctl" completion fish >"$out/share/fish/vendor_completions.d/daedalusctl.fish"
ls -l "$out/bin/daedalusctl"
