// SPDX-License-Identifier: LGPL-2.1-or-later
namespace Daedalus.Fuzz;

/// <summary>The command line.</summary>
internal sealed class Options
{
    public long Inputs = 20000, First;
    public ulong Seed = 1;
    public int Chunk = 2000, Jobs = Math.Clamp(Environment.ProcessorCount, 1, 8), Starve;
    public double Limit = 30;
    public string Device = "auto", Codec = "vp9";
    public string? Vectors, CorpusFile;
    public bool Worker, Verbose, Guard = true;

    public const string Usage = """
        daedalus-fuzz [--codec vp9|h264|av1] [--inputs N] [--seed S] [--first N] [--device auto|in-process|dummy|PATH] [--vectors FOLDER]
                      [--corpus FILE] [--chunk N] [--jobs N] [--limit SECONDS] [--starve N] [--no-guard] [--verbose]
        Decodes damaged streams and controls under guard pages. Every input must end in an error or in frames, flagged or complete.
          --codec     what the streams are (vp9)
          --inputs    how many (20000)
          --seed      another seed, other inputs (1)
          --first     number of the first input: with a fault's number and --inputs 16 the fault is seen again
          --device    the engine ($DAEDALUS_ENGINE or beside this checkout), the engine compiled just in time, ...
          --vectors   folder with a manifest.json ($DAEDALUS_VECTORS, ../shared/vectors or out/streams)
          --corpus    file that keeps the streams of that folder; made when it is not there
          --chunk     inputs for each child process (2000)
          --jobs      child processes at a time (one for each CPU)
          --limit     seconds an input may take (30)
          --starve    one in N of the engine's large allocations fails
          --no-guard  no guard pages around the engine's own heap blocks
        """;

    /// <summary>Null when there is nothing to run.</summary>
    public static Options? Parse(string[] args)
    {
        var o = new Options();
        for (int i = 0; i < args.Length; i++)
        {
            string name = args[i];
            switch (name)
            {
                case "--worker":
                    o.Worker = true;
                    continue;
                case "--verbose":
                    o.Verbose = true;
                    continue;
                case "--no-guard":
                    o.Guard = false;
                    continue;
            }
            if (i + 1 == args.Length)
                return null;
            string value = args[++i];
            switch (name)
            {
                case "--inputs":
                    o.Inputs = long.Parse(value);
                    break;
                case "--first":
                    o.First = long.Parse(value);
                    break;
                case "--seed":
                    o.Seed = ulong.Parse(value);
                    break;
                case "--chunk":
                    o.Chunk = Math.Max(1, int.Parse(value) / Fuzz.Worker.GroupSize) * Fuzz.Worker.GroupSize;
                    break;
                case "--jobs":
                    o.Jobs = Math.Clamp(int.Parse(value), 1, 64);
                    break;
                case "--limit":
                    o.Limit = double.Parse(value);
                    break;
                case "--starve":
                    o.Starve = int.Parse(value);
                    break;
                case "--device":
                    o.Device = value;
                    break;
                case "--codec":
                    o.Codec = value;
                    break;
                case "--vectors":
                    o.Vectors = value;
                    break;
                case "--corpus":
                    o.CorpusFile = value;
                    break;
                default:
                    return null;
            }
        }
        // Sessions are shared by a group: a run begins with one.
        o.First = o.First / Fuzz.Worker.GroupSize * Fuzz.Worker.GroupSize;
        return o;
    }
}
