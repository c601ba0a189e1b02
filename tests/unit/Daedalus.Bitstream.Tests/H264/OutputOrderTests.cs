// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Diagnostics;
using System.Globalization;
using Daedalus.Bitstream.H264;
using Daedalus.V4L2.Devices;
using Xunit;

namespace Daedalus.Bitstream.Tests.H264;

/// <summary>Number and order of output frames, compared with ffprobe's decoder (coded_picture_number of frames in output order).</summary>
public sealed class OutputOrderTests : IDisposable
{
    private readonly string _file = Path.Combine(Path.GetTempPath(), $"daedalus-order-{Guid.NewGuid():N}.264");

    public void Dispose() => File.Delete(_file);

    [Theory]
    [InlineData("", "keyint=12:bframes=3:b-pyramid=normal")]
    [InlineData("", "keyint=12:min-keyint=12:open-gop=1:bframes=4:b-pyramid=strict:no-scenecut=1")]
    [InlineData("", "keyint=15:bframes=16:ref=16:b-adapt=0")]
    [InlineData("", "keyint=10:bframes=0:intra-refresh=1")]
    [InlineData("", "bframes=2:weightp=2:ref=4:slices=3:aud=1")]
    [InlineData("+ilme+ildct", "keyint=12:open-gop=1:bframes=3:tff=1")]
    [InlineData("", "fake-interlaced=1:bframes=2")]
    [InlineData("", "bframes=3:stitchable=1:nal-hrd=vbr:vbv-maxrate=500:vbv-bufsize=500")]
    public void EncodedStreams(string flags, string options)
    {
        if (!TraceHeaders.Available)
            return;
        string[] flagArguments = flags.Length > 0 ? ["-flags", flags] : [];
        string log = TraceHeaders.Run(["-f", "lavfi", "-i", "testsrc2=size=112x96:rate=25", "-frames:v", "40", .. flagArguments,
            "-c:v", "libx264", "-preset", "veryfast", "-x264-params", options, _file]);
        Assert.True(File.Exists(_file), log);
        Compare(_file);
        // Joined in mid-stream: the first picture is missing.
        byte[] whole = File.ReadAllBytes(_file);
        File.WriteAllBytes(_file, WithoutFirstPicture(whole));
        Compare(_file);
    }

    public static TheoryData<string> Vectors()
    {
        string[] wanted =
        [
            "CABREF3_Sand_D", "CAPAMA3_Sand_F", "CVFI1_SVA_C", "CVFI2_SVA_C", "FRExt_MMCO4_Sony_B", "HCAFF1_HHI", "HCBP2_HHI_A", "MR1_BT_A", "MR1_MW_A",
            "MR2_TANDBERG_E", "MR3_TANDBERG_B", "MR4_TANDBERG_C", "MR5_TANDBERG_C", "NRF_MW_E", "FRExt2_Panasonic", "FRExt4_Panasonic", "MPS_MW_A", "SL1_SVA_B",
        ];
        string? directory = Environment.GetEnvironmentVariable("DAEDALUS_VECTORS");
        var data = new TheoryData<string>();
        if (directory != null && Directory.Exists(Path.Combine(directory, "h264")))
        {
            foreach (string file in Directory.GetFiles(Path.Combine(directory, "h264")).Order(StringComparer.Ordinal))
            {
                if (wanted.Contains(Path.GetFileNameWithoutExtension(file)))
                    data.Add(file);
            }
        }
        if (data.Count == 0)
            data.Add("");
        return data;
    }

    [Theory]
    [MemberData(nameof(Vectors))]
    public void ConformanceStreams(string file)
    {
        if (TraceHeaders.Available && file.Length > 0)
            Compare(file);
    }

    private static void Compare(string file)
    {
        int[] theirs = Ranks(Probe(file));
        using var sequencer = new H264Sequencer(new DummyDevice());
        var ours = new List<long>();
        // Pieces that end anywhere between pictures: one NAL unit a call.
        byte[] data = File.ReadAllBytes(file);
        int position = 0;
        while (H264NalUnits.TryNext(data, ref position, out int start, out int length))
        {
            sequencer.Decode(data.AsSpan(start - 3, length + 3), endsPicture: false);
            Take(false);
        }
        sequencer.Drain();
        Take(true);
        Assert.Equal(theirs, Ranks(ours));

        void Take(bool wait)
        {
            while (sequencer.TryGetOutput(wait, out H264Output output))
            {
                ours.Add(output.AccessUnit);
                sequencer.Release(output);
            }
        }
    }

    private static int[] Ranks(List<long> values)
    {
        var sorted = new List<long>(values);
        sorted.Sort();
        return [.. values.Select(v => sorted.IndexOf(v))];
    }

    private static List<long> Probe(string file)
    {
        var info = new ProcessStartInfo("ffprobe", ["-v", "quiet", "-select_streams", "v:0", "-show_entries", "frame=coded_picture_number", "-of", "csv=p=0", file]) { RedirectStandardOutput = true };
        using Process process = Process.Start(info)!;
        string text = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        var numbers = new List<long>();
        foreach (string line in text.Split('\n'))
        {
            // Frames with side data have a comma behind the number.
            if (long.TryParse(line.TrimEnd().TrimEnd(','), NumberStyles.None, CultureInfo.InvariantCulture, out long number))
                numbers.Add(number);
        }
        return numbers;
    }

    private static byte[] WithoutFirstPicture(byte[] data)
    {
        var kept = new List<byte>();
        int position = 0, pictures = 0;
        while (H264NalUnits.TryNext(data, ref position, out int start, out int length))
        {
            H264NalUnitType type = H264NalUnits.Type(data.AsSpan(start));
            bool slice = type is H264NalUnitType.Slice or H264NalUnitType.IdrSlice;
            if (slice && (data[start + 1] & 0x80) != 0)
                pictures++;
            if (!slice || pictures > 1)
                kept.AddRange([0, 0, 1, .. data.AsSpan(start, length)]);
        }
        return [.. kept];
    }
}
