// SPDX-License-Identifier: LGPL-2.1-or-later
using Daedalus.Bitstream.H264;
using Xunit;

namespace Daedalus.Bitstream.Tests.H264;

public class SeiTests
{
    private static byte[] Nal(params (int Type, byte[] Payload)[] messages)
    {
        var bytes = new List<byte> { 6 };
        foreach ((int type, byte[] payload) in messages)
        {
            foreach (int number in new[] { type, payload.Length })
            {
                int rest = number;
                for (; rest >= 255; rest -= 255)
                    bytes.Add(255);
                bytes.Add((byte)rest);
            }
            bytes.AddRange(payload);
        }
        bytes.Add(0x80);
        return [.. bytes];
    }

    private static H264Sei Parse(byte[] nal)
    {
        var sei = new H264Sei();
        Assert.True(H264SeiParser.TryParse(nal, sei, out H264ParseError error), error.ToString());
        return sei;
    }

    [Fact]
    public void SeveralMessages()
    {
        H264Sei sei = Parse(Nal(
            (5, new byte[600]),
            (6, new H264BitWriter().Ue(12).U(2, 0b10).U(2, 1).Trailing()),
            (137, new H264BitWriter().U(16, 13250).U(16, 34500).U(16, 7500).U(16, 3000).U(16, 34000).U(16, 16000).U(16, 15635).U(16, 16450).U(32, 10000000).U(32, 50).Bytes()),
            (144, [3, 0xe8, 1, 0x90]),
            (147, [18]),
            (200, [1, 2, 3]),
            (47, new H264BitWriter().U(1, 0).U(2, 0b10).U(16, 0x4000).Ue(1).U(1, 0).Trailing()),
            (45, new H264BitWriter().Ue(3).U(1, 0).U(7, 3).U(1, 0).U(6, 1).U(6, 0b000100).U(16, 0).U(8, 0).Ue(1).U(1, 0).Trailing())));
        Assert.Equal(new H264RecoveryPoint(12, true, false, 1), sei.RecoveryPoint);
        Assert.Equal(new H264MasteringDisplay(13250, 34500, 7500, 3000, 34000, 16000, 15635, 16450, 10000000, 50), sei.MasteringDisplay);
        Assert.Equal(new H264ContentLight(1000, 400), sei.ContentLight);
        Assert.Equal((byte?)18, sei.AlternativeTransfer);
        Assert.Equal(new H264DisplayOrientation(false, true, false, 0x4000, 1), sei.DisplayOrientation);
        Assert.Equal(new H264FramePacking(3, false, 3, false, 1, false, false, false, true, 1), sei.FramePacking);
        sei.Clear();
        Assert.True(sei.RecoveryPoint == null && sei.MasteringDisplay == null && sei.FramePacking == null && sei.Captions.IsEmpty && !sei.HasPicTiming);
    }

    [Fact]
    public void CaptionsAndActiveFormat()
    {
        byte[] captions = [0xb5, 0, 0x31, .. "GA94"u8, 3, 0x42, 0xff, 0xfc, 1, 2, 0xfd, 3, 4, 0xff];
        H264Sei sei = Parse(Nal((4, captions), (4, [0xb5, 0, 0x31, .. "DTG1"u8, 0x41, 0xfa]), (4, captions)));
        Assert.Equal([0xfc, 1, 2, 0xfd, 3, 4, 0xfc, 1, 2, 0xfd, 3, 4], sei.Captions.ToArray());
        Assert.Equal((byte?)10, sei.ActiveFormat);
        // process_cc_data_flag 0; another provider; a count beyond the payload.
        Assert.True(Parse(Nal((4, [0xb5, 0, 0x31, .. "GA94"u8, 3, 2, 0xff, 0xfc, 1, 2, 0xfd, 3, 4, 0xff]))).Captions.IsEmpty);
        Assert.True(Parse(Nal((4, [0xb5, 0, 0x2f, 3, 0x42, 0xff, 0xfc, 1, 2, 0xfd, 3, 4, 0xff]))).Captions.IsEmpty);
        Assert.False(H264SeiParser.TryParse(Nal((4, captions[..12])), new H264Sei(), out H264ParseError error));
        Assert.Equal("user_data_registered_itu_t_t35", error.Element);
    }

    [Fact]
    public void PicTimingNeedsTheVui()
    {
        // Delays of 10 and 5 bits, pic_struct 5 (three clock timestamps, the second not sent), time_offset of 8 bits.
        H264BitWriter w = new H264BitWriter().U(10, 700).U(5, 21).U(4, 5);
        w.U(1, 1).U(2, 1).U(1, 1).U(5, 4).U(1, 1).U(1, 0).U(1, 1).U(8, 24).U(6, 59).U(6, 58).U(5, 23).U(8, 0xfe);
        w.U(1, 0);
        w.U(1, 1).U(2, 0).U(1, 0).U(5, 0).U(1, 0).U(1, 0).U(1, 0).U(8, 7).U(1, 1).U(6, 5).U(1, 0).U(8, 3);
        H264Sei sei = Parse(Nal((1, w.Trailing())));
        Assert.True(sei.HasPicTiming);
        H264Sps sps = new() { HasVui = true };
        sps.Vui.HasNalHrd = sps.Vui.PicStructPresent = true;
        (sps.Vui.CpbRemovalDelayLength, sps.Vui.DpbOutputDelayLength, sps.Vui.TimeOffsetLength) = (10, 5, 8);
        for (int i = 0; i < 2; i++)
        {
            Assert.True(sei.ResolvePicTiming(sps));
            Assert.Equal((H264PicStruct.TopBottomTop, 700u, 21u), (sei.PicStruct, sei.CpbRemovalDelay, sei.DpbOutputDelay));
            Assert.Equal([new H264ClockTimestamp(1, true, 4, false, true, 24, 23, 58, 59, -2), new H264ClockTimestamp(0, false, 0, false, false, 7, -1, -1, 5, 3)], sei.ClockTimestamps.ToArray());
        }
        sps.Vui.PicStructPresent = false;
        Assert.True(sei.ResolvePicTiming(sps));
        Assert.Null(sei.PicStruct);
        Assert.False(new H264Sei().ResolvePicTiming(sps));
    }

    [Fact]
    public void DamagedMessages()
    {
        var sei = new H264Sei();
        Assert.False(H264SeiParser.TryParse([6, 6, 200, 1, 0x80], sei, out H264ParseError error));
        Assert.Equal((H264ParseReason.Truncated, "payload_size"), (error.Reason, error.Element));
        Assert.False(H264SeiParser.TryParse(Nal((137, new byte[5]), (147, [16])), sei, out error));
        Assert.Equal("mastering_display_colour_volume", error.Element);
        Assert.Null(sei.MasteringDisplay);
        Assert.Equal((byte?)16, sei.AlternativeTransfer);
        Assert.False(H264SeiParser.TryParse([6, 255, 255], sei, out _));
        Assert.False(H264SeiParser.TryParse([], sei, out error));
        Assert.Equal(H264ParseReason.WrongNalUnit, error.Reason);
        // A payload that itself ends in 0x80 0x00, without trailing bits.
        sei.Clear();
        Assert.True(H264SeiParser.TryParse([6, 144, 4, 1, 2, 0x80, 0], sei, out error), error.ToString());
        Assert.Equal(new H264ContentLight(0x102, 0x8000), sei.ContentLight);
    }
}
