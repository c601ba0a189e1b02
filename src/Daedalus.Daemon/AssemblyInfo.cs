// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Runtime.CompilerServices;

[assembly: InternalsVisibleTo("Daedalus.Daemon.Tests")]
