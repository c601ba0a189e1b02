// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace Daedalus.Kernels.H264;

/// <summary>
/// H.264 intra prediction (spec 8.3). Kernels read only the neighbours that their mode and the availability bits allow.
/// </summary>
public static unsafe partial class H264IntraKernels
{
    private const int Left = 1;
    private const int Above = 2;
    private const int AboveLeft = 4;
    private const int AboveRight = 8;
    private const int LeftLower = 16;

    /// <summary>Fills the table's entries.</summary>
    public static void Fill(H264KernelTable* table, int bitDepth, KernelLevel level)
    {
        if (bitDepth == 8)
        {
            FillScalar<byte>(table);
            if (level >= KernelLevel.Vector128 && (Sse41.IsSupported || AdvSimd.Arm64.IsSupported))
            {
                FillVector4x4<byte>(table);
                FillVector8x8(table);
                FillVectorPlanes<byte>(table);
            }
            if (level >= KernelLevel.Vector256 && Avx2.IsSupported)
            {
                FillVector256<byte>(table);
            }
            return;
        }
        FillScalar<ushort>(table);
        if (level >= KernelLevel.Vector128 && (Sse41.IsSupported || AdvSimd.Arm64.IsSupported))
        {
            FillVector4x4<ushort>(table);
            FillHigh8x8(table);
            FillVectorPlanes<ushort>(table);
        }
        if (level >= KernelLevel.Vector256 && Avx2.IsSupported)
        {
            FillVector256<ushort>(table);
        }
    }

    private static void FillScalar<TPixel>(H264KernelTable* table)
        where TPixel : unmanaged
    {
        var e4 = (nint*)&table->Intra4x4;
        Set4(e4, 0, &Scalar4x4Vertical<TPixel>);
        Set4(e4, 1, &Scalar4x4Horizontal<TPixel>);
        Set4(e4, 2, &Scalar4x4Dc<TPixel, DcBoth>);
        Set4(e4, 3, &Scalar4x4Directional<TPixel, DownLeft>);
        Set4(e4, 4, &Scalar4x4Directional<TPixel, DownRight>);
        Set4(e4, 5, &Scalar4x4Directional<TPixel, VerticalRight>);
        Set4(e4, 6, &Scalar4x4Directional<TPixel, HorizontalDown>);
        Set4(e4, 7, &Scalar4x4Directional<TPixel, VerticalLeft>);
        Set4(e4, 8, &Scalar4x4Directional<TPixel, HorizontalUp>);
        Set4(e4, 9, &Scalar4x4Dc<TPixel, DcLeft>);
        Set4(e4, 10, &Scalar4x4Dc<TPixel, DcAbove>);
        Set4(e4, 11, &Scalar4x4Dc<TPixel, DcNone>);
        var e8 = (nint*)&table->Intra8x8;
        Set(e8, 0, &Scalar8x8Vertical<TPixel>);
        Set(e8, 1, &Scalar8x8Horizontal<TPixel>);
        Set(e8, 2, &Scalar8x8Dc<TPixel>);
        Set(e8, 3, &Scalar8x8Directional<TPixel, DownLeft>);
        Set(e8, 4, &Scalar8x8Directional<TPixel, DownRight>);
        Set(e8, 5, &Scalar8x8Directional<TPixel, VerticalRight>);
        Set(e8, 6, &Scalar8x8Directional<TPixel, HorizontalDown>);
        Set(e8, 7, &Scalar8x8Directional<TPixel, VerticalLeft>);
        Set(e8, 8, &Scalar8x8Directional<TPixel, HorizontalUp>);
        var e16 = (nint*)&table->Intra16x16;
        Set(e16, 0, &ScalarVertical<TPixel, Luma16>);
        Set(e16, 1, &ScalarHorizontal<TPixel, Luma16>);
        Set(e16, 2, &Scalar16x16Dc<TPixel>);
        Set(e16, 3, &ScalarPlane<TPixel, Luma16>);
        FillScalarChroma<TPixel, Chroma8>((nint*)&table->IntraChroma);
        FillScalarChroma<TPixel, Chroma16>((nint*)&table->IntraChroma + 4);
    }

    private static void FillScalarChroma<TPixel, TShape>(nint* entries)
        where TPixel : unmanaged
        where TShape : struct, IShape
    {
        Set(entries, 0, &ScalarChromaDc<TPixel, TShape>);
        Set(entries, 1, &ScalarHorizontal<TPixel, TShape>);
        Set(entries, 2, &ScalarVertical<TPixel, TShape>);
        Set(entries, 3, &ScalarPlane<TPixel, TShape>);
    }

    private static void Set4(nint* entries, int mode, delegate*<byte*, nint, byte*, byte*, nint, int, void> kernel)
        => entries[mode] = (nint)kernel;

    private static void Set(nint* entries, int mode, delegate*<byte*, nint, byte*, byte*, nint, int, int, void> kernel)
        => entries[mode] = (nint)kernel;

    /// <summary>Width and height of a predicted plane, known at compile time.</summary>
    internal interface IShape
    {
        /// <summary>Samples across.</summary>
        static abstract int Width { get; }

        /// <summary>Samples down.</summary>
        static abstract int Height { get; }
    }

    internal readonly struct Luma16 : IShape
    {
        public static int Width => 16;

        public static int Height => 16;
    }

    internal readonly struct Chroma8 : IShape
    {
        public static int Width => 8;

        public static int Height => 8;
    }

    internal readonly struct Chroma16 : IShape
    {
        public static int Width => 8;

        public static int Height => 16;
    }

    /// <summary>Which edges a DC prediction averages.</summary>
    internal interface IDcEdges
    {
        /// <summary>Bits of Left and Above.</summary>
        static abstract int Edges { get; }
    }

    internal readonly struct DcBoth : IDcEdges
    {
        public static int Edges => Left | Above;
    }

    internal readonly struct DcLeft : IDcEdges
    {
        public static int Edges => Left;
    }

    internal readonly struct DcAbove : IDcEdges
    {
        public static int Edges => Above;
    }

    internal readonly struct DcNone : IDcEdges
    {
        public static int Edges => 0;
    }

    /// <summary>Slope factor of plane prediction along n samples (spec 8.3.3.4, 8.3.4.4).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Slope(int sum, int n) => n == 16 ? (5 * sum + 32) >> 6 : (34 * sum + 32) >> 6;
}
