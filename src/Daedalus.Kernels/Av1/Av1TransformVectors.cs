// SPDX-License-Identifier: LGPL-2.1-or-later
namespace Daedalus.Kernels.Av1;

/// <summary>
/// Operations of the inverse transforms (7.13.2) on the lanes of a vector. At 8 bits per sample lanes are 16 bits wide and saturate, else 32 bits and H() clamps to limits of its own.
/// Residuals between the passes have the width of a lane.
/// </summary>
internal unsafe interface ITransformVector<TVector>
    where TVector : unmanaged
{
    /// <summary>Lanes in use: rows or columns at once.</summary>
    static abstract int Lanes { get; }
    /// <summary>Bytes of a coefficient or residual.</summary>
    static abstract int ElementSize { get; }
    /// <summary>Bytes of a sample.</summary>
    static abstract int SampleSize { get; }
    static abstract TVector Load(byte* p);
    static abstract void Store(byte* p, TVector v);
    /// <summary>A value in all lanes; nothing where lanes saturate.</summary>
    static abstract TVector Limit(int max);
    static abstract TVector Complement(TVector v);
    /// <summary>x = Round2(a * k0 + b * k1, 12), y = Round2(a * k2 + b * k3, 12).</summary>
    static abstract void Rotate(TVector a, TVector b, int k0, int k1, int k2, int k3, out TVector x, out TVector y);
    /// <summary>Round2(v * k, 12) for factors between -4096 and 4096.</summary>
    static abstract TVector Scale(TVector v, int k);
    static abstract TVector Add(TVector a, TVector b, TVector min, TVector max);
    static abstract TVector Subtract(TVector a, TVector b, TVector min, TVector max);
    static abstract TVector Clamp(TVector v, TVector min, TVector max);
    static abstract TVector Negate(TVector v);
    static abstract void Adst4(TVector a, TVector b, TVector c, TVector d, out TVector x, out TVector y, out TVector z, out TVector w);
    /// <summary>Identity transform of a row with row shift and clamp.</summary>
    static abstract TVector IdentityRow(TVector v, int log2, int shift, int max);
    /// <summary>Identity transform of a column; may saturate where the sample does as well.</summary>
    static abstract TVector IdentityColumn(TVector v, int log2);
    /// <summary>
    /// Row shift, clamp and transposition: y[0], y[step] .. y[(count - 1) * step] become Lanes lines of count residuals. count is 4 or a multiple of 8, of 16 from there on with 16 lanes.
    /// </summary>
    static abstract void StoreLines(TVector* y, int step, int count, byte* t, nint lineBytes, int shift, int max);
    /// <summary>Adds Round2(v, 4) of count lines to the picture.</summary>
    static abstract void AddLines(byte* dst, nint stride, TVector* y, int count, int maxSample);
}
