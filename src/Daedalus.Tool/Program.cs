// SPDX-License-Identifier: LGPL-2.1-or-later
using Daedalus.Tool;
using Daedalus.V4L2.Devices;

return Run(args);

static int Run(string[] args)
{
    const string Usage = """
        usage: daedalusctl COMMAND [OPTIONS]

          decode FILE [-o OUT] [--md5] [--frames]    decode; raw planar frames to OUT ("-": standard output)
          md5 FILE                                   MD5 of the decoded planar frames
          compare FILE [--oracle RAW | --with vpxdec|dav1d|ffmpeg] [--filters LIST]
                                                     decode and show the first difference to an oracle; --filters: the
                                                     in-loop filters dav1d applies (none, deblock, cdef, restoration, all)
          headers FILE                               print the parsed headers, one line a frame
          conformance [DIR] [--codec vp9|h264|av1] [--suite S] [--name TEXT] [--json FILE] [--junit FILE] [--jobs N] [--ivf-only]
                                                     decode the streams of DIR/manifest.json and compare MD5s;
                                                     --ivf-only: only those that need no demuxer (IVF, Annex B, OBUs)
          devices [--json]                           what can be opened: formats and controls of each
          topology [/dev/mediaN …] [--json]          entities, pads, links and interfaces of media devices

        options of commands that decode:
          --device NAME   auto, embedded, kernel, /dev/videoN, /dev/mediaN, a V4L2 driver's name, dummy or the path of
                          libdaedalus-engine.so
          --engine PATH   the same as --device PATH
          --in-process    the engine compiled into this program (JIT)
          --threads N     decoder threads, 0 = one for each CPU (default 1)
          --in-flight N   requests in flight
          --format F      planar (default), i420, nv12 or p010: what the device is asked for
          --all-layers    output every shown frame of a superframe or temporal unit, not only the last or highest layer
          --operating-point N  AV1: operating point (default 0)
          --no-grain      AV1: pictures without film grain

        exit codes: 0 fine, 1 differences or frames that failed, 2 wrong usage, 3 device or file cannot be opened
        """;
    if (args.Length == 0 || args[0] is "-h" or "--help" or "help")
    {
        (args.Length == 0 ? Console.Error : Console.Out).WriteLine(Usage);
        return args.Length == 0 ? 2 : 0;
    }
    try
    {
        var options = new CommandLine(args.AsSpan(1), args[0] is "devices" or "topology" ? "json" : null);
        int code = args[0] switch
        {
            "decode" => DecodeCommand.Run(options, md5Only: false),
            "md5" => DecodeCommand.Run(options, md5Only: true),
            "compare" => CompareCommand.Run(options),
            "headers" => HeadersCommand.Run(options),
            "conformance" => ConformanceCommand.Run(options),
            "devices" => DevicesCommand.Run(options),
            "topology" => TopologyCommand.Run(options),
            _ => throw new UsageException($"there is no command \"{args[0]}\""),
        };
        return code;
    }
    catch (UsageException e)
    {
        Console.Error.WriteLine($"daedalusctl: {e.Message} (see --help)");
        return 2;
    }
    catch (Exception e) when (e is DeviceException or IOException or UnauthorizedAccessException or InvalidDataException)
    {
        Console.Error.WriteLine($"daedalusctl: {e.Message}");
        return 3;
    }
}
