// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Runtime.CompilerServices;

namespace Daedalus.Kernels.Vp9;

/// <summary>Where 8 vectors of a transposition come from and go to.</summary>
internal unsafe interface ILoopFilterTransfer<V>
    where V : unmanaged
{
    static abstract V Read(byte* p, nint stride, int index);
    static abstract void Write(byte* p, nint stride, int index, V v);
}

/// <summary>The exchange of rows and columns between picture and window.</summary>
internal static unsafe class LoopFilterTranspose
{
    /// <summary>
    /// Three rounds of interleaving vectors 4, 2 and 1 apart: each moves one bit of the vector's number to the end of the lane's number
    /// and the lane's first bit into the vector's number. With 8 lanes that is a transposition; with 16 the lane's last bit stays,
    /// as the first one of the result.
    /// </summary>
    public static void Run<V, TLanes, TTransfer>(byte* source, nint sourceStride, byte* target, nint targetStride)
        where V : unmanaged
        where TLanes : struct, ILoopFilterLanes<V>
        where TTransfer : struct, ILoopFilterTransfer<V>
    {
        V a0 = TTransfer.Read(source, sourceStride, 0);
        V a4 = TTransfer.Read(source, sourceStride, 4);
        V b0 = TLanes.UnpackLow(a0, a4);
        V b4 = TLanes.UnpackHigh(a0, a4);
        V a2 = TTransfer.Read(source, sourceStride, 2);
        V a6 = TTransfer.Read(source, sourceStride, 6);
        V b2 = TLanes.UnpackLow(a2, a6);
        V b6 = TLanes.UnpackHigh(a2, a6);
        V c0 = TLanes.UnpackLow(b0, b2);
        V c2 = TLanes.UnpackHigh(b0, b2);
        V c4 = TLanes.UnpackLow(b4, b6);
        V c6 = TLanes.UnpackHigh(b4, b6);
        V a1 = TTransfer.Read(source, sourceStride, 1);
        V a5 = TTransfer.Read(source, sourceStride, 5);
        V b1 = TLanes.UnpackLow(a1, a5);
        V b5 = TLanes.UnpackHigh(a1, a5);
        V a3 = TTransfer.Read(source, sourceStride, 3);
        V a7 = TTransfer.Read(source, sourceStride, 7);
        V b3 = TLanes.UnpackLow(a3, a7);
        V b7 = TLanes.UnpackHigh(a3, a7);
        V c1 = TLanes.UnpackLow(b1, b3);
        V c3 = TLanes.UnpackHigh(b1, b3);
        V c5 = TLanes.UnpackLow(b5, b7);
        V c7 = TLanes.UnpackHigh(b5, b7);
        TTransfer.Write(target, targetStride, 0, TLanes.UnpackLow(c0, c1));
        TTransfer.Write(target, targetStride, 1, TLanes.UnpackHigh(c0, c1));
        TTransfer.Write(target, targetStride, 2, TLanes.UnpackLow(c2, c3));
        TTransfer.Write(target, targetStride, 3, TLanes.UnpackHigh(c2, c3));
        TTransfer.Write(target, targetStride, 4, TLanes.UnpackLow(c4, c5));
        TTransfer.Write(target, targetStride, 5, TLanes.UnpackHigh(c4, c5));
        TTransfer.Write(target, targetStride, 6, TLanes.UnpackLow(c6, c7));
        TTransfer.Write(target, targetStride, 7, TLanes.UnpackHigh(c6, c7));
    }
}

/// <summary>Bytes, picture to window: rows i and i + 8 enter interleaved.</summary>
internal unsafe struct LoopFilterBytesIn<V, TLanes> : ILoopFilterTransfer<V>
    where V : unmanaged
    where TLanes : struct, ILoopFilterBytes<V>
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Read(byte* p, nint stride, int index)
        => TLanes.UnpackLow(TLanes.LoadRow(p + index * stride, stride), TLanes.LoadRow(p + (index + 8) * stride, stride));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Write(byte* p, nint stride, int index, V v) => TLanes.Store(p + index * stride, v);
}

/// <summary>Bytes, window to picture: two rows leave in each vector.</summary>
internal unsafe struct LoopFilterBytesOut<V, TLanes> : ILoopFilterTransfer<V>
    where V : unmanaged
    where TLanes : struct, ILoopFilterBytes<V>
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Read(byte* p, nint stride, int index) => TLanes.Load(p + index * stride);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Write(byte* p, nint stride, int index, V v) => TLanes.StorePair(p + 2 * index * stride, stride, v);
}

/// <summary>Words, picture to window.</summary>
internal unsafe struct LoopFilterWordsIn<V, TLanes> : ILoopFilterTransfer<V>
    where V : unmanaged
    where TLanes : struct, ILoopFilterWords<V>
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Read(byte* p, nint stride, int index) => TLanes.LoadRow(p + index * stride, stride);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Write(byte* p, nint stride, int index, V v) => TLanes.Store(p + index * stride, v);
}

/// <summary>Words, window to picture.</summary>
internal unsafe struct LoopFilterWordsOut<V, TLanes> : ILoopFilterTransfer<V>
    where V : unmanaged
    where TLanes : struct, ILoopFilterWords<V>
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Read(byte* p, nint stride, int index) => TLanes.Load(p + index * stride);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Write(byte* p, nint stride, int index, V v) => TLanes.StoreRow(p + index * stride, stride, v);
}
