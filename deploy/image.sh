#!/usr/bin/env bash
# Build the container image, and say what was done. In this order:
#   docker or podman, whichever answers: the real build on the real base image;
#   buildah with a registry: the same;
#   buildah without one, as root on Debian with debootstrap: the real Dockerfile on a stand-in for the base image,
#   made of Debian's own packages. It proves that the Dockerfile builds and the image runs; do not ship it.
set -euo pipefail
cd "$(dirname "$0")/.."

name=faellesplan-gateway
say() { printf '%s\n' "image: $*"; }

for engine in docker podman; do
    if command -v "$engine" >/dev/null && "$engine" info >/dev/null 2>&1; then
        say "building with $engine"
        "$engine" build --tag "$name" .
        say "built $name with $engine on the real base image"
        exit 0
    fi
done

if ! command -v buildah >/dev/null; then
    say "no container engine answers here: install docker, podman or buildah (and debootstrap, where no registry is)"
    exit 1
fi

base=$(awk '$1 == "FROM" { print $2; exit }' Dockerfile)
release=${base##*-}
work=$PWD/build/image
mkdir -p "$work"
export BUILDAH_ISOLATION=chroot STORAGE_DRIVER=vfs
buildah() { command buildah --root "$work/store" --runroot "$work/run" "$@"; }
options=(--format docker --network host --tag "$name")

if timeout 60 env buildah --root "$work/store" --runroot "$work/run" pull "$base" >/dev/null 2>&1; then
    say "building with buildah"
    buildah bud "${options[@]}" .
    said="on the real base image"
else
    if ! command -v debootstrap >/dev/null || [ "$(id -u)" != 0 ]; then
        say "the base image $base cannot be fetched, and a stand-in needs root and debootstrap"
        exit 1
    fi
    if [ ! -e "$work/base/usr/bin/python3" ]; then
        mirror=$(cat /etc/apt/sources.list /etc/apt/sources.list.d/* 2>/dev/null |
            grep -Eo '(https?|file)://[^ ]+/debian/?( |$)' | head -n 1 | tr -d ' ') || true
        [ -n "$mirror" ] || { say "no Debian mirror is configured here"; exit 1; }
        say "making a stand-in for $base with debootstrap (about a minute)"
        rm -rf "$work/base"
        debootstrap --variant=minbase --include=python3,python3-venv "$release" "$work/base" "$mirror" >"$work/base.log"
    fi
    if ! buildah inspect --type image "$base" >/dev/null 2>&1; then
        container=$(buildah from scratch)
        buildah add --quiet "$container" "$work/base" / >/dev/null
        buildah commit --quiet "$container" "$base" >/dev/null
        buildah rm "$container" >/dev/null
    fi
    say "building with buildah on the stand-in"
    certificates=/etc/ssl/certs
    printf '[global]\ncert = %s/ca-certificates.crt\n' "$certificates" >"$work/pip.conf"
    buildah bud "${options[@]}" --pull-never \
        --volume "$certificates:$certificates:ro" --volume "$work/pip.conf:/etc/pip.conf:ro" .
    said="on a stand-in for $base made of Debian packages: good for trying, not for shipping"
fi

container=$(buildah from --pull-never "$name")
user=$(buildah run "$container" -- python3 -c 'import os, gateway.cli; print(os.getuid())')
buildah rm "$container" >/dev/null
[ "$user" = 10001 ] || { say "the image runs as user $user, not 10001"; exit 1; }
say "built $name with buildah, $said; the gateway imports in it as user $user"
