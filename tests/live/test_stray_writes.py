# SPDX-License-Identifier: Apache-2.0
"""What a worker may do with the memory of the policies, and what happens where it does more: a stray write of a module,
and a worker that somebody has got hold of (A32)."""

import pytest

import foreign
import httpd
from cors import ALLOWED, UNKNOWN, ask, check, check_refused, granted
from test_shared_memory import CONFIG, answer, change, document

STRAY = r"""
#include <httpd.h>
#include <http_config.h>
#include <http_protocol.h>
#include <stdio.h>
#include <sys/mman.h>
/*
 * Shows how shared memory of some size may be used; "write" writes to it, "seize" overwrites it, "counts" the readers'
 * counts as well, which are the mapping before it, and "forge" one origin by another, wherever it is.
 */
static int stray(request_rec *r)
{
    FILE *maps;
    char line[512], access[8];
    unsigned long from, to, before = 0, end = 0;
    static unsigned long seized, size; /* what this worker has had: by now the counts are part of the mapping */

    if (!r->handler || strcmp(r->handler, "stray") != 0) {
        return DECLINED;
    }
    maps = fopen("/proc/self/maps", "r");
    while (fgets(line, sizeof(line), maps)) {
        if (sscanf(line, "%lx-%lx %7s", &from, &to, access) == 3 && access[3] == 's'
            && strstr(line, "/dev/zero") && to - from > 1000000
            && (access[1] == '-' || (from <= seized && seized < to))) { /* not that of the counters */
            if (r->args && strcmp(r->args, "write") == 0) {
                ((volatile char *)from)[4096] = 1;
            }
            if (r->args && strcmp(r->args, "write") != 0) {
                if (access[1] == '-') {
                    seized = from;
                    size = to - from;
                    mprotect((void *)seized, size, PROT_READ | PROT_WRITE);
                }
                if (strcmp(r->args, "forge") == 0) {
                    char *at = (char *)seized;
                    while ((at = memmem(at, seized + size - (unsigned long)at, "http://foo.com", 14)) != NULL) {
                        memcpy(at, "http://bar.com", 14);
                    }
                }
                else {
                    memset((void *)seized, 0xa5, size);
                }
                if (strcmp(r->args, "counts") == 0 && end == from) {
                    memset((void *)before, 0xa5, end - before);
                }
            }
            ap_rprintf(r, "%s\n", access);
        }
        before = from;
        end = to;
    }
    fclose(maps);
    return OK;
}
static void hooks(apr_pool_t *p)
{
    (void)p;
    ap_hook_handler(stray, NULL, NULL, APR_HOOK_FIRST);
}
AP_DECLARE_MODULE(stray) = { STANDARD20_MODULE_STUFF, NULL, NULL, NULL, NULL, NULL, hooks, 0 };
"""


@pytest.fixture(scope="module")
def stray_module(tmp_path_factory):
    return foreign.build(tmp_path_factory.mktemp("stray"), "stray", STRAY)


STRAY_CONFIG = CONFIG + """
LoadModule stray_module ${STRAY}
<VirtualHost *:${PORT2}>
    <Location "/stray">
        SetHandler stray
        Require all granted
    </Location>
</VirtualHost>
"""


def seized(start_httpd, backend, stray_module, config=STRAY_CONFIG):
    server = start_httpd(config, ports=2, files={"d.json": document(ALLOWED), "e.json": document(ALLOWED)},
                         defines={"SIZE": "4M", "BACKEND": backend.url, "STRAY": stray_module})
    server.await_watcher()
    return server


