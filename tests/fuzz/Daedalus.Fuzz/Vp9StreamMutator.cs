// SPDX-License-Identifier: LGPL-2.1-or-later
using Daedalus.Bitstream.Vp9;

namespace Daedalus.Fuzz;

/// <summary>Damages VP9 streams; fields of the uncompressed header are changed in place.</summary>
internal sealed class Vp9StreamMutator : StreamMutator
{
    private readonly List<Field> _fields = [];
    private readonly Range[] _frames = new Range[Superframe.MaxFrames];

    /// <inheritdoc/>
    protected override void ChangeHeaders(List<byte[]> units, int u, Seed other, Rng rng, List<string> log)
    {
        byte[] unit = units[u];
        int count = Superframe.Split(unit, _frames, out _);
        if (count == 0)
            return;
        Span<byte> frame = unit.AsSpan(_frames[rng.Below(count)]);
        HeaderFields.Find(frame, _fields);
        for (int n = 1 + rng.Small(3); n > 0 && _fields.Count > 0; n--)
        {
            Field field = _fields[rng.Below(_fields.Count)];
            // The fields that decide about memory deserve more than their share.
            if (rng.OneIn(2))
                field = _fields.Find(f => f.Kind is FieldKind.Width or FieldKind.Height && rng.OneIn(2)) is { Bits: > 0 } size ? size : field;
            uint old = HeaderFields.Get(frame, field);
            uint value = field.Kind switch
            {
                FieldKind.Width or FieldKind.Height or FieldKind.CompressedSize or FieldKind.RenderSize => Size(old, rng),
                _ => (uint)rng.Next(),
            };
            HeaderFields.Set(frame, field, value);
            log.Add($"{field.Kind} {old} -> {HeaderFields.Get(frame, field)}");
        }
    }

    private static uint Size(uint old, Rng rng) => rng.Below(10) switch
    {
        0 => 65535,
        1 => (uint)rng.Below(65536),
        2 => old + 1,
        3 => old - 1,
        4 => old * 2 + 1,
        5 => old / 2,
        6 => (old + 1) * 16 - 1,
        7 => rng.Pick<uint>([0, 1, 7, 8, 62, 63, 64, 127, 255, 256, 4095, 4096]),
        _ => (uint)rng.Below(200),
    };
}
