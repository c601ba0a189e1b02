// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Runtime.CompilerServices;
using Daedalus.Engine.Interop;
using Xunit;

namespace Daedalus.Engine.Tests;

/// <summary>The managed mirror of native/include/daedalus.h; the same numbers are asserted for C in native/abi_check.c.</summary>
public unsafe class AbiStructTests
{
    [Fact]
    public void SizesMatchTheHeader()
    {
        Assert.Equal(48, sizeof(AbiLayout));
        Assert.Equal(16, sizeof(AbiControl));
        Assert.Equal(104, sizeof(AbiRequest));
        Assert.Equal(40, sizeof(AbiConfig));
        Assert.Equal(32, sizeof(AbiStats));
    }

    [Fact]
    public void OffsetsMatchTheHeader()
    {
        AbiLayout l;
        Assert.Equal(12, Offset(&l, &l.PlaneCount));
        Assert.Equal(16, Offset(&l, l.Offset));
        Assert.Equal(28, Offset(&l, l.Stride));
        Assert.Equal(40, Offset(&l, &l.Size));
        AbiControl c;
        Assert.Equal(8, Offset(&c, &c.Payload));
        AbiRequest r;
        Assert.Equal(16, Offset(&r, &r.Bitstream));
        Assert.Equal(24, Offset(&r, &r.BitstreamSize));
        Assert.Equal(28, Offset(&r, &r.ControlCount));
        Assert.Equal(32, Offset(&r, &r.Controls));
        Assert.Equal(40, Offset(&r, &r.CaptureIndex));
        Assert.Equal(48, Offset(&r, &r.Capture));
        Assert.Equal(56, Offset(&r, &r.Layout));
        AbiConfig g;
        Assert.Equal(8, Offset(&g, &g.ThreadCount));
        Assert.Equal(12, Offset(&g, &g.MaxInFlight));
        Assert.Equal(16, Offset(&g, &g.Done));
        Assert.Equal(24, Offset(&g, &g.User));
        Assert.Equal(AbiConfig.SizeWithoutPool, (uint)Offset(&g, &g.Pool));
        AbiStats s;
        Assert.Equal(24, Offset(&s, &s.ManagedBytesAllocated));
        Unsafe.SkipInit(out l);
    }

    private static int Offset(void* start, void* field) => (int)((byte*)field - (byte*)start);
}
