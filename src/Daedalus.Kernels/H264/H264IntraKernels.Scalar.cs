// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Runtime.CompilerServices;
using static Daedalus.Kernels.ByteVectors;

namespace Daedalus.Kernels.H264;

/// <content>
/// Plain C#. The directional modes of 4×4 and 8×8 share one formula each over the line of neighbours, counted from the
/// lowest left sample (-n) over the corner (0) to the last one above right (2n).
/// </content>
public static unsafe partial class H264IntraKernels
{
    /// <summary>The line of neighbours: Samples[16] is the corner.</summary>
    internal struct Line
    {
        internal fixed int Samples[48];
    }

    /// <summary>One directional mode: the sample at (x, y) of an n×n block from the line of neighbours.</summary>
    internal interface IDirection
    {
        /// <summary>Bits of the edges the mode reads.</summary>
        static abstract int Edges { get; }

        /// <summary>The prediction; e[0] is the corner, e[-1 - i] left sample i, e[1 + i] the sample i above.</summary>
        static abstract int At(int* e, int n, int x, int y);
    }

    /// <summary>Spec 8.3.1.2.4, 8.3.2.2.5.</summary>
    internal readonly struct DownLeft : IDirection
    {
        public static int Edges => Above | AboveRight;

        public static int At(int* e, int n, int x, int y)
        {
            var a = e + 1 + x + y;
            return x + y == 2 * n - 2 ? Mean3(a[0], a[1], a[1]) : Mean3(a[0], a[1], a[2]);
        }
    }

    /// <summary>Spec 8.3.1.2.5, 8.3.2.2.6.</summary>
    internal readonly struct DownRight : IDirection
    {
        public static int Edges => Left | Above | AboveLeft;

        public static int At(int* e, int n, int x, int y) => Mean3(e[x - y - 1], e[x - y], e[x - y + 1]);
    }

    /// <summary>Spec 8.3.1.2.6, 8.3.2.2.7.</summary>
    internal readonly struct VerticalRight : IDirection
    {
        public static int Edges => Left | Above | AboveLeft;

        public static int At(int* e, int n, int x, int y)
        {
            var z = 2 * x - y;
            var a = e + x - (y >> 1);
            return z < 0 ? Mean3(e[z + 2], e[z + 1], e[z])
                : (z & 1) == 0 ? Mean2(a[0], a[1])
                : Mean3(a[-1], a[0], a[1]);
        }
    }

    /// <summary>Spec 8.3.1.2.7, 8.3.2.2.8.</summary>
    internal readonly struct HorizontalDown : IDirection
    {
        public static int Edges => Left | Above | AboveLeft;

        public static int At(int* e, int n, int x, int y)
        {
            var z = 2 * y - x;
            var a = e - y + (x >> 1);
            return z < 0 ? Mean3(e[-z - 2], e[-z - 1], e[-z])
                : (z & 1) == 0 ? Mean2(a[0], a[-1])
                : Mean3(a[1], a[0], a[-1]);
        }
    }

    /// <summary>Spec 8.3.1.2.8, 8.3.2.2.9.</summary>
    internal readonly struct VerticalLeft : IDirection
    {
        public static int Edges => Above | AboveRight;

        public static int At(int* e, int n, int x, int y)
        {
            var a = e + 1 + x + (y >> 1);
            return (y & 1) == 0 ? Mean2(a[0], a[1]) : Mean3(a[0], a[1], a[2]);
        }
    }