@pytest.mark.parametrize("how", ["seize", "forge"])
def test_a_worker_that_is_seized_leads_nobody_anywhere(start_httpd, backend, stray_module, how):
    """A worker that makes the policies writable for itself and overwrites them all can spoil answers; the parent and
    the watcher, which may be root, go by what no worker can write to. A document that is unchanged is copied, and the
    copy is checked: it is read again, by a timed reload and by a restart."""
    config = STRAY_CONFIG.replace("OcapiCorsSettings d.json", "OcapiCorsSettings d.json\n<Location /e>\n"
                                  "OcapiCorsSettings e.json\n</Location>")
    server = seized(start_httpd, backend, stray_module, config)
    server.expect_log("OCORS0009: a document's image in shared memory is damaged; the document is read again")
    for number, stranger in ((2, UNKNOWN), (3, ALLOWED)):
        server.request("GET", f"/stray?{how}", port=server.port_number(2))
        if how == "seize":
            check_refused(ask(server, "POST", "/x", stranger))  # nothing is opened by it
        change(server, number)  # what is published is whole
        check(ask(server, "POST", "/e", ALLOWED), 200, granted(ALLOWED))
        check_refused(ask(server, "POST", "/e", UNKNOWN))
        assert server.log_text().count("OCORS0009") == number - 1
    server.request("GET", f"/stray?{how}", port=server.port_number(2))
    server.restart()
    assert answer(server) == ALLOWED
    assert server.log_text().count("OCORS0009") == 4  # both documents
    check(ask(server, "POST", "/e", ALLOWED), 200, granted(ALLOWED))
    change(server, 5)
    assert server.await_watcher() and "OCORS0017" not in server.log_text()


def test_a_worker_that_is_seized_holds_up_timed_reloads_at_most(start_httpd, backend, stray_module):
    """The counts of the readers say that every area is read, for ever: changes wait until a restart, which makes a
    new segment; nothing is opened."""
    server = seized(start_httpd, backend, stray_module)
    server.expect_log("OCORS0016: changed documents wait")
    server.request("GET", "/stray?counts", port=server.port_number(2))
    for origin in (ALLOWED, UNKNOWN):
        check_refused(ask(server, "POST", "/x", origin))
    server.write("d.json", document(UNKNOWN))
    server.wait_log("OCORS0016")
    server.restart()
    assert answer(server) == UNKNOWN
    change(server, 3)
    assert "OCORS0017" not in server.log_text()


@pytest.mark.parametrize("mpm", httpd.MPMS)
def test_a_stray_write_ends_its_worker_and_changes_nothing(start_httpd, backend, stray_module, mpm):
    """A32: "a stray write by any module faults in that worker instead of changing everyone's policy"."""
    server = start_httpd(STRAY_CONFIG, mpm=mpm, ports=2, files={"d.json": document(ALLOWED)},
                         defines={"SIZE": "4M", "BACKEND": backend.url, "STRAY": stray_module})
    port = server.port_number(2)
    assert server.request("GET", "/stray", port=port).body == b"r--s\n"
    server.expect_log("AH0005[12]: child pid .* exit signal Segmentation fault")
    with pytest.raises((EOFError, OSError)):
        server.request("GET", "/stray?write", port=port)
    server.wait_log("exit signal Segmentation fault")
    for core in server.root.glob("run/core*"):
        core.unlink()
    for number in range(2, 5):
        change(server, number)


def mapped(pid, begin=0, end=1 << 64):
    """[(begin, end, access)] of what a process has mapped between two addresses; anywhere: of the anonymous shared memory."""
    found = []
    for line in open(f"/proc/{pid}/maps", encoding="ascii"):
        at, to = (int(number, 16) for number in line.split()[0].split("-"))
        if begin <= at and to <= end and (begin > 0 or "/dev/zero" in line):
            found.append((at, to, line.split()[1][:3]))
    return found


def rights(worker, parts):
    """What it may do with most of each part: all but pages for alignment, and the counts of readers."""
    return sorted([access for at, to, access in mapped(worker, begin, end) if to - at > 64 << 10] for begin, end in parts)


@pytest.mark.parametrize("mpm", httpd.MPMS)
def test_what_a_worker_may_do_with_each_part_of_the_memory(start_httpd, backend, mpm):
    """A32: it reads the areas, writes to the counts of readers and cannot touch the private part, which has the secret
    of the checks and what the next writer goes by."""
    server = start_httpd(CONFIG, mpm=mpm, files={"d.json": document(ALLOWED)}, defines={"SIZE": "4M", "BACKEND": backend.url})
    parts = [(at, to) for at, to, access in mapped(server.process.pid) if to - at > 4 << 20 and access == "rw-"]
    assert len(parts) == 2, "the segment, and the private part"
    for worker in server.children():
        httpd.wait_until(lambda w=worker: rights(w, parts) == [["---"], ["r--"]], f"worker {worker} has given up its rights")
