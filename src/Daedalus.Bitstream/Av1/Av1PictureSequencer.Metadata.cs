// SPDX-License-Identifier: LGPL-2.1-or-later
namespace Daedalus.Bitstream.Av1;

/// <summary>Metadata OBUs (spec 5.8) that matter to a player.</summary>
public sealed unsafe partial class Av1PictureSequencer<T>
{
    private void TakeMetadata(ReadOnlySpan<byte> payload)
    {
        int position = 0;
        if (!Av1ObuReader.TryReadLeb128(payload, ref position, out int type))
            return;
        ReadOnlySpan<byte> body = payload[position..];
        var r = new Av1BitReader(body);
        switch (type)
        {
            case 1:
                var level = new Av1ContentLightLevel((int)r.Bits(16), (int)r.Bits(16));
                if (!r.Overrun)
                    _contentLight = level;
                break;
            case 2:
                var display = new Av1MasteringDisplay((int)r.Bits(16), (int)r.Bits(16), (int)r.Bits(16), (int)r.Bits(16), (int)r.Bits(16), (int)r.Bits(16),
                    (int)r.Bits(16), (int)r.Bits(16), r.Bits(32), r.Bits(32));
                if (!r.Overrun)
                    _mastering = display;
                break;
            case 4:
                TakeT35(body);
                break;
        }
    }

    private void TakeT35(ReadOnlySpan<byte> body)
    {
        // The last byte that is not 0 holds the trailing bit.
        int end = body.TrimEnd((byte)0).Length - 1;
        int start = body.Length > 0 && body[0] == 0xff ? 2 : 1;
        if (end < start)
            return;
        (_t35 ??= []).Add(new Av1T35(body[0], start == 2 ? body[1] : 0, body[start..end].ToArray()));
    }
}
