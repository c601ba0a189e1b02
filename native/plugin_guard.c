/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The .NET runtime ignores SIGPIPE when it starts, in whatever process it was loaded into. What the host had is saved when
 * the library is loaded (the runtime starts later, at the first managed entry) and put back by that entry.
 */
#include <signal.h>
#include <stddef.h>

static struct sigaction saved;
static int have_saved;

__attribute__((constructor)) static void daedalus_guard_save(void)
{
    have_saved = sigaction(SIGPIPE, NULL, &saved) == 0;
}

__attribute__((visibility("hidden"))) void daedalus_guard_restore(void)
{
    if (have_saved)
        sigaction(SIGPIPE, &saved, NULL);
}
