// SPDX-License-Identifier: LGPL-2.1-or-later
namespace Daedalus.Bitstream.Tests;

/// <summary>Writes VP9 frames field by field, in the order of spec 6.2; only what the tests vary can be set.</summary>
internal sealed class Vp9Builder
{
    public int Profile { get; init; }
    public bool Key { get; init; } = true;
    public bool Show { get; init; } = true;
    public bool ErrorResilient { get; init; }
    public bool IntraOnly { get; init; }
    public int ResetFrameContext { get; init; }
    public int Width { get; init; } = 64;
    public int Height { get; init; } = 64;
    public (int Width, int Height)? Render { get; init; }
    public int ColorSpace { get; init; } = 2;
    public int Refresh { get; init; } = 1;
    public int[] References { get; init; } = [0, 1, 2];
    public int SignBias { get; init; }
    /// <summary>Reference whose size is taken, or -1 for an explicit size.</summary>
    public int SizeFromReference { get; init; } = -1;
    public int Filter { get; init; } = 0;
    public int BaseQIdx { get; init; } = 60;
    public int?[]? LoopFilterDeltas { get; init; }
    public (int Segment, int Feature, int Value)[]? Features { get; init; }
    public bool KeepSegmentation { get; init; }
    public int HeaderSize { get; init; } = -1;
    public byte[]? Compressed { get; init; }
    public int TileBytes { get; init; } = 1;

    public static byte[] EmptyCompressedHeader
    {
        get
        {
            var w = new BoolWriter();
            w.Literal(0, 2);
            for (int i = 0; i < 1000; i++)
                w.Bool(0, 252);
            return w.ToArray();
        }
    }

    public static byte[] ShowExisting(int slot) => new BitWriter().Put(2, 2).Put(0, 2).Put(1, 1).Put(slot, 3).ToArray();

    public byte[] ToArray()
    {
        var w = new BitWriter();
        w.Put(2, 2).Put(Profile & 1, 1).Put(Profile >> 1, 1);
        if (Profile == 3)
            w.Put(0, 1);
        w.Put(0, 1).Put(Key ? 0 : 1, 1).Put(Show ? 1 : 0, 1).Put(ErrorResilient ? 1 : 0, 1);
        if (Key)
        {
            w.Put(0x498342, 24);
            PutColor(w);
            PutSize(w);
        }
        else
        {
            if (!Show)
                w.Put(IntraOnly ? 1 : 0, 1);
            if (!ErrorResilient)
                w.Put(ResetFrameContext, 2);
            if (IntraOnly)
            {
                w.Put(0x498342, 24);
                if (Profile > 0)
                    PutColor(w);
                w.Put(Refresh, 8);
                PutSize(w);
            }
            else
            {
                w.Put(Refresh, 8);
                for (int i = 0; i < 3; i++)
                    w.Put(References[i], 3).Put(SignBias >> i & 1, 1);
                for (int i = 0; i < 3; i++)
                {
                    w.Put(i == SizeFromReference ? 1 : 0, 1);
                    if (i == SizeFromReference)
                        break;
                }
                if (SizeFromReference < 0)
                    w.Put(Width - 1, 16).Put(Height - 1, 16);
                PutRender(w);
                w.Put(1, 1);
                if (Filter == 4)
                    w.Put(1, 1);
                else
                    w.Put(0, 1).Put(Filter, 2);
            }
        }
        if (!ErrorResilient)
            w.Put(1, 1).Put(0, 1);
        w.Put(2, 2);
        w.Put(10, 6).Put(3, 3);
        if (LoopFilterDeltas is { } deltas)
        {
            w.Put(1, 1).Put(1, 1);
            foreach (int? d in deltas)
            {
                w.Put(d.HasValue ? 1 : 0, 1);
                if (d is { } v)
                    w.Put(Math.Abs(v), 6).Put(v < 0 ? 1 : 0, 1);
            }
        }
        else
        {
            w.Put(1, 1).Put(0, 1);
        }
        w.Put(BaseQIdx, 8).Put(0, 3);
        PutSegmentation(w);
        int sb = (Width + 63) / 64;
        // Stop at the minimum number of tile columns wherever a choice is coded.
        if (sb >= 8)
            w.Put(0, 1);
        w.Put(0, 1);
        byte[] compressed = Compressed ?? EmptyCompressedHeader;
        w.Put(HeaderSize >= 0 ? HeaderSize : compressed.Length, 16);
        return [.. w.ToArray(), .. compressed, .. new byte[TileBytes]];
    }

    private void PutColor(BitWriter w)
    {
        if (Profile >= 2)
            w.Put(1, 1);
        w.Put(ColorSpace, 3);
        if (ColorSpace != 7)
        {
            w.Put(1, 1);
            if ((Profile & 1) != 0)
                w.Put(1, 1).Put(0, 1).Put(0, 1);
        }
        else if ((Profile & 1) != 0)
        {
            w.Put(0, 1);
        }
    }

    private void PutSize(BitWriter w)
    {
        w.Put(Width - 1, 16).Put(Height - 1, 16);
        PutRender(w);
    }

    private void PutRender(BitWriter w)
    {
        w.Put(Render.HasValue ? 1 : 0, 1);
        if (Render is { } r)
            w.Put(r.Width - 1, 16).Put(r.Height - 1, 16);
    }

    private void PutSegmentation(BitWriter w)
    {
        if (Features == null)
        {
            w.Put(KeepSegmentation ? 1 : 0, 1);
            if (KeepSegmentation)
                w.Put(0, 2);
            return;
        }
        w.Put(1, 1).Put(0, 1).Put(1, 1).Put(1, 1);
        int[] bits = [8, 6, 2, 0];
        for (int s = 0; s < 8; s++)
        {
            for (int f = 0; f < 4; f++)
            {
                int at = Array.FindIndex(Features, e => e.Segment == s && e.Feature == f);
                w.Put(at >= 0 ? 1 : 0, 1);
                if (at < 0)
                    continue;
                w.Put(Math.Abs(Features[at].Value), bits[f]);
                if (f < 2)
                    w.Put(Features[at].Value < 0 ? 1 : 0, 1);
            }
        }
    }
}
