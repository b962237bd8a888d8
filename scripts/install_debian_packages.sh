#!/bin/sh
# install_debian_packages.sh LIST: installs what LIST names and this machine lacks. Asks apt nothing
# where all is there; else it says first what LIST says of itself in its comments.
set -eu

list="$1"
wanted=$(sed 's/#.*//' "$list")

if ! command -v dpkg-query >/dev/null; then
    echo "This is no Debian machine. Make sure that you have the like of:" $wanted >&2
    exit 0 # the build says by itself what it misses
fi

missing=
for package in $wanted; do
    case $(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null) in
        installed) ;;
        *) missing="$missing $package" ;;
    esac
done
[ -n "$missing" ] || exit 0

install="apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends$missing"
sed -n 's/^# //p' "$list" >&2
echo "Installing Debian packages:$missing" >&2
if [ "$(id -u)" = 0 ]; then
    exec sh -c "$install"
fi
if command -v sudo >/dev/null && sudo sh -c "$install"; then
    exit 0
fi
echo "Debian packages are missing. Have root run this, then try again:" >&2
echo "    apt-get update && apt-get install --no-install-recommends$missing" >&2
exit 1
