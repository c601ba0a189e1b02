// SPDX-License-Identifier: LGPL-2.1-or-later
using Daedalus.V4L2;
using Daedalus.V4L2.Devices;

namespace Daedalus.Tool;

/// <summary>Consumer of decoded pictures, called in output order. False stops decoding.</summary>
internal delegate bool PictureHandler(in DecodedPicture output);

/// <summary>Decodes whole files on a device.</summary>
internal static class DecodeSession
{
    /// <summary>What came of a file.</summary>
    public sealed record Result(int AccessUnits, int Frames, int FailedFrames, int CorruptedFrames, int Refused, string? FirstProblem, bool Truncated)
    {
        public bool Clean => FailedFrames == 0 && CorruptedFrames == 0 && Refused == 0;
    }

    /// <summary>The device the options name.</summary>
    public static IStatelessDevice OpenDevice(CommandLine options)
    {
        int shared = options.GetInt("shared-threads", -1);
#if !DAEDALUS_AOT
        if (options.Has("in-process"))
            return InProcessDevice.Open(shared);
#endif
        if (shared >= 0)
            return EmbeddedDevice.Open(options.Get("engine"), shared);
        return DeviceRegistry.Open(options.Get("engine") ?? options.Get("device"));
    }

    /// <summary>Decoding options of the command line.</summary>
    public static SessionSettings Settings(CommandLine options, Action<long, string>? failed = null)
    {
        uint format = options.Get("format") switch
        {
            null or "planar" or "i420" => 0,
            "nv12" => PixelFormat.Nv12,
            "p010" => PixelFormat.P010,
            string other => throw new UsageException($"--format does not know {other}"),
        };
        return new SessionSettings(options.GetInt("threads", 1), options.GetInt("in-flight", 0), format, options.Has("all-layers"), options.Has("frames"), failed,
            options.GetInt("operating-point", 0), !options.Has("no-grain"));
    }

    /// <summary>Decodes a file. Frames whose request failed are not given to the handler, corrupted ones are.</summary>
    public static Result Run(IStatelessDevice device, SessionSettings settings, string file, PictureHandler handler, Progress? progress = null)
    {
        using AccessUnitReader reader = AccessUnitReader.Open(file);
        return Run(device, settings, reader, handler, progress);
    }

    /// <summary>The same of a file that is open.</summary>
    public static Result Run(IStatelessDevice device, SessionSettings settings, AccessUnitReader reader, PictureHandler handler, Progress? progress = null)
    {
        string? problem = null;
        int units = 0, frames = 0, failed = 0, corrupted = 0;
        Action<long, string>? report = settings.Failed;
        settings = settings with
        {
            Failed = (unit, reason) =>
            {
                problem ??= $"access unit {unit}: {reason}";
                report?.Invoke(unit, reason);
            },
        };
        int depth = settings.Threads == 1 ? 0 : 8;
        using ICodecSession session = reader.Codec switch
        {
            StreamCodec.Vp9 => new Vp9Session(device, settings),
            StreamCodec.Av1 => new Av1Session(device, settings),
            _ => new H264Session(device, settings),
        };
        bool go = true;
        while (go && reader.TryRead(out ReadOnlySpan<byte> unit))
        {
            units++;
            session.Decode(unit, reader.EndsPicture);
            go = Take(depth);
            progress?.Show(reader.Fraction, frames);
        }
        if (go)
        {
            session.Drain();
            Take(0);
        }
        return new Result(units, frames, failed, corrupted, session.Refused, problem, reader.Truncated);

        bool Take(int keep)
        {
            while (session.TryGetOutput(session.QueuedOutputs > keep, out DecodedPicture output))
            {
                bool more = true;
                if (output.Status != 0)
                {
                    failed++;
                    problem ??= $"access unit {output.AccessUnit}: errno {-output.Status}";
                }
                else
                {
                    frames++;
                    if (output.Corrupted)
                    {
                        corrupted++;
                        problem ??= $"access unit {output.AccessUnit}: corrupted";
                    }
                    more = handler(output);
                }
                session.Release();
                if (!more)
                    return false;
            }
            return true;
        }
    }
}
