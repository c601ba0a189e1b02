// SPDX-License-Identifier: LGPL-2.1-or-later
using Daedalus.Bitstream.H264;
using Xunit;

namespace Daedalus.Bitstream.Tests.H264;

public class FramingTests
{
    private static byte[][] Units(byte[] data)
    {
        var units = new List<byte[]>();
        int position = 0;
        while (H264NalUnits.TryNext(data, ref position, out int start, out int length))
            units.Add(data[start..(start + length)]);
        return [.. units];
    }

    [Fact]
    public void StartCodesOfBothLengthsAndTrailingZeros()
    {
        byte[][] units = Units([0xff, 0, 0, 0, 1, 0x67, 1, 2, 0, 0, 0, 0, 1, 0x68, 3, 0, 0, 1, 0, 0, 1, 0x65, 4, 0, 0]);
        Assert.Equal([[0x67, 1, 2], [0x68, 3], [0x65, 4]], units);
    }

    [Theory]
    [InlineData(new byte[0])]
    [InlineData(new byte[] { 0, 0 })]
    [InlineData(new byte[] { 0, 0, 1 })]
    [InlineData(new byte[] { 0, 0, 1, 0, 0, 0 })]
    [InlineData(new byte[] { 1, 2, 3 })]
    public void NothingThere(byte[] data) => Assert.Empty(Units(data));

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(4)]
    public void LengthPrefixes(int size)
    {
        byte[] Prefix(int length) => [.. Enumerable.Range(0, size).Select(i => (byte)(i == size - 1 ? length : 0))];
        byte[] data = [.. Prefix(2), 0x67, 9, .. Prefix(0), .. Prefix(3), 0x65, 8, 7, .. Prefix(200), 0x41];
        byte[] annexB = new byte[H264NalUnits.MaxAnnexBSize(data.Length, size)];
        annexB = annexB[..H264NalUnits.ToAnnexB(data, size, annexB)];
        // The last unit claims more than there is.
        Assert.Equal([0, 0, 0, 1, 0x67, 9, 0, 0, 0, 1, 0x65, 8, 7, 0, 0, 0, 1, 0x41], annexB);
    }

    [Fact]
    public void EmulationPrevention()
    {
        byte[] plain = new byte[16];
        int n = H264NalUnits.Unescape([0x65, 0, 0, 3, 1, 0, 0, 3, 0, 0, 3, 3, 0, 0, 3], plain);
        Assert.Equal([0x65, 0, 0, 1, 0, 0, 0, 0, 3, 0, 0], plain[..n]);
        // A full destination ends it at any place.
        for (int size = 0; size < n; size++)
        {
            byte[] part = new byte[size];
            Assert.Equal(size, H264NalUnits.Unescape([0x65, 0, 0, 3, 1, 0, 0, 3, 0, 0, 3, 3, 0, 0, 3], part));
            Assert.Equal(plain[..size], part);
        }
    }

    [Fact]
    public void ExpGolomb()
    {
        // Tables 9-1..9-3.
        var r = new H264BitReader(new H264BitWriter().U(1, 1).U(3, 0b010).U(3, 0b011).U(5, 0b00100).U(7, 0b0001001).U(1, 1).U(3, 0b010).U(3, 0b011).U(5, 0b00100).U(5, 0b00101).U(1, 0).U(1, 1).U(3, 0b011).Trailing());
        Assert.Equal([0u, 1u, 2u, 3u, 8u], new[] { r.Ue(), r.Ue(), r.Ue(), r.Ue(), r.Ue() });
        Assert.Equal([0, 1, -1, 2, -2], new[] { r.Se(), r.Se(), r.Se(), r.Se(), r.Se() });
        Assert.Equal([1u, 0u, 2u], new[] { r.Te(1), r.Te(1), r.Te(2) });
        Assert.False(r.Overrun);
        Assert.False(r.MoreRbspData());
    }

    [Fact]
    public void LongCodesAtEveryAlignment()
    {
        for (int shift = 0; shift < 8; shift++)
        {
            var r = new H264BitReader(new H264BitWriter().U(shift, 0).Ue(uint.MaxValue - 1, uint.MaxValue, 0x12345678).U(32, 0xdeadbeef).Trailing(), shift);
            Assert.Equal(uint.MaxValue - 1, r.Ue());
            Assert.Equal(uint.MaxValue, r.Ue());
            Assert.Equal(0x12345678u, r.Ue());
            Assert.True(r.MoreRbspData());
            Assert.Equal(0xdeadbeefu, r.Bits(32));
            Assert.False(r.Overrun || r.MoreRbspData());
        }
    }

    [Fact]
    public void NothingIsReadBeyondTheEnd()
    {
        var r = new H264BitReader([0x80]);
        Assert.Equal(0x80u, r.Bits(8));
        Assert.False(r.Overrun);
        Assert.Equal(0u, r.Bits(1));
        Assert.True(r.Overrun);
        var zeros = new H264BitReader(new byte[40]);
        Assert.Equal(0u, zeros.Ue());
        Assert.True(zeros.Overrun);
        var cut = new H264BitReader([0x08]);
        cut.Ue();
        Assert.True(cut.Overrun);
    }

    [Fact]
    public void DecoderConfiguration()
    {
        byte[] record = [1, 100, 0, 31, 0xff, 0xe1, 0, 3, 0x67, 100, 0, 2, 0, 2, 0x68, 1, 0, 1, 0x68, 0xfd, 0xf8, 0xf8, 0];
        Assert.True(H264DecoderConfiguration.TryParse(record, out H264DecoderConfiguration? c, out _));
        Assert.Equal((100, 31, 4), (c.ProfileIdc, c.LevelIdc, c.LengthSize));
        Assert.Equal([[0x67, 100, 0], [0x68, 1], [0x68]], c.ParameterSets);
        for (int i = 0; i < record.Length; i++)
            Assert.Equal(i >= 6, H264DecoderConfiguration.TryParse(record.AsSpan(0, i), out _, out _));
        record[0] = 0;
        Assert.False(H264DecoderConfiguration.TryParse(record, out _, out H264ParseError error));
        Assert.Equal(H264ParseReason.Unsupported, error.Reason);
    }
}
