# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2154
# The life of a package, in the chroot $user: sourced by scripts/package-test, which has check, must,
# fails, in_root and apt_in, and counts.

site=$user/etc/apache2/sites-available/shop.conf
allowed=https://www.shop.example
stranger=https://evil.example

free_port()
{
    python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

# Every name that a package can leave; logs and what apt and dpkg keep are theirs.
names()
{
    (cd "$user" && find etc usr var/lib var/cache run -xdev \
        -path var/lib/apt -prune -o -path var/lib/dpkg -prune -o -path var/cache/apt -prune -o \
        -path var/cache/ldconfig -prune -o -path etc/ld.so.cache -prune -o -path run/apache2 -prune -o -path run/lock -prune -o -path var/lib/rpm -prune -o -print) | sort
}

# write_site [Guarded]: the policy in a virtual host; Guarded: within <IfModule>.
write_site()
{
    local open='' close=''
    if [ "${1:-}" = Guarded ]; then
        open='<IfModule ocapi_cors_module>' close='</IfModule>'
    fi
    cat >"$site" <<END
<VirtualHost *>
    ServerName shop.example
    DocumentRoot /srv/shop
    <Directory /srv/shop>
        Require all granted
    </Directory>
    $open
    OcapiCors         On
    OcapiCorsSettings /etc/shop.json
    <Location "/ocapi-cors-status">
        SetHandler ocapi-cors-status
    </Location>
    $close
</VirtualHost>
END
}

write_document()
{
    printf '{ "_v": "19.1", "clients": [ { "client_id": "a", "allowed_origins": ["%s"] } ] }\n' "$allowed" >"$user/etc/shop.json"
}

prepare_user()
{
    if [ ! -e "$user/usr/sbin/apache2ctl" ]; then
        # Nothing starts by itself: the port is not ours to take.
        printf '#!/bin/sh\nexit 101\n' >"$user/usr/sbin/policy-rc.d"
        chmod 755 "$user/usr/sbin/policy-rc.d"
        in_root "$user" apt-get -q update
        apt_in "$user" install apache2
    fi
    # What an interrupted run has left.
    rm -rf "$user/run/apache2" "$user/etc/httpd" "$user/usr/lib64/httpd" "$user/run/httpd" "$user/var/lib/rpm"
    apt_in "$user" purge "$package"
    apt_in "$user" autoremove --purge
    rm -f "$user"/var/log/apache2/*
    printf '#!/bin/sh\nexit 0\n' >"$user/usr/sbin/policy-rc.d"
    port=$(free_port)
    echo "Listen 127.0.0.1:$port" >"$user/etc/apache2/ports.conf"
    echo 'ServerName localhost' >"$user/etc/apache2/conf-available/name.conf"
    mkdir -p "$user/srv/shop"
    echo hello >"$user/srv/shop/index.html"
    dd if=/dev/zero of="$user/srv/shop/large" bs=1M count=8 status=none
    write_document
    write_site Guarded
    in_root "$user" a2enconf -q name
    in_root "$user" a2dissite -q 000-default
    in_root "$user" a2ensite -q shop
    # apache2's own notes of what is enabled; it makes these folders when it first needs them.
    mkdir -p "$user/var/lib/apache2/module/"{enabled,disabled}_by_{admin,maint}
    names >"$work/out/names-before"
    in_root "$user" /etc/init.d/apache2 start
    answers GET "$allowed" 200
}

no_process_is_left()
{
    local deadline=$((SECONDS + 30))
    while pgrep -ax 'apache2|ocapi-cors'; do
        [ "$SECONDS" -le "$deadline" ] || return 1
        sleep 0.1
    done
}

# answers METHOD ORIGIN STATUS [HEADER-LINE]...: what a browser would see; "!LINE" must be absent.
answers()
{
    local method=$1 origin=$2 status=$3 line said
    shift 3
    said=$(curl -sS -i --max-time 20 -X "$method" -H "Host: shop.example" -H "Origin: $origin" \
        -H 'Access-Control-Request-Method: POST' "http://127.0.0.1:$port/" | tr -d '\r')
    printf '%s\n' "$said"
    [ "$(head -n 1 <<<"$said" | cut -d' ' -f2)" = "$status" ] || return 1
    for line in "$@"; do
        if [ "${line#!}" = "$line" ]; then
            grep -qixF -- "$line" <<<"$said" || return 1
        elif grep -qi -- "${line#!}" <<<"$said"; then
            return 1
        fi
    done
}

enforces()
{
    check "$1: an allowed origin gets its headers" answers GET $allowed 200 "Access-Control-Allow-Origin: $allowed"
    check "$1: an unknown one gets none" answers GET $stranger 200 '!access-control'
    check "$1: its POST gets the fault" answers POST $stranger 401 '!access-control'
    check "$1: a preflight is answered" answers OPTIONS $allowed 204 "Access-Control-Allow-Origin: $allowed"
}

parent() { cat "$user/run/apache2/apache2.pid"; }

# The parent is the same process, and has been told to restart gracefully, not to stop.
is_the_same_parent()
{
    tail -n 5 "$user/var/log/apache2/error.log"
    [ "$(parent)" = "$1" ] && kill -0 "$1" && ! grep -q 'caught SIGTERM' "$user/var/log/apache2/error.log"
}

status_says()
{
    curl -sS --max-time 20 -H 'Host: shop.example' "http://127.0.0.1:$port/ocapi-cors-status?format=json" | tee /dev/stderr |
        grep -qF "\"version\": \"$1\""
}

bad_document_is_refused()
{
    local said status=0
    printf '{ "_v": "19.1", "clients": [ { "client_id": "a", "allowed_origins": ["*"] } ] }\n' >"$user/etc/shop.json"
    said=$(in_root "$user" apache2ctl configtest 2>&1) || status=1
    write_document
    printf '%s\n' "$said"
    [ "$status" -ne 0 ] && grep -q '/etc/shop.json:1:[0-9]*: error: ' <<<"$said"
}

# upgraded_under_load COMMAND...: clients ask from before until after it, and lose nothing.
upgraded_under_load()
{
    local clients deadline status=0
    rm -f "$work/out/ready" "$work/out/stop"
    python3 "$repository/tests/packages/steady_clients.py" "$port" "$work/out/ready" "$work/out/stop" >"$work/out/clients" &
    clients=$!
    deadline=$((SECONDS + 60))
    until [ -e "$work/out/ready" ] || [ "$SECONDS" -gt "$deadline" ]; do sleep 0.1; done
    "$@" || status=1
    until_version "$upstream" || status=1
    touch "$work/out/stop"
    wait "$clients" || status=1
    cat "$work/out/clients"
    return "$status"
}

# A reload is in force when the new generation of workers answers.
until_version()
{
    local deadline=$((SECONDS + 60))
    until status_says "$1" 2>/dev/null; do
        [ "$SECONDS" -le "$deadline" ] || return 1
        sleep 0.1
    done
}

install_deb()
{
    cp "$1" "$user/root/"
    apt_in "$user" -o Dpkg::Options::=--force-confdef install --allow-downgrades "/root/${1##*/}"
}

