// SPDX-License-Identifier: LGPL-2.1-or-later
namespace Daedalus.Fuzz;

/// <summary>What a field of the uncompressed header says.</summary>
internal enum FieldKind
{
    Flag, Profile, Sync, Width, Height, RenderSize, ResetContext, RefreshMask, ReferenceIndex, ContextIndex, FilterLevel, Sharpness,
    Delta, BaseQ, Probability, SegmentValue, TileColumns, TileRows, CompressedSize,
}

/// <summary>Place of a field.</summary>
internal readonly record struct Field(FieldKind Kind, int Bit, int Bits);

/// <summary>Walks an uncompressed header (spec 6.2) and notes where its fields lie, so that they can be changed in place.</summary>
internal ref struct HeaderFields
{
    private readonly ReadOnlySpan<byte> _data;
    private readonly List<Field> _fields;
    private int _at;

    private HeaderFields(ReadOnlySpan<byte> data, List<Field> fields)
    {
        _data = data;
        _fields = fields;
        _at = 0;
    }

    /// <summary>Fields of a frame. Sizes taken from references are not known here: tile columns are then guessed for one superblock column.</summary>
    public static void Find(ReadOnlySpan<byte> frame, List<Field> fields)
    {
        fields.Clear();
        var walk = new HeaderFields(frame, fields);
        walk.Walk();
    }

    /// <summary>Writes a field.</summary>
    public static void Set(Span<byte> frame, in Field field, uint value)
    {
        for (int i = 0; i < field.Bits; i++)
        {
            int at = field.Bit + i;
            byte mask = (byte)(0x80 >> (at & 7));
            frame[at >> 3] = (value >> (field.Bits - 1 - i) & 1) != 0 ? (byte)(frame[at >> 3] | mask) : (byte)(frame[at >> 3] & ~mask);
        }
    }

    /// <summary>Reads a field.</summary>
    public static uint Get(ReadOnlySpan<byte> frame, in Field field)
    {
        uint value = 0;
        for (int i = field.Bit; i < field.Bit + field.Bits; i++)
            value = value << 1 | (uint)(frame[i >> 3] >> (7 - (i & 7)) & 1);
        return value;
    }

    private int Take(FieldKind kind, int bits)
    {
        var field = new Field(kind, _at, bits);
        _at += bits;
        if (_at > _data.Length * 8)
            return 0;
        _fields.Add(field);
        return (int)Get(_data, field);
    }

    private bool Flag() => Take(FieldKind.Flag, 1) != 0;

    private void Walk()
    {
        Take(FieldKind.Flag, 2);
        int profile = Take(FieldKind.Profile, 2);
        profile = profile >> 1 | (profile & 1) << 1;
        if (profile == 3)
            Flag();
        if (Flag())
        {
            Take(FieldKind.ReferenceIndex, 3);
            return;
        }
        bool key = !Flag(), shown = Flag(), resilient = Flag();
        int width = 64;
        if (key)
        {
            Take(FieldKind.Sync, 24);
            ColorConfig(profile);
            width = FrameSize();
        }
        else
        {
            bool intraOnly = !shown && Flag();
            if (!resilient)
                Take(FieldKind.ResetContext, 2);
            if (intraOnly)
            {
                Take(FieldKind.Sync, 24);
                if (profile > 0)
                    ColorConfig(profile);
                Take(FieldKind.RefreshMask, 8);
                width = FrameSize();
            }
            else
            {
                width = Inter();
            }
        }
        if (!resilient)
        {
            Flag();
            Flag();
        }
        Take(FieldKind.ContextIndex, 2);
        LoopFilter();
        Take(FieldKind.BaseQ, 8);
        for (int i = 0; i < 3; i++)
        {
            if (Flag())
                Take(FieldKind.Delta, 5);
        }
        Segmentation();
        int columns = (width + 63) >> 6, log2 = 0, max = 1;
        while (64 << log2 < columns)
            log2++;
        while (columns >> max >= 4)
            max++;
        while (log2 < max - 1 && Take(FieldKind.TileColumns, 1) != 0)
            log2++;
        if (Take(FieldKind.TileRows, 1) != 0)
            Take(FieldKind.TileRows, 1);
        Take(FieldKind.CompressedSize, 16);
    }

    private void ColorConfig(int profile)
    {
        if (profile >= 2)
            Flag();
        if (Take(FieldKind.Flag, 3) != 7)
        {
            Flag();
            if ((profile & 1) != 0)
                Take(FieldKind.Flag, 3);
        }
        else if ((profile & 1) != 0)
        {
            Flag();
        }
    }

    private int FrameSize()
    {
        int width = Take(FieldKind.Width, 16) + 1;
        Take(FieldKind.Height, 16);
        RenderSize();
        return width;
    }

    private void RenderSize()
    {
        if (Flag())
            Take(FieldKind.RenderSize, 32);
    }

    private int Inter()
    {
        Take(FieldKind.RefreshMask, 8);
        for (int i = 0; i < 3; i++)
        {
            Take(FieldKind.ReferenceIndex, 3);
            Flag();
        }
        int width = 64;
        if (Flag() || Flag() || Flag())
        {
            RenderSize();
        }
        else
        {
            width = Take(FieldKind.Width, 16) + 1;
            Take(FieldKind.Height, 16);
            RenderSize();
        }
        Flag();
        if (!Flag())
            Take(FieldKind.Flag, 2);
        return width;
    }

    private void LoopFilter()
    {
        Take(FieldKind.FilterLevel, 6);
        Take(FieldKind.Sharpness, 3);
        if (!Flag() || !Flag())
            return;
        for (int i = 0; i < 6; i++)
        {
            if (Flag())
                Take(FieldKind.Delta, 7);
        }
    }

    private void Segmentation()
    {
        if (!Flag())
            return;
        if (Flag())
        {
            for (int i = 0; i < 7; i++)
            {
                if (Flag())
                    Take(FieldKind.Probability, 8);
            }
            bool temporal = Flag();
            for (int i = 0; i < 3 && temporal; i++)
            {
                if (Flag())
                    Take(FieldKind.Probability, 8);
            }
        }
        if (!Flag())
            return;
        Flag();
        ReadOnlySpan<int> bits = [9, 7, 2, 0];
        for (int i = 0; i < 32; i++)
        {
            if (Flag() && bits[i & 3] != 0)
                Take(FieldKind.SegmentValue, bits[i & 3]);
        }
    }
}
