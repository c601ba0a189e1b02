// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Runtime.InteropServices;
using Daedalus.V4L2.Controls;
using Daedalus.V4L2.Devices;
using Xunit;

namespace Daedalus.V4L2.Tests;

public sealed unsafe class PackedControlsTests : IDisposable
{
    private static readonly int s_setBytes = sizeof(DaedalusCtrlH264PictureParameters);
    private readonly byte* _bytes = (byte*)NativeMemory.AlignedAlloc(PackedControls.MaxBytes, 64);
    private readonly DaedalusCtrlH264PictureParameters* _sets = (DaedalusCtrlH264PictureParameters*)NativeMemory.AllocZeroed(512, (nuint)s_setBytes);
    private readonly byte* _map = (byte*)NativeMemory.Alloc(DaedalusCtrlH264PictureParameters.MaxMapUnits);

    public void Dispose()
    {
        NativeMemory.AlignedFree(_bytes);
        NativeMemory.Free(_sets);
        NativeMemory.Free(_map);
    }

    private ControlPayload Sets(int count) => new(DaedalusCtrlH264PictureParameters.ControlId, (nint)_sets, (uint)(count * s_setBytes));

    private void Map(int set, int units)
    {
        for (int i = 0; i < units; i++)
            _map[i] = (byte)(i * 7 % 8);
        _sets[set].Pps.NumSliceGroupsMinus1 = 7;
        _sets[set].SliceGroupMapType = 6;
        _sets[set].MapUnits = (uint)units;
        _sets[set].SliceGroupId = (ulong)_map;
    }

    [Fact]
    public void SetsAndMapsArriveAndPointIntoThemselves()
    {
        _sets[0].Pps.PicParameterSetId = 3;
        Map(1, 99);
        Map(2, 396);
        int size = PackedControls.Pack(Sets(3), _bytes);
        Assert.Equal(8 + (3 * s_setBytes) + 99 + 396, size);
        var control = new ControlPayload(DaedalusCtrlH264PictureParameters.ControlId, (nint)_bytes, (uint)size);
        Assert.Equal(0, PackedControls.Unpack(ref control));
        Assert.Equal((uint)(3 * s_setBytes), control.Size);
        var got = (DaedalusCtrlH264PictureParameters*)control.Payload;
        Assert.Equal((3, 0UL), (got[0].Pps.PicParameterSetId, got[0].SliceGroupId));
        foreach ((int set, int units) in new[] { (1, 99), (2, 396) })
        {
            Assert.InRange(got[set].SliceGroupId, (ulong)_bytes, (ulong)(_bytes + size - units));
            Assert.True(new ReadOnlySpan<byte>((void*)got[set].SliceGroupId, units).SequenceEqual(new ReadOnlySpan<byte>(_map, units)));
        }
    }

    [Fact]
    public void WhatDoesNotFitIsRefused()
    {
        Map(0, DaedalusCtrlH264PictureParameters.MaxMapUnits);
        Assert.True(PackedControls.Pack(Sets(1), _bytes) > DaedalusCtrlH264PictureParameters.MaxMapUnits);
        Map(1, DaedalusCtrlH264PictureParameters.MaxMapUnits);
        Assert.Equal(-7, PackedControls.Pack(Sets(2), _bytes));
        Assert.Equal(-7, PackedControls.Pack(Sets(512), _bytes));
    }

    [Fact]
    public void OnlyWhatV4L2CannotSayIsNeeded()
    {
        Assert.False(PackedControls.IsNeeded(Sets(0)));
        Assert.False(PackedControls.IsNeeded(Sets(1)));
        Assert.True(PackedControls.IsNeeded(Sets(2)));
        Map(0, 99);
        Assert.True(PackedControls.IsNeeded(Sets(1)));
        var av1 = new DaedalusCtrlAv1Frame { MatrixCoefficients = 1, ContextUpdateTileId = 255 };
        var control = new ControlPayload(DaedalusCtrlAv1Frame.ControlId, (nint)(&av1), (uint)sizeof(DaedalusCtrlAv1Frame));
        Assert.False(PackedControls.IsNeeded(control));
        av1.ContextUpdateTileId = 256;
        Assert.True(PackedControls.IsNeeded(control));
        av1 = new DaedalusCtrlAv1Frame { MatrixCoefficients = DaedalusCtrlAv1Frame.MatrixIdentity };
        Assert.True(PackedControls.IsNeeded(control));
    }

    [Fact]
    public void NoneIsAZero()
    {
        _bytes[0] = 0;
        foreach (uint id in new[] { DaedalusCtrlH264PictureParameters.ControlId, DaedalusCtrlAv1Frame.ControlId })
        {
            var control = new ControlPayload(id, (nint)_bytes, 1);
            Assert.Equal(0, PackedControls.Unpack(ref control));
            Assert.Equal(0u, control.Size);
        }
    }

    [Fact]
    public void NothingThatIsUnpackedPointsOutside()
    {
        Map(0, 99);
        Map(1, 50);
        int size = PackedControls.Pack(Sets(2), _bytes);
        byte[] good = new ReadOnlySpan<byte>(_bytes, size).ToArray();
        var random = new Random(5);
        int taken = 0;
        for (int round = 0; round < 20000; round++)
        {
            good.CopyTo(new Span<byte>(_bytes, size));
            var sets = (DaedalusCtrlH264PictureParameters*)(_bytes + 8);
            int length = random.Next(3) == 0 ? random.Next(size + 1) : size;
            switch (random.Next(5))
            {
                case 0:
                    *(uint*)_bytes = random.Next(2) == 0 ? (uint)random.Next(6) : (uint)random.NextInt64(1L << 32);
                    break;
                case 1:
                    sets[random.Next(2)].SliceGroupId = random.Next(2) == 0 ? (ulong)random.Next(size + 20) : (ulong)random.NextInt64(long.MinValue, long.MaxValue);
                    break;
                case 2:
                    sets[random.Next(2)].MapUnits = random.Next(2) == 0 ? (uint)random.Next(200) : (uint)random.NextInt64(1L << 32);
                    break;
                case 3:
                    sets[1].SliceGroupId = ulong.MaxValue - (ulong)random.Next(200);
                    break;
            }
            var control = new ControlPayload(DaedalusCtrlH264PictureParameters.ControlId, (nint)_bytes, (uint)length);
            if (PackedControls.Unpack(ref control) != 0 || control.Size == 0)
                continue;
            taken++;
            var got = (DaedalusCtrlH264PictureParameters*)control.Payload;
            Assert.True((byte*)got >= _bytes && (byte*)got + control.Size <= _bytes + length);
            for (int i = 0; i < control.Size / (uint)s_setBytes; i++)
            {
                if (got[i].SliceGroupId != 0)
                    Assert.True(got[i].SliceGroupId >= (ulong)_bytes && got[i].SliceGroupId + got[i].MapUnits <= (ulong)(_bytes + length) && got[i].MapUnits <= length);
            }
        }
        Assert.InRange(taken, 1000, 19000);
    }
}