a2query_says()
{
    local status=0
    in_root "$user" a2query -m ocapi_cors || status=$?
    [ "$status" -eq "$1" ]
}

reload_httpd() { in_root "$user" apache2ctl graceful; }

says() { grep -qF -- "$1" "$2"; }

# Once: since it reloads, the old workers may answer a request or two.
until_answers()
{
    local deadline=$((SECONDS + 60))
    until answers "$@" >/dev/null 2>&1; do
        [ "$SECONDS" -le "$deadline" ] || { answers "$@" && return || return 1; }
        sleep 0.1
    done
}

nothing_is_left()
{
    rm -f "$user/root/"*.deb
    names >"$work/out/names-after"
    diff "$work/out/names-before" "$work/out/names-after"
}

remove_with_directives_left()
{
    apt_in "$user" remove "$package" >"$work/out/removal" 2>&1
    cat "$work/out/removal"
    grep -q 'mod_ocapi_cors is named in: /etc/apache2/sites-enabled/shop.conf' "$work/out/removal"
}

live_with_the_deb()
{
    local pid comment='# of this server'
    must "the version before is installed, with what it needs" install_deb "$builder/build/before/$before_deb"
    pid=$(parent)
    check "installing reloads httpd, and does not stop it" is_the_same_parent "$pid"
    check "the module is enabled" a2query_says 0
    check "the version before is in force" until_version "$before_upstream"
    enforces "the version before"
    check "the command line judges a document" in_root "$user" ocapi-cors check /etc/shop.json
    check "a bad document is refused by configtest, with its place" bad_document_is_refused

    echo "$comment" >>"$user/etc/apache2/mods-available/ocapi_cors.conf"
    write_site
    check "a configuration that needs the module is valid" in_root "$user" apache2ctl configtest
    check "an upgrade under load loses no request" upgraded_under_load install_deb "$builder/build/new/$deb"
    check "an upgrade reloads httpd, and does not stop it" is_the_same_parent "$pid"
    check "an edited configuration file is kept" says "$comment" "$user/etc/apache2/mods-available/ocapi_cors.conf"
    enforces "the new version"

    check "with directives left, removal says where" remove_with_directives_left
    check "httpd goes on" is_the_same_parent "$pid"
    enforces "with the package removed and directives left"
    check "configtest says what is to be removed" fails in_root "$user" apache2ctl configtest

    write_site Guarded
    check "without directives, the configuration is valid" in_root "$user" apache2ctl configtest
    check "httpd reloads" reload_httpd
    check "it serves, without the policy" until_answers GET $allowed 200 '!access-control'
    check "no process of the module is left" fails pgrep -x ocapi-cors

    check "installed again, it is enabled again" install_deb "$builder/build/new/$deb"
    check "the new version is in force" until_version "$upstream"
    in_root "$user" a2dismod -q ocapi_cors >"$logs/a2dismod.log" 2>&1
    check "the administrator disables it, and installs it again" apt_in "$user" reinstall "/root/$deb"
    check "it stays disabled" a2query_says 32
    in_root "$user" a2enmod -q ocapi_cors >"$logs/a2enmod.log" 2>&1
    reload_httpd
    check "enabled again, it is in force" until_version "$upstream"

    check "removed, without directives left" apt_in "$user" remove "$package"
    check "the configuration is valid" in_root "$user" apache2ctl configtest
    check "httpd serves, without the policy" until_answers GET $allowed 200 '!access-control'
    check "httpd has never stopped" is_the_same_parent "$pid"
    check "purged" apt_in "$user" purge "$package"
    check "what it needed is removed" apt_in "$user" autoremove --purge
    check "the module is unknown" a2query_says 1
    check "nothing of the package is left" nothing_is_left
    check "httpd stops" in_root "$user" /etc/init.d/apache2 stop
}

