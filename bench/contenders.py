# SPDX-License-Identifier: Apache-2.0
"""Who is compared: the module, what people configure in httpd without it, nginx and haproxy. All have the same policy of
so many origins, as the users of each write it; and each is compared with the same server without a policy."""

import functools
import json
import os
import shutil
import subprocess

from bench import REPOSITORY
from peers import PLACE, Peer

import httpd
from everybody import for_everybody

KNOWN = 500  # the number of the origin that asks
METHODS = "GET, HEAD, POST, PUT, PATCH, DELETE"
FAULT = ('{"_v":"19.1","fault":{"arguments":{},"type":"UnauthorizedOriginException",'
         '"message":"The origin is not allowed."}}')
TREE_PATH = "/s/site-000050/dw/shop/v19_1/file"
SITES = 100


def origin(number):
    return f"https://shop-{number:08}.example"


def origins(count):
    """So many, KNOWN among them."""
    first = max(0, KNOWN + 1 - count)
    return [origin(number) for number in range(first, first + count)]


def settings(listed, clients=20):
    """A document in which each of some clients lists its share."""
    share = -(-len(listed) // clients)
    parts = [listed[at:at + share] for at in range(0, len(listed), share)]
    return json.dumps({"_v": "19.1", "clients": [
        {"client_id": f"client-{number:02}", "allowed_origins": part,
         "resources": [{"resource_id": "/file", "methods": ["get", "post"]},
                       {"resource_id": "/baskets/*", "methods": ["get", "patch", "delete"]}]}
        for number, part in enumerate(parts)]})


# ---- httpd ------------------------------------------------------------------------------------------

SERVER = """
MaxKeepAliveRequests 0
KeepAliveTimeout 60
"""
QUIET = """
LogLevel warn ocapi_cors:warn
OcapiCorsReload Off
"""
MODULE = QUIET + "OcapiCors On\n"
DOCUMENT = "OcapiCorsSettings settings.json\n"
TREE = 'OcapiCorsSettingsTree "${ROOT}/tree"\n'
IDIOM_MODULES = ("headers", "setenvif", "rewrite")
# Which fields an answer has is told by two variables, whoever sets the first.
IDIOM = f"""
RewriteEngine On
%s
Header always set Access-Control-Allow-Origin "%%{{CORS_ORIGIN}}e" env=CORS_ORIGIN
Header always set Access-Control-Allow-Credentials "true" env=CORS_ORIGIN
Header always set Access-Control-Expose-Headers "location,x-dw-version-status" env=CORS_ORIGIN
Header always set Access-Control-Allow-Methods "{METHODS}" env=CORS_PREFLIGHT
Header always set Access-Control-Allow-Headers "content-type" env=CORS_PREFLIGHT
Header always set Access-Control-Max-Age "86400" env=CORS_PREFLIGHT
Header always merge Vary "Origin"
RewriteCond %%{{REQUEST_METHOD}} =OPTIONS
RewriteCond %%{{ENV:CORS_ORIGIN}} .
RewriteRule "^" "-" [E=CORS_PREFLIGHT:1,R=204,L]
RewriteCond %%{{REQUEST_METHOD}} =OPTIONS
RewriteRule "^" "-" [R=204,L]
RewriteCond %%{{REQUEST_METHOD}} !^(GET|HEAD)$
RewriteCond %%{{HTTP:Origin}} .
RewriteCond %%{{ENV:CORS_ORIGIN}} ^$
RewriteRule "^" "-" [R=401,L]
ErrorDocument 401 '{FAULT}'
Header always set Content-Type "application/json" "expr=%%{{REQUEST_STATUS}} == 401"
"""
MAP = """
RewriteMap cors "txt:${ROOT}/origins.txt"
RewriteCond ${cors:%{HTTP:Origin}} ^(.+)$
RewriteRule "^" "-" [E=CORS_ORIGIN:%1]
"""
SERVED = {"htdocs/file": "x" * 100, f"htdocs{TREE_PATH}": "x" * 100}


def set_env_if(listed):
    """A line for each origin, as people add them."""
    return "\n".join('SetEnvIf Origin "^(%s)$" CORS_ORIGIN=$1' % name.replace(".", "\\.") for name in listed)


def serve(server, config="", files=None, module=False, modules=()):
    """`server`: httpd.Httpd, or a class of it."""
    made = server(SERVER + config, files={**SERVED, **(files or {})}, module=module, modules=modules, log_level="warn")
    if not module:
        made.allow_log_at_end(r"AH0005[12]: child pid|^==\d+==")  # the event MPM crashes at its end now and then
    return made


class Httpd(httpd.Httpd):
    """With a thread for each connection that load.py opens, in one process. Where all threads are busy, the event MPM closes
    connections that stay open; and it starts and ends processes, so that one server would have two and another one."""

    THREADS = "ServerLimit 1\nThreadsPerChild 64\nMaxRequestWorkers 64\nMinSpareThreads 1\nMaxSpareThreads 64\n"

    def __init__(self, config="", **keywords):
        super().__init__(self.THREADS + config, **keywords)


def httpd_alone(server, _):
    return serve(server)


def module(server, count):
    return serve(server, MODULE + DOCUMENT, {"settings.json": settings(origins(count))}, module=True)


@functools.cache
def fields_module():
    """The module of fields.c, built as apxs builds a user's module."""
    PLACE.mkdir(parents=True, exist_ok=True)
    shutil.copy(REPOSITORY / "bench/fields.c", PLACE / "mod_fields.c")
    subprocess.run([httpd.apxs_tool(), "-c", "-D", f"KNOWN={KNOWN:08}", "mod_fields.c"], cwd=PLACE, check=True, capture_output=True)
    return for_everybody(PLACE / ".libs/mod_fields.so")


def fields_alone(server, _):
    """What a policy costs that is known before it is asked: httpd sends the fields of a GET."""
    return serve(server, f'LoadModule fields_module "{fields_module()}"\n')


def empty_location(server, _):
    return serve(server, '<Location "/">\n</Location>')


def module_in_location(server, count):
    return serve(server, f'{QUIET}<Location "/">\nOcapiCors On\n{DOCUMENT}</Location>',
                 {"settings.json": settings(origins(count))}, module=True)


def module_in_tree(server, count):
    """Each site has its share of the origins, and site-000050 the one that asks too."""
    listed = origins(count)
    files = {}
    for site in range(SITES):
        own = listed[site::SITES] + [origin(KNOWN)]
        files[f"tree/sites/site-{site:06}/ocapi-settings/wapi_shop_config.json"] = settings(list(dict.fromkeys(own)), 2)
    return serve(server, MODULE + TREE, files, module=True)


def env_idiom(server, count):
    return serve(server, IDIOM % set_env_if(origins(count)), modules=IDIOM_MODULES)


def map_idiom(server, count):
    return serve(server, IDIOM % MAP, {"origins.txt": "".join(f"{name} {name}\n" for name in origins(count))},
                 modules=IDIOM_MODULES)


def user(end=""):
    """As whom a server runs that root starts; what callgrind counts runs as it was started."""
    return f"user {httpd.Httpd.account()}{end}" if os.geteuid() == 0 else ""


# ---- nginx ------------------------------------------------------------------------------------------

NGINX = """
daemon off;
%s
pid {root}/pid;
error_log {root}/error.log;
events { worker_connections 512; }
http {
    access_log off;
    keepalive_requests 1000000000;
    client_body_temp_path {root}/body;
    proxy_temp_path {root}/proxy;
    fastcgi_temp_path {root}/fastcgi;
    uwsgi_temp_path {root}/uwsgi;
    scgi_temp_path {root}/scgi;
    %s
    server {
        listen 127.0.0.1:{port};
        root {root};
        location / {
            %s
        }
        location = /post {
            %s
            return 200 {body};
        }
    }
}
"""
NGINX_MAPS = """
    map_hash_bucket_size 128;
    map_hash_max_size %s;
    map $http_origin $cors { default unknown; "" none; include {root}/origins; }
    map $cors $cors_origin { default ""; listed $http_origin; }
    map $cors $cors_true { default ""; listed true; }
    map $cors $cors_expose { default ""; listed location,x-dw-version-status; }
    map $cors $cors_methods { default ""; listed "GET, HEAD, POST, PUT, PATCH, DELETE"; }
    map $cors $cors_headers { default ""; listed content-type; }
    map $cors $cors_age { default ""; listed 86400; }
    map $request_method:$cors $refused { default ""; POST:unknown 1; PUT:unknown 1; PATCH:unknown 1; DELETE:unknown 1; }
"""
NGINX_LOCATION = """
            default_type application/json;
            add_header Access-Control-Allow-Origin $cors_origin always;
            add_header Access-Control-Allow-Credentials $cors_true always;
            add_header Access-Control-Expose-Headers $cors_expose always;
            add_header Vary Origin always;
            if ($request_method = OPTIONS) {
                add_header Access-Control-Allow-Origin $cors_origin always;
                add_header Access-Control-Allow-Credentials $cors_true always;
                add_header Access-Control-Allow-Methods $cors_methods always;
                add_header Access-Control-Allow-Headers $cors_headers always;
                add_header Access-Control-Max-Age $cors_age always;
                add_header Vary Origin always;
                return 204;
            }
            if ($refused) {
                add_header Vary Origin always;
                return 401 '%s';
            }
""" % FAULT


def nginx(one_process, maps="", location="", files=None):
    processes = ("master_process off;" if one_process
                 else f"{user(';')} worker_processes {len(os.sched_getaffinity(0))};")
    return Peer(NGINX % (processes, maps, location, location), files or {},
                "nginx", "-p", "{root}", "-c", "{root}/config")


def nginx_alone(one_process, _):
    return nginx(one_process)


def nginx_map(one_process, count):
    listed = "".join(f'"{name}" listed;\n' for name in origins(count))
    return nginx(one_process, NGINX_MAPS % max(2048, 4 * count), NGINX_LOCATION, {"origins": listed})


# ---- haproxy ----------------------------------------------------------------------------------------

HAPROXY = """
global
    nbthread %s
    %s
    maxconn 500
defaults
    mode http
    timeout connect 5s
    timeout client 60s
    timeout server 60s
    timeout http-keep-alive 60s
frontend all
    bind 127.0.0.1:{port}
    %s
    http-request return status 200 content-type text/plain file {root}/file
"""
HAPROXY_RULES = """
    acl is_listed req.fhdr(origin) -m str -f {root}/origins
    acl has_origin req.fhdr(origin) -m found
    acl is_unsafe method POST PUT PATCH DELETE
    http-request set-var(txn.origin) req.fhdr(origin) if is_listed
    http-request set-var(txn.is_preflight) bool(true) if METH_OPTIONS is_listed
    http-after-response set-header Access-Control-Allow-Origin %%[var(txn.origin)] if { var(txn.origin) -m found }
    http-after-response set-header Access-Control-Allow-Credentials true if { var(txn.origin) -m found }
    http-after-response set-header Access-Control-Expose-Headers location,x-dw-version-status if { var(txn.origin) -m found }
    http-after-response set-header Access-Control-Allow-Methods "%s" if { var(txn.is_preflight) -m bool }
    http-after-response set-header Access-Control-Allow-Headers content-type if { var(txn.is_preflight) -m bool }
    http-after-response set-header Access-Control-Max-Age 86400 if { var(txn.is_preflight) -m bool }
    http-after-response set-header Vary Origin
    http-request return status 204 if METH_OPTIONS
    http-request return status 401 content-type application/json string '%s' if is_unsafe has_origin !is_listed
""" % (METHODS, FAULT)


def haproxy(one_process, rules="", files=None):
    threads = 1 if one_process else len(os.sched_getaffinity(0))
    return Peer(HAPROXY % (threads, "" if one_process else user(), rules), files or {}, "haproxy", "-db", "-f", "{root}/config")


def haproxy_alone(one_process, _):
    return haproxy(one_process)


def haproxy_acl(one_process, count):
    return haproxy(one_process, HAPROXY_RULES, {"origins": "".join(f"{name}\n" for name in origins(count))})
