#!/bin/sh
# What `apt-get install` finds in a build without a network: these packages with what they need, kept in the root at $1.
set -eu
root=$1
shift
kept=$root/usr/share/ninesteps/debs
mkdir -p "$kept"
chroot "$root" apt-get install -y -qq --download-only --no-install-recommends "$@"
mv "$root"/var/cache/apt/archives/*.deb "$kept"
cd "$kept"
for file in *.deb; do
  dpkg-deb -f "$file" | grep -v '^$'
  printf 'Filename: ./%s\nSize: %s\nSHA256: %s\n\n' "$file" "$(wc -c <"$file")" "$(sha256sum "$file" | cut -d ' ' -f 1)"
done >Packages
rm -rf "$root"/etc/apt/sources.list.d/* "$root"/var/lib/apt/lists/*
echo 'deb [trusted=yes] file:/usr/share/ninesteps/debs ./' >"$root/etc/apt/sources.list"
