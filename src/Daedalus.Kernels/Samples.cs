// SPDX-License-Identifier: LGPL-2.1-or-later
namespace Daedalus.Kernels;

/// <summary>A sample type in byte-addressed memory.</summary>
internal unsafe interface ISample
{
    static abstract int Size { get; }
    static abstract int Load(byte* p, nint index);
    static abstract void Store(byte* p, nint index, int value);
    static abstract int Tap(byte* taps, int index);
}

/// <summary>8-bit samples.</summary>
internal readonly unsafe struct ByteSample : ISample
{
    public static int Size => 1;
    public static int Load(byte* p, nint index) => p[index];
    public static void Store(byte* p, nint index, int value) => p[index] = (byte)value;
    public static int Tap(byte* taps, int index) => ((sbyte*)taps)[index];
}

/// <summary>Samples of 9..16 bits, little endian.</summary>
internal readonly unsafe struct WordSample : ISample
{
    public static int Size => 2;
    public static int Load(byte* p, nint index) => ((ushort*)p)[index];
    public static void Store(byte* p, nint index, int value) => ((ushort*)p)[index] = (ushort)value;
    public static int Tap(byte* taps, int index) => ((short*)taps)[index];
}

/// <summary>Whether the prediction is averaged with what the destination holds (the second of two predictions).</summary>
internal interface IAverage
{
    static abstract bool On { get; }
}

internal readonly struct AverageOff : IAverage { public static bool On => false; }
internal readonly struct AverageOn : IAverage { public static bool On => true; }
