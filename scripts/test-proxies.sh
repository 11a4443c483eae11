#!/bin/sh
# Makes sure that the proxies are there which the tests put in front of the server: nginx,
# haproxy and Caddy. Those that are not on the PATH come from Debian's or Ubuntu's
# packages into e2e/.cache/proxies. They are unpacked and not installed, because apt would
# start them as services. Needs no root.
#
# Prints a line for each: its name, its binary, and the folders of its libraries.
set -eu

cache="$(cd "$(dirname "$0")/.." && pwd)/e2e/.cache/proxies"
root="$cache/root"

have() { command -v "$1" >/dev/null 2>&1; }

# apt-get with lists of our own, if the system has none to download by.
apt_get() {
	if apt-cache show haproxy >/dev/null 2>&1; then
		apt-get -qq "$@"
		return
	fi
	mkdir -p "$cache/lists/partial" "$cache/archives/partial"
	set -- -qq -o Dir::State::Lists="$cache/lists" -o Dir::Cache="$cache/archives" -o Debug::NoLocking=1 "$@"
	[ -e "$cache/lists/.stamp" ] || { apt-get -o Dir::State::Lists="$cache/lists" -o Dir::Cache="$cache/archives" -o Debug::NoLocking=1 -qq update && touch "$cache/lists/.stamp"; }
	apt-get "$@"
}

# Downloads packages that exist under one of the names and unpacks them.
unpack() {
	folder=$(mktemp -d "$cache/download.XXXXXX")
	for package in "$@"; do
		if (cd "$folder" && apt_get download "$package") >"$folder/log" 2>&1; then
			for file in "$folder"/*.deb; do dpkg-deb -x "$file" "$root"; done
			rm -rf "$folder"
			return
		fi
	done
	cat "$folder/log" >&2
	rm -rf "$folder"
	echo "The tests need $1, and it could not be fetched: install it, or put it on the PATH." >&2
	exit 1
}

libraries() { find "$root/usr/lib" "$root/lib" -name '*.so*' -exec dirname {} + 2>/dev/null | sort -u | tr '\n' ':'; }

missing() { LD_LIBRARY_PATH="$(libraries)" ldd "$1" 2>/dev/null | awk '/not found/ {print $1}' | sort -u; }

# Names of packages that may have a library: liblua5.3.so.0 is in liblua5.3-0, and
# libssl.so.3 in libssl3, which some releases call libssl3t64.
packages_of() {
	stem=${1%%.so*}
	version=${1##*.so}
	version=${version#.}
	case $stem in *[0-9]) dash="$stem-$version" ;; *) dash="$stem$version" ;; esac
	echo "$dash ${dash}t64 $stem-$version"
}

for name in nginx haproxy caddy; do
	binary=$(command -v "$name" || true)
	if [ -z "$binary" ]; then
		binary="$root/usr/sbin/$name"
		[ "$name" = caddy ] && binary="$root/usr/bin/$name"
	fi
	if [ ! -x "$binary" ]; then
		have apt-get && have dpkg-deb || { echo "The tests need $name on the PATH." >&2; exit 1; }
		mkdir -p "$root"
		echo "Fetching $name for the tests" >&2
		unpack "$name"
		# Some releases have the program in a package beside the one of its name.
		[ -x "$binary" ] || unpack "$name-core" "$name-light"
	fi
	# A library may need others, which shows when it is there.
	before=''
	while needed=$(missing "$binary") && [ -n "$needed" ]; do
		[ "$needed" != "$before" ] || { echo "The tests need $name, which lacks:" $needed >&2; exit 1; }
		before=$needed
		for library in $needed; do
			# Unquoted: it is a list.
			# shellcheck disable=SC2046
			unpack $(packages_of "$library")
		done
	done
	echo "$name $binary $(libraries)"
done
