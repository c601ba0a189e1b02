// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Runtime.InteropServices;
using Daedalus.Engine.Pictures;
using Daedalus.Engine.Vp9;
using Xunit;

namespace Daedalus.Engine.Tests.Vp9.Reconstruction;

/// <summary>A picture in native memory with marked ground around each plane.</summary>
internal sealed unsafe class TestPicture : IDisposable
{
    private const int Guard = 256;
    private const byte Mark = 0xA5;

    private readonly byte* _memory;
    private readonly int _size;

    public TestPicture(Format format)
    {
        Format = format;
        int bytes = format.BitDepth > 8 ? 2 : 1;
        int w = (format.Width + 63) & ~63, h = (format.Height + 63) & ~63;
        int luma = w * h * bytes, chroma = (w >> format.SsX) * (h >> format.SsY) * bytes;
        _size = luma + 2 * chroma + 4 * Guard;
        _memory = (byte*)NativeMemory.Alloc((nuint)_size);
        new Span<byte>(_memory, _size).Fill(Mark);
        View = new PictureView
        {
            Plane0 = _memory + Guard,
            Plane1 = _memory + 2 * Guard + luma,
            Plane2 = _memory + 3 * Guard + luma + chroma,
            StrideY = w * bytes,
            StrideUv = (w >> format.SsX) * bytes,
            Width = format.Width,
            Height = format.Height,
            BitDepth = format.BitDepth,
            SubsamplingX = format.SsX,
            SubsamplingY = format.SsY,
        };
    }

    public Format Format { get; }

    public PictureView View { get; }

    public int Get(int plane, int y, int x)
    {
        byte* row = View.Plane(plane) + y * View.Stride(plane);
        return Format.BitDepth > 8 ? ((ushort*)row)[x] : row[x];
    }

    /// <summary>Random samples in the frame and extreme ones beyond its true size, which must never show.</summary>
    public int[][,] Fill(Random random)
    {
        int[][,] planes = SpecModel.NewPlanes(Format);
        for (int plane = 0; plane < 3; plane++)
        {
            for (int y = 0; y < planes[plane].GetLength(0); y++)
            {
                for (int x = 0; x < planes[plane].GetLength(1); x++)
                {
                    bool inside = x < Format.PlaneWidth(plane) && y < Format.PlaneHeight(plane);
                    planes[plane][y, x] = inside ? random.Next(1 << Format.BitDepth) : (1 << Format.BitDepth) - 1;
                    Set(plane, y, x, planes[plane][y, x]);
                }
            }
        }

        return planes;
    }

    /// <summary>
    /// Compares the coded samples of a superblock row, checks the ground around the planes,
    /// then overwrites the row as a loop filter might: what follows must not depend on it.
    /// </summary>
    public void CompareAndScramble(int[][,] expected, int sbRow, Random random)
    {
        for (int plane = 0; plane < 3; plane++)
        {
            int ssX = plane > 0 ? Format.SsX : 0, ssY = plane > 0 ? Format.SsY : 0;
            for (int y = sbRow * 64 >> ssY; y < Math.Min((sbRow + 1) * 64, Format.MiRows * 8) >> ssY; y++)
            {
                for (int x = 0; x < Format.MiCols * 8 >> ssX; x++)
                {
                    if (expected[plane][y, x] != Get(plane, y, x))
                    {
                        Assert.Fail($"plane {plane} x {x} y {y}: expected {expected[plane][y, x]}, got {Get(plane, y, x)}");
                    }

                    Set(plane, y, x, random.Next(1 << Format.BitDepth));
                }
            }
        }

        byte* end = _memory + _size;
        foreach (nint start in (nint[])[(nint)_memory, (nint)(View.Plane1 - Guard), (nint)(View.Plane2 - Guard), (nint)(end - Guard)])
        {
            Assert.True(new ReadOnlySpan<byte>((void*)start, Guard).IndexOfAnyExcept(Mark) < 0, "written outside a plane");
        }
    }

    public void Dispose() => NativeMemory.Free(_memory);

    private void Set(int plane, int y, int x, int value)
    {
        byte* row = View.Plane(plane) + y * View.Stride(plane);
        if (Format.BitDepth > 8)
        {
            ((ushort*)row)[x] = (ushort)value;
        }
        else
        {
            row[x] = (byte)value;
        }
    }
}

/// <summary>Frame state with one row of superblock buffers.</summary>
internal sealed unsafe class TestFrame : IDisposable
{
    public TestFrame(Format format, int tileCols)
    {
        State = (Vp9FrameState*)NativeMemory.AllocZeroed((nuint)sizeof(Vp9FrameState));
        State->Width = format.Width;
        State->Height = format.Height;
        State->MiCols = format.MiCols;
        State->MiRows = format.MiRows;
        State->SbCols = (format.MiCols + 7) / 8;
        State->SbRows = (format.MiRows + 7) / 8;
        State->BitDepth = format.BitDepth;
        State->SubsamplingX = format.SsX;
        State->SubsamplingY = format.SsY;
        State->TileCols = tileCols;
        State->TileRows = 1;
        State->SbRowsKept = 1;
        State->Superblocks = (SuperblockEntry*)NativeMemory.AllocZeroed((nuint)State->SbCols, (nuint)sizeof(SuperblockEntry));
        for (int i = 0; i < State->SbCols; i++)
        {
            SuperblockEntry* entry = State->Superblocks + i;
            entry->Blocks = (BlockRecord*)NativeMemory.AllocZeroed(64, (nuint)sizeof(BlockRecord));
            entry->Eobs = (ushort*)NativeMemory.AllocZeroed(3 * 256, sizeof(ushort));
            entry->Coefficients = NativeMemory.AllocZeroed(3 * 64 * 64 * 4);
        }
    }

    public Vp9FrameState* State { get; }

    public void Dispose()
    {
        for (int i = 0; i < State->SbCols; i++)
        {
            NativeMemory.Free(State->Superblocks[i].Blocks);
            NativeMemory.Free(State->Superblocks[i].Eobs);
            NativeMemory.Free(State->Superblocks[i].Coefficients);
        }

        NativeMemory.Free(State->Superblocks);
        NativeMemory.Free(State);
    }
}
