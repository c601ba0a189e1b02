// SPDX-License-Identifier: LGPL-2.1-or-later
namespace Daedalus.Tool;

/// <summary>All commands. Help, manual page and shell completion are made from this table; a new command is an entry here and a class beside it.</summary>
internal static class CommandTable
{
    /// <summary>Taken by every command.</summary>
    public static readonly Option Help = new("help", null, "show what the command does and its options");

    /// <summary>Of every command that decodes.</summary>
    public static readonly Option[] DecodeOptions =
    [
        new("device", "NAME", "auto, embedded, kernel, /dev/videoN, /dev/mediaN, a V4L2 driver's name, dummy, or the path of libdaedalus-engine.so"),
        new("engine", "FILE", "the same as --device with the path of libdaedalus-engine.so"),
#if !DAEDALUS_AOT
        new("in-process", null, "the engine compiled into this program (just in time), for development"),
#endif
        new("threads", "N", "decoder threads, 0: one for each CPU (default 1)"),
        new("in-flight", "N", "requests kept in flight"),
        new("format", "F", "layout the device is asked for (default planar)", "planar", "i420", "nv12", "p010"),
        new("all-layers", null, "every shown frame of a superframe or temporal unit, not only the last or highest layer"),
        new("operating-point", "N", "AV1: which operating point of a scalable stream (default 0)"),
        new("no-grain", null, "AV1: pictures without film grain"),
    ];

    private static readonly Option s_limit = new("limit", "N", "stop after N frames");
    private static readonly Option s_jsonFlag = new("json", null, "the result as JSON on standard output");
    private static readonly Option s_quiet = new("quiet", null, "no progress bar on the terminal");
    private static readonly Option s_frames = new("frames", null, "a line for each frame: size, depth, MD5");

