#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# clean_root.sh ROOT - the packages of `dev package` install into a minimal Debian, the host starts
# there as its unit has it, serves with all modules, is removed, and leaves its data.
set -euo pipefail

source=$1
readonly socket=/run/tenon/tenon.sock

skip() {
    echo "skipped: $*"
    exit 77
}

fail() {
    echo "clean_root: $*" >&2
    exit 1
}

[ "$(id -u)" -eq 0 ] || skip "only root can make a root"
command -v mmdebstrap >/dev/null || skip "mmdebstrap is not installed (dev test --all installs it)"

# The root gets a /proc, in a mount namespace that ends with us.
[ -n "${CLEAN_ROOT_MOUNTS-}" ] || CLEAN_ROOT_MOUNTS=1 exec unshare --mount "$0" "$@"

work=$(mktemp -d)
host=
leave() {
    [ -z "$host" ] || kill -KILL "$host" 2>/dev/null || true
    umount -- "$work/root/proc" 2>/dev/null || true
    rm -rf --one-file-system -- "$work"
}
trap leave EXIT

inside() {
    env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 chroot "$work/root" "$@"
}

"$source/dev" package >"$work/package.log" 2>&1 || { cat -- "$work/package.log" && fail "no packages"; }
mkdir -- "$work/debs"
cp -- "$source"/build-package/packages/*.deb "$work/debs"

cat >"$work/install.sh" <<'END'
DEBIAN_FRONTEND=noninteractive chroot "$1" sh -c 'apt-get install -q -y /debs/*.deb'
END
chmod +x "$work/install.sh"
# bash-completion, man-db and systemd only look at what was installed.
mmdebstrap --quiet --variant=minbase --include=bash-completion,man-db,systemd \
    --customize-hook="copy-in '$work/debs' /" \
    --customize-hook="$work/install.sh" \
    bookworm "$work/root" >"$work/root.log" 2>&1 || { tail -n 40 -- "$work/root.log" && fail "no root"; }

mount -t proc proc "$work/root/proc"
ln -sfn /proc/self/fd "$work/root/dev/fd"

echo "the unit is well formed and hardened"
inside systemd-analyze verify /lib/systemd/system/tenond.service
inside systemd-analyze security --offline=yes --threshold=20 --no-pager tenond.service | tail -n 1

echo "a vendor's key is made, and trusted"
inside tenon licence keygen /root/vendor.key --name vendor >/dev/null
inside tenon licence issue --key /root/vendor.key --serial 1 --customer "a clean root" --portal main \
    --tier enterprise --out /root/main.licence >/dev/null
printf '\n[licences]\nkeys = ["%s"]\n' "$(sed -n 's/^public: //p' "$work/root/root/vendor.key.pub")" \
    >>"$work/root/etc/tenon/tenond.toml"

echo "the host starts as the unit has it"
read -r -a command < <(sed -n 's/^ExecStart=//p' "$work/root/lib/systemd/system/tenond.service")
# What StateDirectory and RuntimeDirectory make.
inside install -d -o tenon -g tenon -m 0700 /var/lib/tenon
inside install -d -o tenon -g tenon -m 0750 /run/tenon
mkfifo -- "$work/ready"
env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin setpriv --no-new-privs chroot --userspec=tenon:tenon "$work/root" \
    "${command[@]}" >"$work/ready" 2>"$work/host.log" &
host=$!
read -r -t 60 line <"$work/ready" || { cat -- "$work/host.log" && fail "the host is not ready"; }
[ "$line" = "ready ipc://$socket" ] || fail "it said: $line"

tenon() {
    inside tenon "$1" --url "ipc://$socket" "${@:2}"
}
# list_plugins: the number of those that run.
list_plugins() {
    tenon plugin list --json >"$work/plugins.json"
    grep -c '"running"' "$work/plugins.json" || true
}
running=$(list_plugins)
unlicensed=$(grep -c 'needs the tier' "$work/plugins.json" || true)
[ "$unlicensed" -gt 0 ] || fail "no module needs a licence"
echo "$running modules run, $unlicensed wait for a licence"
tenon licence install /root/main.licence >/dev/null
running=$(list_plugins)
modules=$(find "$work/root/usr/lib/tenon/plugins" -name '*.so' | wc -l)
echo "$running of $modules modules run"
if [ "$modules" -eq 0 ] || [ "$running" -ne "$modules" ]; then
    tenon plugin list
    fail "not all run"
fi
tenon demo >/dev/null
count=$(tenon export contacts --format jsonl | wc -l)
[ "$count" -gt 0 ] || fail "there are no demo contacts"
echo "$count contacts served"

echo "completion knows commands, options, methods and types"
cat >"$work/root/complete.sh" <<'END'
. /usr/share/bash-completion/bash_completion
. /usr/share/bash-completion/completions/tenon
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMP_LINE="$*" COMP_POINT=${#COMP_LINE}
_tenon
printf '%s\n' "${COMPREPLY[@]}"
END
# complete WORD...: what bash offers for the last word.
complete() {
    inside bash /complete.sh "$@"
}
complete tenon exp | grep -qx export || fail "no commands"
complete tenon import --associ | grep -qx -- --associate || fail "no options"
complete tenon plugin insp | grep -qx inspect || fail "no words of a command"
complete tenon export "--url=ipc://$socket" compa | grep -qx companies || fail "no types"
complete tenon call "--url=ipc://$socket" tenon.admin.v1.Status/ | grep -qx tenon.admin.v1.Status/Get ||
    fail "no methods"

echo "it stops, is removed, and its data stays"
kill -TERM "$host"
wait "$host" || { cat -- "$work/host.log" && fail "it stopped with $?"; }
host=
mapfile -t installed < <(inside dpkg-query -W 'tenon*' | cut -f 1)
inside dpkg --purge "${installed[@]}" >/dev/null
if [ -e "$work/root/usr/bin/tenond" ] || [ -e "$work/root/etc/tenon" ]; then
    fail "something is left"
fi
[ -e "$work/root/var/lib/tenon/store/CURRENT" ] || fail "the data is gone"
