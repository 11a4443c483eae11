#!/bin/sh
# Prints the commit of this checkout, "-dirty" behind it if files were changed, or
# nothing: there may be no git, no history, or one that belongs to somebody else.
cd "$(dirname "$0")/.." || exit
prefix=$(git rev-parse --show-prefix 2>/dev/null) || exit 0
# An unpacked archive within another project is not a commit of that.
[ -z "$prefix" ] || exit 0
git describe --always --dirty --exclude='*' --abbrev=12 2>/dev/null || exit 0
