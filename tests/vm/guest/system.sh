#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# In an installed system, started by its systemd: module, unit, udev rules, rights, and that removing leaves nothing. /mnt is the host's folder.
export PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C HOME=/root
clips=/mnt/clips

r() { # pass|fail title detail
    printf '%s\t%s\t%s\n' "$1" "$2" "$(printf %s "$3" | tr -s '\n\t ' '   ')" >>/mnt/results
    echo "[$(cut -d' ' -f1 /proc/uptime)] $1 $2: $3"
}
t() { # title command…: passes when the command does
    title=$1; shift
    if said=$("$@" 2>&1); then r pass "$title" "$said"; else r fail "$title" "$said"; fi
}
uptime() { cut -d. -f1 /proc/uptime; }
by() { # seconds command…: as soon as the command succeeds
    end=$(($(uptime) + $1)); shift
    until "$@" >/dev/null 2>&1; do
        [ "$(uptime)" -lt $end ] || return 1
        sleep 0.1
    done
}
prop() { systemctl show -P "$1" daedalusd.service; }
as() { user=$1; shift; runuser -u "$user" -- env HOME="/tmp/$user" "$@"; }
video() { grep -slx daedalus /sys/class/video4linux/*/name | sed 's:/name$::; s:.*/:/dev/:'; }
media() { grep -slx daedalus /sys/bus/media/devices/*/model | sed 's:/model$::; s:.*/:/dev/:'; }
nodes() { [ -c "$(video)" ] && [ -c "$(media)" ]; }
no_nodes() { [ -z "$(video)$(media)" ]; }
serving() { [ "$(prop ActiveState)" = active ] && nodes; }

booted() {
    by 120 serving || { systemctl status daedalusd.service; return 1; }
    # Its device asked for it, nobody else.
    [ "$(prop UnitFileState)" != enabled ] && [ "$(prop NRestarts)" = 0 ]
}
module() { case $(modinfo -n daedalus_v4l2) in */updates/dkms/*) modinfo -F vermagic daedalus_v4l2 ;; *) modinfo -n daedalus_v4l2; return 1 ;; esac; }
owners() {
    got=$(stat -c '%U:%G %a' /dev/daedalus-v4l2 "$(video)" "$(media)" | tr '\n' ',')
    echo "$got"
    [ "$got" = "root:daedalus 660,root:video 660,root:video 660," ]
}
fences() {
    pid=$(prop MainPID)
    [ "$(stat -c %U "/proc/$pid")" = daedalus ] || { echo "runs as $(stat -c %U "/proc/$pid")"; return 1; }
    got=$(sed -n 's/^\(CapEff\|CapBnd\|NoNewPrivs\|Seccomp\):\t/\1=/p' "/proc/$pid/status" | tr '\n' ' ')
    echo "$got"
    [ "$got" = "CapEff=0000000000000000 CapBnd=0000000000000000 NoNewPrivs=1 Seccomp=2 " ] || return 1
    # A network and a file system of its own.
    [ "$(readlink "/proc/$pid/ns/net")" != "$(readlink /proc/self/ns/net)" ] && [ "$(readlink "/proc/$pid/ns/mnt")" != "$(readlink /proc/self/ns/mnt)" ]
}
exposure() { systemd-analyze security --threshold=20 daedalusd.service >/tmp/security; code=$?; tail -n 1 /tmp/security; return $code; }
verify() { said=$(systemd-analyze verify --man=no daedalusd.service 2>&1 | grep -i daedalus); echo "$said"; [ -z "$said" ]; }
rules() { udevadm verify /usr/lib/udev/rules.d/60-daedalus-v4l2.rules; }
status() { daedalusctl status; }
may_ask() { as keeper daedalusctl status; }
may_not_ask() { said=$(as viewer daedalusctl status 2>&1); code=$?; echo "$code $said"; [ $code = 3 ]; }

decode() { # user clip element
    rm -f /tmp/out.yuv; as "$1" sh -c "umask 022; cd /tmp; gst-launch-1.0 -q filesrc location=$clips/$2.mkv ! matroskademux ! $3 ! video/x-raw ! videoconvert ! video/x-raw,format=I420 ! filesink location=/tmp/$1/out.yuv" || return 1
    got=$(md5sum <"/tmp/$1/out.yuv" | cut -d' ' -f1)
    rm -f "/tmp/$1/out.yuv"
    [ "$got" = "$(cat "$clips/$2.md5")" ] || { echo "MD5 $got"; return 1; }
}
streams() { daedalusctl status --json | tr ',{' '\n\n' | sed -n 's/.*"streams-closed": *//p'; }
ours() { # clip element: by the daemon, and right
    before=$(streams)
    decode viewer "$1" "$2" || return 1
    by 20 sh -c "daedalusctl status --json | grep -q '\"streams-closed\": *$((before + 1))\\b'" || { daedalusctl status --json; return 1; }
}
outsider() {
    said=$(decode stranger vp9 "daedalusvp9dec device=$(video)" 2>&1) && { echo "decoded"; return 1; }
    echo "$said" | head -n 2
    as viewer test ! -r /dev/daedalus-v4l2 && as stranger test ! -r "$(video)" && as keeper test ! -r "$(video)"
}
killed() {
    pid=$(prop MainPID)
    kill -KILL "$pid"
    by 60 sh -c "[ \$(systemctl show -P MainPID daedalusd.service) != $pid ] && [ \$(systemctl show -P NRestarts daedalusd.service) = 1 ]" && by 60 serving && ours vp9 "daedalusvp9dec device=kernel"
}
stuck() { # WatchdogSec is 30
    pid=$(prop MainPID)
    kill -STOP "$pid"
    by 60 sh -c "[ \$(systemctl show -P NRestarts daedalusd.service) = 2 ]" || { systemctl status daedalusd.service; return 1; }
    by 60 serving && journalctl -q -u daedalusd.service | grep -o 'Watchdog timeout.*' | head -n 1
}
alive() { # longer than the watchdog waits
    by 40 sh -c '[ $(($(cut -d. -f1 /proc/uptime) * 1000000 - $(systemctl show -P ActiveEnterTimestampMonotonic daedalusd.service))) -gt 34000000 ]' && [ "$(prop NRestarts)" = 0 ] && serving
}
stopped() { systemctl stop daedalusd.service && no_nodes && [ -c /dev/daedalus-v4l2 ] && [ "$(prop Result)" = success ]; }
started() { systemctl start daedalusd.service && by 20 nodes; }
held() { ! rmmod daedalus_v4l2 2>/dev/null; }
again() { systemctl stop daedalusd.service && modprobe -r daedalus_v4l2 && [ ! -e /dev/daedalus-v4l2 ] && modprobe daedalus_v4l2 && by 60 serving; }
removed() {
    # As the README says.
    apt-get remove -y -qq daedalus-v4l2-dkms daedalusd >/tmp/apt 2>&1 || { cat /tmp/apt; return 1; }
    [ ! -e /sys/module/daedalus_v4l2 ] && no_nodes && [ ! -e /dev/daedalus-v4l2 ] && ! pgrep -x daedalusd && ! modinfo daedalus_v4l2 2>/dev/null && [ -z "$(dkms status)" ]
}
purged() {
    apt-get purge -y -qq '*daedalus*' >/tmp/apt 2>&1 || { cat /tmp/apt; return 1; }
    left=$(find /etc /usr /var/lib /lib /run -xdev \( -path /var/lib/dpkg -o -path /var/lib/apt -o -path /usr/share/doc -o -path /etc/modules-load.d \) -prune -o -name '*aedalus*' -print)
    echo "$left"
    [ -z "$left" ] && [ "$(systemctl show -P LoadState daedalusd.service)" = not-found ]
}
journal() {
    # Beside what was done to it.
    said=$(journalctl -q -b -u daedalusd.service -p warning | grep -v -e 'Main process exited' -e 'Failed with result' -e 'Watchdog timeout' -e 'Killing process')
    echo "$said"
    [ -z "$said" ]
}
kernel_log() { said=$(dmesg | sed -n '/daedalus_v4l2/,$p' | grep -E 'WARNING|BUG|Oops|possible |Call Trace|general protection|refcount_t|leaked|INFO: task|use-after-free|Unable to handle|audit.*SECCOMP'); echo "$said"; [ -z "$said" ]; }

for user in viewer stranger keeper; do mkdir -p /tmp/$user/plugins; chown -R $user /tmp/$user; done
# Only what is needed: the first start would look into all of GStreamer's plugins.
for user in viewer stranger; do
    for p in coreelements matroska videoparsersbad v4l2codecs videoconvertscale daedalus; do ln -s "/usr/lib/x86_64-linux-gnu/gstreamer-1.0/libgst$p.so" /tmp/$user/plugins/; done
done
export GST_REGISTRY_FORK=no

t "the module is DKMS's" module
t "the daemon runs after boot, started by its device" booted
t "owners and modes" owners
t "user, capabilities, system calls, namespaces" fences
t "systemd-analyze verify" verify
t "systemd-analyze security" exposure
# Debian 12 has none.
[ "$(udevadm --version)" -lt 254 ] || t "udevadm verify" rules
t "daedalusctl status" status
t "group daedalus may ask" may_ask
t "others may not" may_not_ask
# Linux before 6.5 has no controls for AV1.
codecs="vp9 h264"; case $(uname -r) in 6.[0-4].*) ;; *) codecs="$codecs av1" ;; esac
for c in $codecs; do t "group video decodes $c" ours $c "$( [ $c = h264 ] && echo 'h264parse ! ')daedalus${c}dec device=kernel"; done
for c in $codecs; do t "GStreamer's own decoder, $c" ours $c "$( [ $c = vp9 ] && echo vp9parse; [ $c = h264 ] && echo h264parse; [ $c = av1 ] && echo av1parse) ! v4l2sl${c}dec"; done
t "others do not decode" outsider
t "the module cannot go while the daemon runs" held
t "the watchdog is fed" alive
t "the journal is quiet" journal
t "restarted when it was killed" killed
t "restarted when it hangs" stuck
t "stopped: no nodes" stopped
t "started again" started
t "module unloaded and loaded again" again
t "kernel log" kernel_log
t "apt remove unloads and removes" removed
t "purge leaves nothing" purged
t "kernel log after that" kernel_log
