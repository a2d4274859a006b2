# SPDX-License-Identifier: Apache-2.0
"""One httpd with many virtual hosts: each way of handing a path on (a front) before each application. The host
`FRONT-APPLICATION.invalid` is that front before that application."""

import json

import httpd
from grammar import LISTS

# Each front's part of a virtual host; @ is the application's URL.
FRONTS = {
    "off": 'AllowEncodedSlashes Off\nProxyPass "/" "@/"',
    "on": 'AllowEncodedSlashes On\nProxyPass "/" "@/"',
    "nodecode": 'AllowEncodedSlashes NoDecode\nProxyPass "/" "@/"',
    "unmerged": 'AllowEncodedSlashes NoDecode\nMergeSlashes Off\nProxyPass "/" "@/"',
    "unmerged-on": 'AllowEncodedSlashes On\nMergeSlashes Off\nProxyPass "/" "@/"',
    "nocanon": 'AllowEncodedSlashes NoDecode\nProxyPass "/" "@/" nocanon',
    "nocanon-on": 'AllowEncodedSlashes On\nMergeSlashes Off\nProxyPass "/" "@/" nocanon',
    "match": 'AllowEncodedSlashes NoDecode\nProxyPassMatch "^/(.*)$" "@/$1"',
    "match-on": 'AllowEncodedSlashes On\nProxyPassMatch "^/(.*)$" "@/$1"',
    "rewrite-pt": """AllowEncodedSlashes NoDecode
        RewriteEngine On
        RewriteRule "^/(.*)$" "/behind/$1" [PT]
        ProxyPass "/behind/" "@/" """,
    "rewrite-pt-in": """AllowEncodedSlashes On
        RewriteEngine On
        RewriteRule "^/out/(.*)$" "/$1" [PT]
        ProxyPass "/" "@/" """,
    "rewrite-p": 'AllowEncodedSlashes NoDecode\nRewriteEngine On\nRewriteRule "^/(.*)$" "@/$1" [P]',
    "rewrite-p-on": 'AllowEncodedSlashes On\nRewriteEngine On\nRewriteRule "^/(.*)$" "@/$1" [P]',
    "rewrite-p-b": 'AllowEncodedSlashes On\nRewriteEngine On\nRewriteRule "^/(.*)$" "@/$1" "[P,B=#?;]"',
    "servlet": 'ProxyPass "/" "@/" mapping=servlet',
    "servlet-on": 'AllowEncodedSlashes On\nProxyPass "/" "@/" mapping=servlet',
    "encoded": 'ProxyPass "/" "@/" mapping=encoded',
    "prefix": 'AllowEncodedSlashes NoDecode\nProxyPass "/front/" "@/"\nProxyPass "/" "@/"',
    "location": 'AllowEncodedSlashes NoDecode\n<Location "/">\nProxyPass "@/"\n</Location>',
    "rewrite-uri": 'AllowEncodedSlashes NoDecode\nRewriteEngine On\nRewriteRule "^" "@%{REQUEST_URI}" [P]',
    "rewrite-line": r"""AllowEncodedSlashes NoDecode
        RewriteEngine On
        RewriteCond %{THE_REQUEST} "^\S+ (/[^\s?]*)"
        RewriteRule "^" "@%1" [P,NE]""",
    "rewrite-dir": """AllowEncodedSlashes NoDecode
        <Directory "${ROOT}/htdocs">
            RewriteEngine On
            RewriteRule "^(.*)$" "@/$1" [P]
        </Directory>""",
    "site": 'AllowEncodedSlashes NoDecode\nOcapiCorsSite B\nProxyPass "/" "@/"',
}
SITE = {"site": "B"}  # where a path names no site, at these fronts; else it is the organisation's
# What comes before a path at these fronts, for half of the requests.
BEFORE = {"prefix": "/front", "rewrite-pt-in": "/out"}


def document(origin):
    return json.dumps({"_v": "19.1", "clients": [
        {"client_id": "spa", "allowed_origins": [origin] if origin else []}]})


def tree():
    """LISTS as a site archive."""
    return {"tree/" + ("" if site == "-" else f"sites/{site}/") + f"ocapi-settings/wapi_{api}_config.json":
            document(origin) for (site, api), origin in LISTS.items()}


def host_of(front, application):
    return f"{front}-{application}.invalid"


def configuration(applications, enforce):
    hosts = []
    for front, text in FRONTS.items():
        for application in applications:
            hosts.append(f"<VirtualHost *:${{PORT}}>\nServerName {host_of(front, application.name)}\n"
                         f"{text.replace('@', application.url)}\n</VirtualHost>")
    return (f'OcapiCors {enforce}\nOcapiCorsSettingsTree "${{ROOT}}/tree"\nMaxKeepAliveRequests 0\n'
            'KeepAliveTimeout 20\n' + "\n".join(hosts))


def start(applications, enforce="On", log_level="notice"):
    """The server. httpd's own lines about requests that it refuses do not fail a test."""
    server = httpd.Httpd(configuration(applications, enforce), modules=("rewrite",), files=tree(),
                         log_level=log_level)
    return server.start()