    /// <summary>Spec 8.3.1.2.9, 8.3.2.2.10.</summary>
    internal readonly struct HorizontalUp : IDirection
    {
        public static int Edges => Left;

        public static int At(int* e, int n, int x, int y)
        {
            var z = x + 2 * y;
            if (z > 2 * n - 3)
            {
                return e[-n];
            }
            var i = y + (x >> 1);
            var a = e[-1 - i];
            var b = e[-2 - i];
            return z == 2 * n - 3 ? Mean3(a, b, b) : (z & 1) == 0 ? Mean2(a, b) : Mean3(a, b, e[-3 - i]);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Read<TPixel>(byte* p, nint i)
        where TPixel : unmanaged
        => sizeof(TPixel) == 1 ? p[i] : ((ushort*)p)[i];

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Write<TPixel>(byte* p, nint i, int value)
        where TPixel : unmanaged
    {
        if (sizeof(TPixel) == 1)
        {
            p[i] = (byte)value;
        }
        else
        {
            ((ushort*)p)[i] = (ushort)value;
        }
    }

    private static void ScalarFill<TPixel>(byte* dst, nint stride, int width, int height, int value)
        where TPixel : unmanaged
    {
        for (var y = 0; y < height; y++, dst += stride)
        {
            for (var x = 0; x < width; x++)
            {
                Write<TPixel>(dst, x, value);
            }
        }
    }

    private static int ScalarSum<TPixel>(byte* p, nint step, int n)
        where TPixel : unmanaged
    {
        var sum = 0;
        for (var i = 0; i < n; i++)
        {
            sum += Read<TPixel>(p + i * step, 0);
        }
        return sum;
    }

    private static void Scalar4x4Vertical<TPixel>(byte* dst, nint stride, byte* above, byte* left, nint leftStride, int maxValue)
        where TPixel : unmanaged
    {
        for (var y = 0; y < 4; y++, dst += stride)
        {
            for (var x = 0; x < 4; x++)
            {
                Write<TPixel>(dst, x, Read<TPixel>(above, x));
            }
        }
    }

    private static void Scalar4x4Horizontal<TPixel>(byte* dst, nint stride, byte* above, byte* left, nint leftStride, int maxValue)
        where TPixel : unmanaged
    {
        for (var y = 0; y < 4; y++, dst += stride, left += leftStride)
        {
            ScalarFill<TPixel>(dst, stride, 4, 1, Read<TPixel>(left, 0));
        }
    }

    private static void Scalar4x4Dc<TPixel, TEdges>(byte* dst, nint stride, byte* above, byte* left, nint leftStride, int maxValue)
        where TPixel : unmanaged
        where TEdges : struct, IDcEdges
        => ScalarFill<TPixel>(dst, stride, 4, 4, ScalarDcOf<TPixel>(above, left, leftStride, 4, TEdges.Edges, maxValue));

    /// <summary>Mean of the given edges of n samples; the middle value without any.</summary>
    private static int ScalarDcOf<TPixel>(byte* above, byte* left, nint leftStride, int n, int edges, int maxValue)
        where TPixel : unmanaged
        => (edges & (Left | Above)) switch
        {
            Left | Above => (ScalarSum<TPixel>(above, sizeof(TPixel), n) + ScalarSum<TPixel>(left, leftStride, n) + n) / (2 * n),
            Left => (ScalarSum<TPixel>(left, leftStride, n) + n / 2) / n,
            Above => (ScalarSum<TPixel>(above, sizeof(TPixel), n) + n / 2) / n,
            _ => (maxValue + 1) >> 1,
        };

    private static void ScalarDirectional<TPixel, TDirection>(byte* dst, nint stride, int* e, int n)
        where TPixel : unmanaged
        where TDirection : struct, IDirection
    {
        for (var y = 0; y < n; y++, dst += stride)
        {
            for (var x = 0; x < n; x++)
            {
                Write<TPixel>(dst, x, TDirection.At(e, n, x, y));
            }
        }
    }

    [SkipLocalsInit]
    private static void Scalar4x4Directional<TPixel, TDirection>(byte* dst, nint stride, byte* above, byte* left, nint leftStride, int maxValue)
        where TPixel : unmanaged
        where TDirection : struct, IDirection
    {
        Line line;
        var e = line.Samples + 16;
        if ((TDirection.Edges & Left) != 0)
        {
            for (var i = 0; i < 4; i++)
            {
                e[-1 - i] = Read<TPixel>(left + i * leftStride, 0);
            }
        }
        if ((TDirection.Edges & AboveLeft) != 0)
        {
            e[0] = Read<TPixel>(above, -1);
        }
        if ((TDirection.Edges & Above) != 0)
        {
            for (var i = 0; i < ((TDirection.Edges & AboveRight) != 0 ? 8 : 4); i++)
            {
                e[1 + i] = Read<TPixel>(above, i);
            }
        }
        ScalarDirectional<TPixel, TDirection>(dst, stride, e, 4);
    }

    /// <summary>The filtered line of neighbours of spec 8.3.2.2.1, as far as available and wanted.</summary>
    private static void ScalarFilter<TPixel>(int* e, byte* above, byte* left, nint leftStride, int available, int wanted)
        where TPixel : unmanaged
    {
        var hasCorner = (available & AboveLeft) != 0;
        var hasAbove = (available & Above) != 0;
        var hasLeft = (available & Left) != 0;
        if ((wanted & Above) != 0)
        {
            var last = Read<TPixel>(above, 7);
            for (var i = 0; i < 16; i++)
            {
                var before = i > 0 ? At(i - 1) : hasCorner ? Read<TPixel>(above, -1) : At(0);
                var after = i < 15 ? At(i + 1) : At(15);
                e[1 + i] = Mean3(before, At(i), after);
            }

            int At(int i) => i < 8 || (available & AboveRight) != 0 ? Read<TPixel>(above, i) : last;
        }
        if ((wanted & Left) != 0)
        {
            for (var i = 0; i < 8; i++)
            {
                var here = Read<TPixel>(left + i * leftStride, 0);
                var before = i > 0 ? Read<TPixel>(left + (i - 1) * leftStride, 0) : hasCorner ? Read<TPixel>(above, -1) : here;
                var after = i < 7 ? Read<TPixel>(left + (i + 1) * leftStride, 0) : here;
                e[-1 - i] = Mean3(before, here, after);
            }
        }
        if ((wanted & AboveLeft) != 0)
        {
            var corner = Read<TPixel>(above, -1);
            e[0] = Mean3(hasAbove ? Read<TPixel>(above, 0) : corner, corner, hasLeft ? Read<TPixel>(left, 0) : corner);
        }
    }

    [SkipLocalsInit]
    private static void Scalar8x8Vertical<TPixel>(byte* dst, nint stride, byte* above, byte* left, nint leftStride, int available, int maxValue)
        where TPixel : unmanaged
    {
        Line line;
        var e = line.Samples + 16;
        ScalarFilter<TPixel>(e, above, left, leftStride, available, Above);
        for (var y = 0; y < 8; y++, dst += stride)
        {
            for (var x = 0; x < 8; x++)
            {
                Write<TPixel>(dst, x, e[1 + x]);
            }
        }
    }

    [SkipLocalsInit]
    private static void Scalar8x8Horizontal<TPixel>(byte* dst, nint stride, byte* above, byte* left, nint leftStride, int available, int maxValue)
        where TPixel : unmanaged
    {
        Line line;
        var e = line.Samples + 16;
        ScalarFilter<TPixel>(e, above, left, leftStride, available, Left);
        for (var y = 0; y < 8; y++, dst += stride)
        {
            ScalarFill<TPixel>(dst, stride, 8, 1, e[-1 - y]);
        }
    }

    [SkipLocalsInit]
    private static void Scalar8x8Dc<TPixel>(byte* dst, nint stride, byte* above, byte* left, nint leftStride, int available, int maxValue)
        where TPixel : unmanaged
    {
        Line line;
        var e = line.Samples + 16;
        ScalarFilter<TPixel>(e, above, left, leftStride, available, available & (Left | Above));
        var sumAbove = 0;
        var sumLeft = 0;
        for (var i = 0; i < 8; i++)
        {
            sumAbove += e[1 + i];
            sumLeft += e[-1 - i];
        }
        var value = (available & (Left | Above)) switch
        {
            Left | Above => (sumAbove + sumLeft + 8) >> 4,
            Left => (sumLeft + 4) >> 3,
            Above => (sumAbove + 4) >> 3,
            _ => (maxValue + 1) >> 1,
        };
        ScalarFill<TPixel>(dst, stride, 8, 8, value);
    }

    [SkipLocalsInit]
    private static void Scalar8x8Directional<TPixel, TDirection>(byte* dst, nint stride, byte* above, byte* left, nint leftStride, int available, int maxValue)
        where TPixel : unmanaged
        where TDirection : struct, IDirection
    {
        Line line;
        var e = line.Samples + 16;
        ScalarFilter<TPixel>(e, above, left, leftStride, available, TDirection.Edges);
        ScalarDirectional<TPixel, TDirection>(dst, stride, e, 8);
    }

    private static void ScalarVertical<TPixel, TShape>(byte* dst, nint stride, byte* above, byte* left, nint leftStride, int available, int maxValue)
        where TPixel : unmanaged
        where TShape : struct, IShape
    {
        for (var y = 0; y < TShape.Height; y++, dst += stride)
        {
            for (var x = 0; x < TShape.Width; x++)
            {
                Write<TPixel>(dst, x, Read<TPixel>(above, x));
            }
        }
    }

    private static void ScalarHorizontal<TPixel, TShape>(byte* dst, nint stride, byte* above, byte* left, nint leftStride, int available, int maxValue)
        where TPixel : unmanaged
        where TShape : struct, IShape
    {
        for (var y = 0; y < TShape.Height; y++, dst += stride, left += leftStride)
        {
            ScalarFill<TPixel>(dst, stride, TShape.Width, 1, Read<TPixel>(left, 0));
        }
    }

    private static void Scalar16x16Dc<TPixel>(byte* dst, nint stride, byte* above, byte* left, nint leftStride, int available, int maxValue)
        where TPixel : unmanaged
        => ScalarFill<TPixel>(dst, stride, 16, 16, ScalarDcOf<TPixel>(above, left, leftStride, 16, available, maxValue));

    /// <summary>Spec 8.3.4.1 to 8.3.4.3: one mean for each 4×4 block; the order of preference depends on where the block lies.</summary>
    private static void ScalarChromaDc<TPixel, TShape>(byte* dst, nint stride, byte* above, byte* left, nint leftStride, int available, int maxValue)
        where TPixel : unmanaged
        where TShape : struct, IShape
    {
        for (var y = 0; y < TShape.Height; y += 4)
        {
            var edges = (available & Above) | ((available & (2 * y < TShape.Height ? Left : LeftLower)) != 0 ? Left : 0);
            for (var x = 0; x < 8; x += 4)
            {
                var wanted = x > 0 && y == 0 && (edges & Above) != 0 ? Above
                    : x == 0 && y > 0 && (edges & Left) != 0 ? Left
                    : edges;
                var value = ScalarDcOf<TPixel>(above + x * sizeof(TPixel), left + y * leftStride, leftStride, 4, wanted, maxValue);
                ScalarFill<TPixel>(dst + y * stride + x * sizeof(TPixel), stride, 4, 4, value);
            }
        }
    }

    private static void ScalarPlane<TPixel, TShape>(byte* dst, nint stride, byte* above, byte* left, nint leftStride, int available, int maxValue)
        where TPixel : unmanaged
        where TShape : struct, IShape
    {
        var width = TShape.Width;
        var height = TShape.Height;
        var sumH = 0;
        for (var i = 1; i <= width / 2; i++)
        {
            sumH += i * (Read<TPixel>(above, width / 2 - 1 + i) - Read<TPixel>(above, width / 2 - 1 - i));
        }
        var sumV = 0;
        for (var i = 1; i <= height / 2; i++)
        {
            var upper = height / 2 - 1 - i;
            sumV += i * (Read<TPixel>(left + (height / 2 - 1 + i) * leftStride, 0) - (upper < 0 ? Read<TPixel>(above, -1) : Read<TPixel>(left + upper * leftStride, 0)));
        }
        var b = Slope(sumH, width);
        var c = Slope(sumV, height);
        var a = 16 * (Read<TPixel>(left + (height - 1) * leftStride, 0) + Read<TPixel>(above, width - 1));
        for (var y = 0; y < height; y++, dst += stride)
        {
            for (var x = 0; x < width; x++)
            {
                Write<TPixel>(dst, x, Math.Clamp((a + b * (x - (width / 2 - 1)) + c * (y - (height / 2 - 1)) + 16) >> 5, 0, maxValue));
            }
        }
    }
}