    /// <summary>The commands, in the order in which help lists them.</summary>
    public static readonly Command[] All =
    [
        new("decode", "FILE", "decode a file; raw planar frames if asked for",
            ["Decodes VP9, H.264 or AV1 straight through the stateless contract, without GStreamer, and says how many frames there were, how many failed, and how fast it was. "
                + "FILE is IVF, Annex B or OBUs; other containers are unpacked by ffmpeg where it is installed."],
            [
                new("o", "FILE", "write the visible frames as raw planes (\"-\": standard output)"),
                new("md5", null, "print the MD5 of all frames"),
                s_frames, s_limit, s_jsonFlag, s_quiet,
            ], "frames failed, were corrupted or refused", static o => DecodeCommand.Run(o, md5Only: false))
        {
            Decodes = true,
            Examples = [("decode --threads 0 film.ivf", "how fast it decodes with all CPUs"), ("decode -o - clip.h264 | ffplay -f rawvideo -video_size 640x360 -", "look at it")],
        },
        new("md5", "FILE", "MD5 of the decoded frames",
            ["Prints the MD5 of the visible samples of all frames: planes one after another without padding, one byte a sample at 8 bits, two little-endian bytes above."],
            [s_frames, s_limit, s_jsonFlag, s_quiet], "frames failed, were corrupted or refused", static o => DecodeCommand.Run(o, md5Only: true))
        { Decodes = true },
        new("compare", "FILE", "show where our output first differs from another decoder's",
            [
                "Decodes FILE beside an oracle and stops at the first frame that differs: frame, plane, block (superblock, macroblock) and sample, the samples around it, "
                    + "and a picture in which ours, the oracle's and the amplified difference stand side by side, whole above and the block enlarged below.",
                "The oracle is dav1d for AV1, vpxdec for VP9, ffmpeg for H.264 and where vpxdec is not installed; or a file of raw frames.",
            ],
            [
                new("oracle", "FILE", "raw frames to compare with, laid out as our output"),
                new("with", "PROGRAM", "the decoder to compare with", "vpxdec", "dav1d", "ffmpeg"),
                new("filters", "LIST", "AV1: the in-loop filters that dav1d applies (none, deblock, cdef, restoration, all)"),
                new("png", "FILE", "where the picture goes (default: FILE's name with -difference.png, in the current folder)"),
                new("no-png", null, "no picture"),
                s_jsonFlag, s_quiet,
            ], "a difference was found", CompareCommand.Run)
        {
            Decodes = true,
            Examples = [("compare broken.ivf", "against libvpx or dav1d"), ("compare --oracle reference.yuv --png why.png clip.h264", "against frames made elsewhere")],
        },
        new("headers", "FILE", "print the parsed headers, one line a frame or unit",
            ["Every header as name=value pairs, with the names of the specification. Nothing is decoded."],
            [], "a header could not be parsed", HeadersCommand.Run),
        new("conformance", "[DIR]", "decode a folder of test streams and compare their MD5s",
            ["Decodes the streams of DIR/manifest.json (default: $DAEDALUS_VECTORS) through the stateless contract. The manifest is described in docs/conformance.md."],
            [
                new("codec", "CODEC", "only streams of this codec", "vp9", "h264", "av1"),
                new("suite", "SUITE", "only this suite"),
                new("name", "TEXT", "only streams with TEXT in their name"),
                new("ivf-only", null, "only streams that need no demuxer (IVF, Annex B, OBUs)"),
                new("jobs", "N", "streams decoded at once (default: one for each CPU)"),
                new("shared-threads", "N", "streams share N threads of the engine, 0: one for each CPU; --threads says how many work for one at a time"),
                new("json", "FILE", "every outcome as JSON (\"-\": standard output)"),
                new("junit", "FILE", "every outcome as JUnit XML"),
                new("html", "FILE", "a page with plots and tables, in one file"),
                new("quiet", null, "no line for streams that do not fail"),
            ], "a stream failed", ConformanceCommand.Run)
        { Decodes = true },
        new("play", "FILE", "play a file through our element, with GStreamer",
            [
                "Runs gst-launch-1.0 with the element of FILE's codec: in a window where there is a display, as fast as it decodes where there is none. Says how many frames came out, how fast, and in which format.",
            ],
            [
                new("device", "NAME", "the element's device property: auto, embedded, kernel, a node or a driver's name"),
                new("threads", "N", "the element's n-threads property (default 0: one for each CPU)"),
                new("sink", "PIPELINE", "where pictures go, as gst-launch-1.0 takes it (default: a window, or fakesink)"),
                new("png", "FILE", "write the first frame"),
                new("md5", null, "decode once more for the MD5 of the output"),
                s_jsonFlag, s_quiet,
            ], "the pipeline failed, or no frame came", PlayCommand.Run)
        {
            Examples = [("play film.webm", "in a window"), ("play --sink \"videoconvert ! x264enc ! mp4mux ! filesink location=out.mp4\" film.webm", "into an encoder")],
        },
        new("bench", "[CLIP…]", "measure speed and memory beside other decoders",
            [
                "CPU seconds and wall seconds of whole processes, pinned to one CPU (1 thread) or two (2 threads), as ratios to FFmpeg through avdec_* in the same pipeline, "
                    + "of AV1 to dav1d's own program, and peak resident memory. All decoders of a round run within seconds, so that a machine that changes its pace changes it for all. "
                    + "Peers that are not installed are left out.",
                "CLIP is IVF (VP9, AV1) or Annex B (H.264); without one, the clips in $DAEDALUS_BENCH or one that ffmpeg makes.",
            ],
            [
                new("codec", "CODEC", "only this codec", "vp9", "h264", "av1"),
                new("runs", "N", "rounds; figures are medians (default 3)"),
                new("repeat", "N", "the clip N times in one process, so that its start weighs less"),
                new("json", "FILE", "every figure as JSON (\"-\": standard output)"),
                new("html", "FILE", "a page with plots and tables, in one file"),
                s_quiet,
            ], null, BenchCommand.Run)
        { Examples = [("bench --html speed.html", "all codecs, as a page to look at")] },
        new("trace", "PIPELINE…", "show which memory each link of a pipeline carries, and where it is copied",
            [
                "Runs a pipeline and says of each link which memory it carries and whether it is the memory of the link before. A link whose element gave out memory that it did not get is a copy, "
                    + "or what the element made: a decoder's picture, an encoder's data. Needs Python's GStreamer bindings.",
            ],
            [s_jsonFlag], "the pipeline failed", TraceCommand.Run)
        {
            TakesRest = true,
            Examples = [("trace filesrc location=in.ivf ! ivfparse ! vp9parse ! daedalusvp9dec ! videoconvert ! fakesink", "does videoconvert copy?")],
        },
        new("devices", "", "list the devices that can be opened, with formats and controls",
            ["The embedded engine and every stateless V4L2 decoder, each with what it says of itself."],
            [
                new("engine", "FILE", "path of libdaedalus-engine.so"),
                s_jsonFlag,
            ], "there is none", DevicesCommand.Run),
        new("topology", "[/dev/mediaN…]", "show entities, pads, links and interfaces of media devices",
            ["Those named, or all that can be opened. Of sub-devices whose kernel offers streams also the routes: pad/stream -> pad/stream."],
            [s_jsonFlag], "there is none", TopologyCommand.Run),
        new("status", "", "show what daedalusd decodes: streams, frames a second, latency, bytes",
            ["Asked over the daemon's socket, which root and the group daedalus may. Latency: from taking a frame to giving it back, of the last 512 frames."],
            [new("socket", "PATH", "the daemon's socket (default: /run/daedalus/status)"), s_jsonFlag], null, StatusCommand.Run),
        new("completion", "SHELL", "print the completion of a shell",
            ["Packages install it; by hand: . <(daedalusctl completion bash), daedalusctl completion zsh >_daedalusctl in a folder of $fpath, daedalusctl completion fish >~/.config/fish/completions/daedalusctl.fish."],
            [], null, Completion.Run)
        { ArgumentValues = ["bash", "zsh", "fish"] },
        new("man", "", "print the manual page",
            ["The page daedalusctl(1) as it is installed, made from the same table as this help; daedalusctl man | man -l - shows it."],
            [], null, ManPage.Run),
        new("help", "[COMMAND]", "show this list, or what a command does",
            ["The same as COMMAND --help."],
            [], null, HelpText.Run),
    ];

    /// <summary>The command of a name, or null.</summary>
    public static Command? Find(string name) => Array.Find(All, c => c.Name == name);
}