# ---- RPM -------------------------------------------------------------------------------------

rpm_top=/build/rpm

# build_rpm DIRECTORY ARGUMENT...: by Debian's rpm, which knows nothing of httpd-devel.
build_rpm()
{
    local directory=$1
    shift
    mkdir -p "$builder$directory"
    chown -R 1000:1000 "$builder$directory"
    chroot --userspec=1000:1000 "$builder" env -i PATH=/usr/bin:/bin HOME=/nonexistent rpmbuild -tb --nodeps \
        --define "_topdir $directory" --define 'debug_package %{nil}' \
        --define '_httpd_apxs /usr/bin/apxs2' --define '_httpd_mmn 20120211x8664' \
        --define '_httpd_moddir /usr/lib64/httpd/modules' --define '_httpd_modconfdir /etc/httpd/conf.modules.d' \
        "$@"
}

build_lower_rpm()
{
    rm -rf "$builder/build/rpm-source"
    mkdir -p "$builder/build/rpm-source"
    tar -xzf "$tarball" -C "$builder/build/rpm-source"
    (
        cd "$builder/build/rpm-source" || exit
        mv "mod_ocapi_cors-$upstream" "mod_ocapi_cors-$before_upstream"
        sed -i "s/\"$upstream\"/\"$before_upstream\"/" "mod_ocapi_cors-$before_upstream/include/ocors_version.h"
        sed -i "s/$upstream/$before_upstream/; s/^Version: .*/Version: ${before_version%-*}/" \
            "mod_ocapi_cors-$before_upstream/packaging/rpm/mod_ocapi_cors.spec"
        tar -czf "mod_ocapi_cors-$before_upstream.tar.gz" "mod_ocapi_cors-$before_upstream"
    )
    build_rpm $rpm_top/before --without check "/build/rpm-source/mod_ocapi_cors-$before_upstream.tar.gz"
}

build_new_rpm()
{
    cp "$tarball" "$builder/build/"
    build_rpm $rpm_top/new "/build/${tarball##*/}"
}

