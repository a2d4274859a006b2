/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Linked into the module by scripts/coverage, with -Wl,--wrap=kill,--wrap=_exit. gcov writes its
 * counters when a process ends by exit(). The process that watches the documents ends by SIGKILL,
 * or by _exit(): here it writes them before.
 */
#include <signal.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <gcov.h>

#define DUMP (SIGRTMAX - 1)

int __real_kill(pid_t pid, int number);
int __wrap_kill(pid_t pid, int number);
_Noreturn void __real__exit(int status);
_Noreturn void __wrap__exit(int status);

static void dump(int number)
{
    (void)number;
    __gcov_dump();
    __real__exit(0);
}

__attribute__((constructor)) static void begin(void)
{
    (void)signal(DUMP, dump);
}

_Noreturn void __wrap__exit(int status)
{
    __gcov_dump();
    __real__exit(status);
}

/* A second is enough for the counters; a process that is stopped does not write them. */
int __wrap_kill(pid_t pid, int number)
{
    const struct timespec nap = { .tv_nsec = 1000000 };
    siginfo_t info = { 0 };

    if (number == SIGKILL && __real_kill(pid, DUMP) == 0) {
        for (int left = 1000; left > 0 && info.si_pid == 0; left--) {
            (void)nanosleep(&nap, NULL);
            if (waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) != 0) {
                break;
            }
        }
    }
    return __real_kill(pid, number);
}
