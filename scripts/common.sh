# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# What scripts/demo and scripts/check share; sourced, with `set -euo pipefail` in force.

repository=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
export DEBIAN_FRONTEND=noninteractive
# configure prefers bash, and makes libtool and all recipes run in it. Debian's sh does the same in half the time.
export CONFIG_SHELL=/bin/sh
# A user's PATH on Debian has no sbin, where httpd is.
PATH=$PATH:/usr/sbin:/sbin

say() { printf '%s\n' "$*"; }

die()
{
    printf '%s: %s\n' "${0##*/}" "$*" >&2
    exit 1
}

# logged LOGFILE COMMAND...: quiet; what it said is shown when it fails.
logged()
{
    local log=$1
    shift
    if ! "$@" >"$log" 2>&1; then
        tail -n 60 "$log" >&2
        printf '\nFailed: %s\nThe whole output: %s\n' "$*" "$log" >&2
        return 1
    fi
}

as_root()
{
    if [ "$(id -u)" -eq 0 ]; then
        "$@"
    elif command -v sudo >/dev/null; then
        sudo "$@"
    else
        die "installing packages needs root or sudo: $*"
    fi
}

is_installed()
{
    dpkg-query -W -f '${db:Status-Abbrev}\n' "$1" 2>/dev/null | grep -q '^ii'
}

# install_packages NAME...: those that are missing, by apt-get. Never the package apache2 itself: it
# would start a server. Elsewhere than on Debian the tools must be there already.
install_packages()
{
    local name missing=()
    if ! command -v apt-get >/dev/null; then
        say "packages: no apt-get here; what Debian calls $* must be installed"
        return
    fi
    for name in "$@"; do
        is_installed "$name" || missing+=("$name")
    done
    if [ "${#missing[@]}" -eq 0 ]; then
        say "packages: all there"
        return
    fi
    say "packages: installing ${missing[*]}"
    mkdir -p "$repository/build"
    logged "$repository/build/apt-update.log" as_root apt-get -q -o DPkg::Lock::Timeout=300 update ||
        say "packages: the lists could not be renewed; trying with those that are here"
    logged "$repository/build/apt-install.log" as_root env DEBIAN_FRONTEND=noninteractive \
        apt-get -q -y -o DPkg::Lock::Timeout=300 install --no-install-recommends "${missing[@]}"
}

# Used by the scripts that source this.
# shellcheck disable=SC2034
build_packages=(gcc libc6-dev make autoconf automake libtool pkg-config
    apache2-bin apache2-dev libjson-c-dev)
# The live tests need these, too.
# shellcheck disable=SC2034
live_packages=(curl gdb libapache2-mod-security2 libc6-dbg openssl rsync valgrind zsh
    python3 python3-h2 python3-jsonschema python3-pytest python3-pytest-timeout python3-pytest-xdist python3-yaml)

# make_configure: autoreconf, when configure is missing or older than what it is made of.
make_configure()
{
    local input stale=no
    cd "$repository" || return
    if [ ! -w . ] || [ ! -w build ]; then
        die "cannot write in $repository: it belongs to another user"
    fi
    for input in configure.ac Makefile.am include/ocors_version.h; do
        if [ ! configure -nt "$input" ] || [ ! Makefile.in -nt "$input" ]; then
            stale=yes
        fi
    done
    if [ "$stale" = yes ]; then
        logged "$repository/build/autoreconf.log" autoreconf -fi
        # Of equal age is not newer: a second run must find nothing to do.
        touch aclocal.m4 && touch config.h.in configure Makefile.in
    fi
}

# build_in DIRECTORY [CONFIGURE ARGUMENT]... [-- MAKE ARGUMENT...]: out of tree, under build/;
# configured again only when configure or the arguments changed. One at a time in a directory, and
# one makes configure.
build_in()
{
    local directory=$repository/build/$1 arguments=()
    shift
    while [ $# -gt 0 ] && [ "$1" != -- ]; do
        arguments+=("$1")
        shift
    done
    [ $# -eq 0 ] || shift
    mkdir -p "$directory"
    (
        flock 9
        make_configure
    ) 9>"$repository/build/.lock"
    (
        flock 9
        cd "$directory" || exit
        if [ ! -e Makefile ] || [ "$repository/configure" -nt config.status ] ||
            [ "$(cat arguments 2>/dev/null)" != "${arguments[*]}" ]; then
            # Objects made with other flags must go.
            if [ -e Makefile ]; then
                logged "$directory/clean.log" make clean
            fi
            logged "$directory/configure.log" "$repository/configure" --enable-option-checking=fatal "${arguments[@]}"
            printf '%s\n' "${arguments[*]}" >arguments
        fi
        logged "$directory/make.log" make -j"$(nproc)" "$@"
    ) 9>"$directory/.lock"
}

# build_module: as scripts/check builds it. OCORS_MODULE is that module then, unless it names another one.
build_module()
{
    build_in gcc --enable-werror CC=gcc CFLAGS='-O2 -g1' -- all
    export OCORS_BUILD=$repository/build
    export OCORS_MODULE=${OCORS_MODULE:-$OCORS_BUILD/gcc/.libs/mod_ocapi_cors.so}
}
