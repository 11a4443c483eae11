#!/bin/sh
# Makes sure that what the tests need is there: Node, a C compiler for Go's race
# detector, Chromium, Firefox, WebKit, Flask, and Python's Socket.IO client. What Debian and Ubuntu have is installed with apt-get.
set -eu

have() { command -v "$1" >/dev/null 2>&1; }

fail() {
	echo "$1" >&2
	exit 1
}

shell=chromium-headless-shell # Chromium without windows: it takes less than half of the time
offers_shell() { have apt-cache && apt-cache show "$shell" >/dev/null 2>&1; }

# The same places as in e2e/browser/harness.mjs.
have_chromium() {
	for path in "${CHROMIUM:-}" /usr/bin/chromium-headless-shell /usr/bin/chromium /usr/bin/chromium-browser /usr/bin/google-chrome; do
		if [ -n "$path" ] && [ -x "$path" ]; then return 0; fi
	done
	return 1
}

# The shell shows no notifications.
have_whole_chromium() {
	for path in "${CHROMIUM:-}" /usr/bin/chromium /usr/bin/chromium-browser /usr/bin/google-chrome; do
		if [ -n "$path" ] && [ -x "$path" ]; then return 0; fi
	done
	return 1
}

# The same places as in e2e/browsers/firefox.mjs.
have_firefox() {
	for path in "${FIREFOX:-}" /usr/bin/firefox-esr /usr/bin/firefox; do
		if [ -n "$path" ] && [ -x "$path" ]; then return 0; fi
	done
	return 1
}

# Distributions ship Node versions that are too old: this is left to you.
need_node='The tests need Node.js 20.11 or newer with npm: https://nodejs.org'
{ have node && have npm; } || fail "$need_node"
node -e 'const [major, minor] = process.versions.node.split(".").map(Number);
	process.exit(major > 20 || major === 20 && minor >= 11 ? 0 : 1)' || fail "$need_node"

sh "$(dirname "$0")/test-proxies.sh" >/dev/null

packages=''
# The tests hold our templates against Flask's: the system's Python has it as a package.
have_flask() { /usr/bin/python3 -c 'import flask' 2>/dev/null; }
have_flask || packages="$packages python3-flask"
# A client in another language.
have_socketio() { /usr/bin/python3 -c 'import requests, socketio, websocket' 2>/dev/null; }
have_socketio || packages="$packages python3-socketio python3-requests python3-websocket"
# A narrow and a wide font, the same as in e2e/browser/fonts.mjs: the layout has to bear both.
[ -f /usr/share/fonts/truetype/roboto/unhinted/RobotoCondensed-Regular.ttf ] || packages="$packages fonts-roboto-unhinted"
[ -f /usr/share/fonts/truetype/dejavu/DejaVuSans.ttf ] || packages="$packages fonts-dejavu-core"
have_whole_chromium || packages="$packages chromium"
have_firefox || packages="$packages firefox-esr"
# WebKit with a small browser around it, and a screen in memory, since it has no mode without windows.
have WebKitWebDriver || packages="$packages webkit2gtk-driver"
have Xvfb || packages="$packages xvfb"
have cc || have gcc || packages="$packages gcc libc6-dev"
browser=''
if ! have_chromium; then
	browser=chromium
elif [ -z "${CHROMIUM:-}" ] && ! [ -x "/usr/bin/$shell" ] && [ "$(id -u)" -eq 0 ] && offers_shell; then
	browser=$shell
fi
[ -n "$packages$browser" ] || exit 0

have apt-get || fail "The tests need:$packages $browser. Install them, or set CHROMIUM and FIREFOX to the browsers' paths."
as_root=''
if [ "$(id -u)" -ne 0 ]; then
	have sudo || fail "The tests need:$packages $browser. Install them as root."
	as_root='sudo'
fi
$as_root apt-get update
if [ -n "$browser" ] && offers_shell; then browser=$shell; fi
echo "Installing what the tests need:$packages $browser"
# Unquoted: it is a list.
# shellcheck disable=SC2086
$as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends $packages $browser ||
	fail 'Where apt-get has no Chromium or no Firefox, install them and set CHROMIUM and FIREFOX to their paths.'
have_chromium || fail "Chromium is installed but not where the tests look for it: set CHROMIUM to its path."
