#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The demo's backend for POST /baskets: answers with the basket of example 4.
here=$(dirname "$0")
cat >/dev/null # the request's body: leaving it unread would reset the connection
printf 'Content-Type: application/json;charset=UTF-8\n'
printf 'Cache-Control: max-age=0,no-cache,no-store,must-revalidate\n'
printf 'Content-Length: %d\n\n' "$(wc -c <"$here/baskets.json")"
cat "$here/baskets.json"
