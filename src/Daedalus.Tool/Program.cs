// SPDX-License-Identifier: LGPL-2.1-or-later
using System.ComponentModel;
using Daedalus.V4L2.Devices;

namespace Daedalus.Tool;

/// <summary>daedalusctl: the commands are in <see cref="CommandTable"/>.</summary>
internal static class Program
{
    private static int Main(string[] args)
    {
        if (args.Length == 0)
        {
            Console.Error.Write(HelpText.Overview());
            return 2;
        }
        string name = args[0] is "-h" or "--help" ? "help" : args[0];
        if (name == "--version")
        {
            Console.WriteLine("daedalusctl " + typeof(Program).Assembly.GetName().Version!.ToString(3));
            return 0;
        }
        try
        {
            Command command = CommandTable.Find(name) ?? throw new UsageException($"there is no command \"{name}\"");
            var line = new CommandLine(command, args.AsSpan(1));
            if (line.Has("help"))
            {
                Console.Out.Write(HelpText.Of(command));
                return 0;
            }
            return command.Run(line);
        }
        catch (UsageException e)
        {
            Console.Error.WriteLine($"daedalusctl: {e.Message} (see daedalusctl{(CommandTable.Find(name) is { Name: not "help" } c ? " " + c.Name : "")} --help)");
            return 2;
        }
        catch (Exception e) when (e is DeviceException or IOException or UnauthorizedAccessException or InvalidDataException or Win32Exception)
        {
            Console.Error.WriteLine($"daedalusctl: {e.Message}");
            return 3;
        }
    }
}
