// SPDX-License-Identifier: LGPL-2.1-or-later
Console.Error.WriteLine("daedalusctl: no command given.");
return 2;
