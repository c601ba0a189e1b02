// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Runtime.InteropServices;
using Daedalus.Kernels.Av1;

namespace Daedalus.Engine.Av1;

/// <summary>Blending masks that depend on nothing but their index, in native memory for the life of the process: wedges (7.11.3.11) and the smooth masks of interintra (7.11.3.13).</summary>
internal static unsafe class Av1PredictionMasks
{
    private const int MasterSize = 64;
    private const int WedgeTypes = 16;
    private const int Oblique27 = 2, Oblique63 = 3, Oblique117 = 4, Oblique153 = 5, Horizontal = 0, Vertical = 1, Directions = 6;
    private const int InterIntraBytes = 32 * 32;
    private const int InterIntraModes = 4;

    private static readonly object s_lock = new();
    private static bool s_made;

    /// <summary>
    /// WedgeMasks: [offset of the block size + (wedge_sign * 16 + wedge_index) * width * height], rows of the block's width. The offsets are those of <see cref="WedgeOffset"/>.
    /// </summary>
    public static byte* Wedges { get; private set; }

    /// <summary>Mask of COMPOUND_INTRA: [((interintra_mode * 4 + log2(width) - 2) * 4 + log2(height) - 2) * 1024], rows of width bytes; width and height 4..32 of the plane's block.</summary>
    public static byte* InterIntra { get; private set; }

    /// <summary>First byte of a block size's masks in <see cref="Wedges"/>; -1 where there are none (Wedge_Bits is 0).</summary>
    public static int WedgeOffset(Av1BlockSize size) => size switch
    {
        Av1BlockSize.Block8x8 => 0,
        Av1BlockSize.Block8x16 => 2 * WedgeTypes * 64,
        Av1BlockSize.Block16x8 => 2 * WedgeTypes * (64 + 128),
        Av1BlockSize.Block16x16 => 2 * WedgeTypes * (64 + 2 * 128),
        Av1BlockSize.Block16x32 => 2 * WedgeTypes * (64 + 2 * 128 + 256),
        Av1BlockSize.Block32x16 => 2 * WedgeTypes * (64 + 2 * 128 + 256 + 512),
        Av1BlockSize.Block32x32 => 2 * WedgeTypes * (64 + 2 * 128 + 256 + 2 * 512),
        Av1BlockSize.Block8x32 => 2 * WedgeTypes * (64 + 2 * 128 + 256 + 2 * 512 + 1024),
        Av1BlockSize.Block32x8 => 2 * WedgeTypes * (64 + 2 * 128 + 256 + 2 * 512 + 1024 + 256),
        _ => -1,
    };

    private const int WedgeBytes = 2 * WedgeTypes * (64 + 2 * 128 + 256 + 2 * 512 + 1024 + 2 * 256);

    /// <summary>Makes the masks unless they are there.</summary>
    /// <exception cref="OutOfMemoryException">Not now; the next call tries again, which a static constructor would not.</exception>
    public static void Make()
    {
        lock (s_lock)
        {
            if (!s_made)
                Build();
            s_made = true;
        }
    }

    private static void Build()
    {
        const int masterBytes = Directions * MasterSize * MasterSize;
        byte* master = (byte*)NativeMemory.Alloc(masterBytes);
        byte* memory;
        try
        {
            memory = (byte*)NativeMemory.AlignedAlloc(WedgeBytes + InterIntraModes * 16 * InterIntraBytes, 64);
        }
        catch (OutOfMemoryException)
        {
            NativeMemory.Free(master);
            throw;
        }
        FillMaster(master);
        for (var size = Av1BlockSize.Block8x8; size <= Av1BlockSize.Block64x16; size++)
        {
            if (WedgeOffset(size) >= 0)
                FillWedges(memory + WedgeOffset(size), master, size);
        }
        NativeMemory.Free(master);
        FillInterIntra(memory + WedgeBytes);
        Wedges = memory;
        InterIntra = memory + WedgeBytes;
    }

    /// <summary>MasterMask of initialise_wedge_mask_table.</summary>
    private static void FillMaster(byte* master)
    {
        const int n = MasterSize;
        for (int j = 0; j < n; j++)
        {
            int shift = n / 4;
            for (int i = 0; i < n; i += 2)
            {
                master[(Oblique63 * n + i) * n + j] = Av1ReconstructionTables.WedgeMasterObliqueEven[Math.Clamp(j - shift, 0, n - 1)];
                shift--;
                master[(Oblique63 * n + i + 1) * n + j] = Av1ReconstructionTables.WedgeMasterObliqueOdd[Math.Clamp(j - shift, 0, n - 1)];
                master[(Vertical * n + i) * n + j] = master[(Vertical * n + i + 1) * n + j] = Av1ReconstructionTables.WedgeMasterVertical[j];
            }
        }
        for (int i = 0; i < n; i++)
        {
            for (int j = 0; j < n; j++)
            {
                byte m = master[(Oblique63 * n + i) * n + j];
                master[(Oblique27 * n + j) * n + i] = m;
                master[(Oblique117 * n + i) * n + n - 1 - j] = (byte)(64 - m);
                master[(Oblique153 * n + n - 1 - j) * n + i] = (byte)(64 - m);
                master[(Horizontal * n + j) * n + i] = master[(Vertical * n + i) * n + j];
            }
        }
    }

    private static void FillWedges(byte* to, byte* master, Av1BlockSize size)
    {
        int w = 4 * Av1Tables.Num4x4BlocksWide[(int)size], h = 4 * Av1Tables.Num4x4BlocksHigh[(int)size], shape = h > w ? 0 : h < w ? 1 : 2;
        for (int wedge = 0; wedge < WedgeTypes; wedge++)
        {
            ReadOnlySpan<byte> code = Av1ReconstructionTables.WedgeCodebook.Slice((shape * WedgeTypes + wedge) * 3, 3);
            int x = MasterSize / 2 - (code[1] * w >> 3), y = MasterSize / 2 - (code[2] * h >> 3), sum = 0;
            byte* from = master + (code[0] * MasterSize + y) * MasterSize + x;
            for (int i = 0; i < w; i++)
                sum += from[i];
            for (int i = 1; i < h; i++)
                sum += from[i * MasterSize];
            int average = (sum + (w + h - 1) / 2) / (w + h - 1), flip = average < 32 ? 1 : 0;
            byte* same = to + (flip * WedgeTypes + wedge) * w * h, inverse = to + ((1 - flip) * WedgeTypes + wedge) * w * h;
            for (int i = 0; i < h; i++)
            {
                for (int j = 0; j < w; j++)
                {
                    byte m = from[i * MasterSize + j];
                    same[i * w + j] = m;
                    inverse[i * w + j] = (byte)(64 - m);
                }
            }
        }
    }

    private static void FillInterIntra(byte* to)
    {
        for (int mode = 0; mode < InterIntraModes; mode++)
        {
            for (int log2 = 0; log2 < 16; log2++, to += InterIntraBytes)
            {
                int w = 4 << (log2 >> 2), h = 4 << (log2 & 3), scale = 128 / Math.Max(w, h);
                for (int i = 0; i < h; i++)
                {
                    for (int j = 0; j < w; j++)
                    {
                        // II_DC_PRED, II_V_PRED, II_H_PRED, II_SMOOTH_PRED.
                        to[i * w + j] = mode == 0 ? (byte)32 : Av1ReconstructionTables.IiWeights1d[(mode == 1 ? i : mode == 2 ? j : Math.Min(i, j)) * scale];
                    }
                }
            }
        }
    }
}
