// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Buffers;
using System.Runtime.InteropServices;
using Daedalus.Bitstream.Av1;
using Daedalus.Bitstream.Tests.H264;
using Daedalus.V4L2.Controls;
using Daedalus.V4L2.Devices;
using Xunit;

namespace Daedalus.Bitstream.Tests.Av1;

public sealed unsafe class SequencerTests : IDisposable
{
    // 64 × 64, 8 bits, 4:2:0, one operating point, nothing enabled: still picture with a reduced header.
    private static readonly byte[] s_sequence = Obu(1, Bits("000 1 1 00000 0101 0101 111111 111111 0 0 0 0 0 0 0 0 0 0 00 0 0 1"));
    private static readonly byte[] s_delimiter = [0x12, 0];
    // disable_cdf_update 0, allow_screen_content_tools 0, render_and_frame_size_different 0, uniform 1 (one tile), base_q_idx 128, no deltas, no qmatrix,
    // no segmentation, no delta_q, filter levels 0 and 0, sharpness 0, deltas off, tx_mode_select 0, reduced_tx_set 0.
    private static readonly byte[] s_frame = Obu(6, [.. Bits("0 0 0 1 10000000 0 0 0 0 0 0 000000 000000 000 0 0 0"), 1, 2, 3, 4]);

    private readonly string _file = Path.Combine(Path.GetTempPath(), $"daedalus-{Guid.NewGuid():N}.obu");

    public void Dispose() => File.Delete(_file);

    private static byte[] Bits(string text)
    {
        text = text.Replace(" ", "", StringComparison.Ordinal);
        text = text.PadRight((text.Length + 7) & ~7, '0');
        return [.. Enumerable.Range(0, text.Length / 8).Select(i => Convert.ToByte(text.Substring(i * 8, 8), 2))];
    }

    private static byte[] Obu(int type, byte[] payload) => [(byte)(type << 3 | 2), (byte)payload.Length, .. payload];

    private static List<Av1Output> Take(Av1Sequencer sequencer)
    {
        var outputs = new List<Av1Output>();
        while (sequencer.TryGetOutput(true, out Av1Output output))
        {
            outputs.Add(output);
            sequencer.Release(output);
        }
        return outputs;
    }

    [Fact]
    public void StillPicture()
    {
        var device = new DummyDevice(new DummyOptions(KeepBitstream: true));
        using var sequencer = new Av1Sequencer(device, new Av1SequencerOptions(Failed: (_, reason) => Assert.Fail(reason)));
        sequencer.Decode([.. s_delimiter, .. s_sequence, .. s_frame]);
        sequencer.Drain();
        Av1Output output = Assert.Single(Take(sequencer));
        Assert.Equal(new CodedGeometry(64, 64, 8, 1, 1), output.Geometry);
        Assert.True(output.IsKey);
        DummyRequest request = Assert.Single(device.LastSession!.Requests);
        Assert.Equal([1, 2, 3, 4], request.Bitstream);
        var entry = MemoryMarshal.Read<V4L2CtrlAv1TileGroupEntry>(request.Controls[2].Payload);
        Assert.Equal((0u, 4u), (entry.TileOffset, entry.TileSize));
        var frame = MemoryMarshal.Read<V4L2CtrlAv1Frame>(request.Controls[1].Payload);
        Assert.Equal((16u, 255, 128), (frame.TileInfo.MiColStarts[1], frame.RefreshFrameFlags, frame.Quantization.BaseQIdx));
    }

    [Fact]
    public void TilesAndHeaderInSeparateCalls()
    {
        byte[] header = Obu(3, [.. s_frame[2..^4]]);
        byte[] tiles = Obu(4, [1, 2, 3, 4]);
        var device = new DummyDevice(new DummyOptions(KeepBitstream: true));
        using var sequencer = new Av1Sequencer(device);
        sequencer.Decode([.. s_delimiter, .. s_sequence, .. header], false);
        sequencer.Decode([.. header], false);
        sequencer.Decode(tiles, false);
        Assert.Equal(1, sequencer.QueuedOutputs);
        sequencer.Drain();
        Assert.Single(Take(sequencer));
        Assert.Equal([1, 2, 3, 4], Assert.Single(device.LastSession!.Requests).Bitstream);
    }

    [Fact]
    public void AnnexBBecomesSection5()
    {
        // Inside a frame unit no OBU needs a size field.
        byte[] delimiter = [0x10], sequence = [(byte)(s_sequence[0] & ~2), .. s_sequence[2..]], frame = [(byte)(s_frame[0] & ~2), .. s_frame[2..]];
        byte[] unit = [(byte)(3 + delimiter.Length + sequence.Length + frame.Length), 1, .. delimiter, (byte)sequence.Length, .. sequence, (byte)frame.Length, .. frame];
        byte[] file = [(byte)unit.Length, .. unit];
        Assert.True(Av1AnnexB.LooksLikeAnnexB(file));
        Assert.False(Av1TemporalUnits.LooksLikeSection5(file));
        byte[] expected = [.. s_delimiter, .. s_sequence, .. s_frame];
        Assert.False(Av1AnnexB.LooksLikeAnnexB(expected));
        Assert.True(Av1TemporalUnits.LooksLikeSection5(expected));
        int position = 0;
        Assert.True(Av1AnnexB.TryNextTemporalUnit(file, ref position, out int start, out int size));
        var output = new ArrayBufferWriter<byte>();
        Assert.True(Av1AnnexB.ToSection5(file.AsSpan(start, size), output));
        Assert.Equal(expected, output.WrittenSpan.ToArray());
        Assert.False(Av1AnnexB.TryNextTemporalUnit(file, ref position, out _, out _));
    }

    [Theory]
    [InlineData("-lag-in-frames 19 -cpu-used 8")]
    [InlineData("-lag-in-frames 0 -cpu-used 8 -tiles 2x1")]
    public void EveryShownFrameIsOutputAndDamageNeverThrows(string options)
    {
        if (!TraceHeaders.Available)
            return;
        TraceHeaders.Run(["-f", "lavfi", "-i", "testsrc2=s=192x128:d=0.4", "-c:v", "libaom-av1", .. options.Split(' '), "-f", "obu", _file]);
        if (!File.Exists(_file) || new FileInfo(_file).Length == 0)
            return;
        byte[] data = File.ReadAllBytes(_file);
        Assert.Equal(10, Run(data, out int refused));
        Assert.Equal(0, refused);
        var random = new Random(1);
        for (int i = 0; i < 60; i++)
        {
            byte[] damaged = [.. data];
            for (int k = 0; k < 20; k++)
                damaged[random.Next(damaged.Length)] = (byte)random.Next(256);
            Run(damaged, out _);
        }
    }

    private static int Run(byte[] data, out int refused)
    {
        using var sequencer = new Av1Sequencer(new DummyDevice());
        int position = 0, outputs = 0;
        while (Av1TemporalUnits.TryNext(data, ref position, out int start, out int size))
        {
            sequencer.Decode(data.AsSpan(start, size));
            outputs += Take(sequencer).Count;
        }
        sequencer.Drain();
        outputs += Take(sequencer).Count;
        refused = sequencer.Refused;
        return outputs;
    }
}