the_rpm() { echo "$builder$rpm_top/$1"/RPMS/*/*.rpm; }

rpm_in() { rpm --force-debian --root "$user" --nodeps "$@"; }

rpm_requires()
{
    rpm -qp --requires "$(the_rpm new)"
    rpm -qp --requires "$(the_rpm new)" | grep -qx 'httpd-mmn = 20120211x8664' &&
        rpm -qp --requires "$(the_rpm new)" | grep -q '^libjson-c'
}

rpm_sorts()
{
    [ "$(rpm --eval "%{lua:print(rpm.vercmp('${version%-*}', '${upstream%%-*}'))}")" = -1 ] &&
        [ "$(rpm -qp --qf '%{VERSION}' "$(the_rpm new)")" = "${version%-*}" ]
}

rpmlint_is_silent()
{
    rpmlint --version
    rpmlint --config "$repository/packaging/rpm/rpmlint.toml" "$repository/packaging/rpm/mod_ocapi_cors.spec" "$(the_rpm new)"
}

# The layout of Fedora, served by Debian's httpd.
prepare_fedora()
{
    local modules=/usr/lib/apache2/modules
    apt_in "$user" install libjson-c5
    mkdir -p "$user/etc/httpd/conf" "$user/etc/httpd/conf.modules.d" "$user/usr/lib64/httpd/modules" "$user/run/httpd"
    ln -sfn /usr/lib64/httpd/modules "$user/etc/httpd/modules"
    cat >"$user/etc/httpd/conf/httpd.conf" <<END
ServerRoot /etc/httpd
ServerName localhost
Listen 127.0.0.1:$port
PidFile /run/apache2/apache2.pid
DefaultRuntimeDir /run/httpd
ErrorLog /var/log/apache2/error.log
User www-data
Group www-data
LoadModule mpm_event_module $modules/mod_mpm_event.so
LoadModule authz_core_module $modules/mod_authz_core.so
LoadModule dir_module $modules/mod_dir.so
IncludeOptional conf.modules.d/*.conf
Include /etc/apache2/sites-available/shop.conf
END
    # Folders that Fedora's package filesystem has.
    mkdir -p "$user/usr/share/licenses" "$user/usr/share/zsh/site-functions" "$user/usr/share/bash-completion/completions"
    names >"$work/out/names-before"
}

httpd_of_fedora() { in_root "$user" apache2 -f /etc/httpd/conf/httpd.conf "$@"; }

upgrade_rpm() { rpm_in -U "$(the_rpm new)" && httpd_of_fedora -t && httpd_of_fedora -k graceful; }

live_with_the_rpm()
{
    local pid
    must "rpmbuild makes the package, and its unit tests pass" build_new_rpm
    must "rpmbuild makes the version before" build_lower_rpm
    check "it needs the interface of httpd that it was built with, and json-c" rpm_requires
    check "1.0.0~rc1 comes before 1.0.0 for rpm" rpm_sorts
    check "rpmlint finds nothing" rpmlint_is_silent
    in_root "$user" /etc/init.d/apache2 stop >"$logs/stop.log" 2>&1 || :
    rm -f "$user"/var/log/apache2/*
    write_site Guarded
    must "the layout of Fedora is prepared" prepare_fedora
    must "the version before is installed" rpm_in -i "$(the_rpm before)"
    write_site
    must "httpd starts" httpd_of_fedora -k start
    check "the version before is in force" until_version "$before_upstream"
    enforces "the version before"
    check "a bad document is refused by configtest" fails bad_fedora
    pid=$(parent)
    check "an upgrade and a reload under load lose no request" upgraded_under_load upgrade_rpm
    check "httpd has not stopped" is_the_same_parent "$pid"
    enforces "the new version"
    write_site Guarded
    check "the package is erased" rpm_in -e mod_ocapi_cors
    check "the configuration is valid" httpd_of_fedora -t
    check "httpd reloads" httpd_of_fedora -k graceful
    check "it serves, without the policy" until_answers GET $allowed 200 '!access-control'
    check "nothing of the package is left" nothing_is_left
    check "httpd stops" httpd_of_fedora -k stop
}

bad_fedora()
{
    local status=0
    printf '{ "clients": [ { "client_id": "a", "allowed_origins": ["*"] } ] }\n' >"$user/etc/shop.json"
    httpd_of_fedora -t || status=1
    write_document
    return "$status"
}
