// SPDX-License-Identifier: LGPL-2.1-or-later
using Daedalus.Fuzz;

Options? options = Options.Parse(args);
if (options == null)
{
    Console.Error.WriteLine(Options.Usage);
    return 2;
}
if (options.Worker)
{
    using var worker = new Worker(options);
    return worker.Run();
}
return new Supervisor(options).Run();
