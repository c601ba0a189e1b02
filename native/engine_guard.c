/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The managed runtime sets SIGPIPE to SIG_IGN when it starts (on the first call into the library). The host's choice, as it was
 * when the library was loaded, is put back by the first call.
 */
#include <signal.h>
#include <stddef.h>

static struct sigaction saved;
static int have_saved;

__attribute__((constructor)) static void remember_signals(void)
{
    have_saved = sigaction(SIGPIPE, NULL, &saved) == 0;
}

__attribute__((visibility("hidden"))) void daedalus_engine_restore_signals(void)
{
    struct sigaction now;

    /* Only undo the runtime's SIG_IGN: a handler installed by the host in between stays. */
    if (have_saved && sigaction(SIGPIPE, NULL, &now) == 0 && !(now.sa_flags & SA_SIGINFO) && now.sa_handler == SIG_IGN)
        sigaction(SIGPIPE, &saved, NULL);
}
