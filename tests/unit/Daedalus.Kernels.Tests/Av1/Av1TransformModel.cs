// SPDX-License-Identifier: LGPL-2.1-or-later
namespace Daedalus.Kernels.Tests;

/// <summary>
/// The inverse transforms written down step by step as 7.13 and 7.12.3 have them, in 64 bits, with the conformance requirements checked: the model of the kernels.
/// </summary>
internal sealed class Av1TransformModel
{
    private static readonly int[] Widths = [4, 8, 16, 32, 64, 4, 8, 8, 16, 16, 32, 32, 64, 4, 16, 8, 32, 16, 64];
    private static readonly int[] Heights = [4, 8, 16, 32, 64, 8, 4, 16, 8, 32, 16, 64, 32, 16, 4, 32, 8, 64, 16];
    private static readonly int[] RowShift = [0, 1, 2, 2, 2, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2];
    private const string Names = "DCT_DCT ADST_DCT DCT_ADST ADST_ADST FLIPADST_DCT DCT_FLIPADST FLIPADST_FLIPADST ADST_FLIPADST FLIPADST_ADST IDTX V_DCT H_DCT V_ADST H_ADST V_FLIPADST H_FLIPADST";

    private readonly long[] _t = new long[64];
    private int _r;

    /// <summary>Whether all values fitted (7.13.2.1: a requirement of bitstream conformance).</summary>
    internal bool Conforms { get; private set; }

    internal static int Width(int size) => Widths[size];

    internal static int Height(int size) => Heights[size];

    /// <summary>Residual[i][j] with the flips of 7.12.3 done; dequant[i][j] for rows and columns below 32.</summary>
    internal long[,] Residual(int size, int type, bool lossless, int bitDepth, int[,] dequant)
    {
        Conforms = true;
        int w = Widths[size], h = Heights[size];
        int log2W = int.Log2(w), log2H = int.Log2(h);
        var name = Names.Split(' ')[type];
        // The first word is the vertical transform; V_X leaves the rows alone, H_X the columns.
        var vertical = name == "IDTX" || name[0] == 'H' ? "ID" : name[0] == 'V' ? name[2..] : name.Split('_')[0];
        var horizontal = name == "IDTX" || name[0] == 'V' ? "ID" : name[0] == 'H' ? name[2..] : name.Split('_')[1];
        var residual = new long[h, w];
        var columnRange = Math.Max(bitDepth + 6, 16);
        for (var i = 0; i < h; i++)
        {
            for (var j = 0; j < w; j++)
            {
                _t[j] = i < 32 && j < 32 ? dequant[i, j] : 0;
                if (Math.Abs(log2W - log2H) == 1)
                {
                    _t[j] = Round2(_t[j] * 2896, 12);
                }
            }
            _r = bitDepth + 8;
            Transform(lossless, horizontal, log2W, 2);
            for (var j = 0; j < w; j++)
            {
                var limit = 1L << (columnRange - 1);
                residual[i, j] = Math.Clamp(Round2(_t[j], lossless ? 0 : RowShift[size]), -limit, limit - 1);
            }
        }
        for (var j = 0; j < w; j++)
        {
            for (var i = 0; i < h; i++)
            {
                _t[i] = residual[i, j];
            }
            _r = columnRange;
            Transform(lossless, vertical, log2H, 0);
            for (var i = 0; i < h; i++)
            {
                residual[i, j] = Round2(_t[i], lossless ? 0 : 4);
            }
        }
        if (lossless)
        {
            return residual;
        }
        var flipped = new long[h, w];
        for (var i = 0; i < h; i++)
        {
            for (var j = 0; j < w; j++)
            {
                flipped[vertical == "FLIPADST" ? h - 1 - i : i, horizontal == "FLIPADST" ? w - 1 - j : j] = residual[i, j];
            }
        }
        return flipped;
    }

    private void Transform(bool lossless, string kind, int n, int shift)
    {
        if (lossless)
        {
            Wht(shift);
        }
        else if (kind == "DCT")
        {
            Dct(n);
        }
        else if (kind == "ID")
        {
            for (var i = 0; i < 1 << n; i++)
            {
                _t[i] = n switch { 2 => Round2(_t[i] * 5793, 12), 3 => _t[i] * 2, 4 => Round2(_t[i] * 11586, 12), _ => _t[i] * 4 };
            }
        }
        else if (n == 2)
        {
            Adst4();
        }
        else
        {
            Adst(n);
        }
    }

    private static long Round2(long x, int n) => n == 0 ? x : (x + (1L << (n - 1))) >> n;

    private static int Brev(int numBits, int x)
    {
        var t = 0;
        for (var i = 0; i < numBits; i++)
        {
            t += ((x >> i) & 1) << (numBits - 1 - i);
        }
        return t;
    }

    private static long Cos128(int angle) => (long)Math.Round(4096 * Math.Cos((angle & 255) * Math.PI / 128));

    private static long Sin128(int angle) => Cos128(angle - 64);

    private void Check(long value)
    {
        if (value < -(1L << (_r - 1)) || value >= 1L << (_r - 1))
        {
            Conforms = false;
        }
    }

    private void B(int a, int b, int angle, int flip)
    {
        var x = _t[a] * Cos128(angle) - _t[b] * Sin128(angle);
        var y = _t[a] * Sin128(angle) + _t[b] * Cos128(angle);
        _t[a] = Round2(x, 12);
        _t[b] = Round2(y, 12);
        Check(_t[a]);
        Check(_t[b]);
        if (flip != 0)
        {
            (_t[a], _t[b]) = (_t[b], _t[a]);
        }
    }

    private void H(int a, int b, int flip)
    {
        if (flip != 0)
        {
            (a, b) = (b, a);
        }
        var limit = 1L << (_r - 1);
        var x = _t[a];
        var y = _t[b];
        _t[a] = Math.Clamp(x + y, -limit, limit - 1);
        _t[b] = Math.Clamp(x - y, -limit, limit - 1);
    }

    private static void For(int n, Action<int> step)
    {
        for (var i = 0; i < n; i++)
        {
            step(i);
        }
    }

    private static void For(int n, int m, Action<int, int> step) => For(n, i => For(m, j => step(i, j)));

    private void Dct(int n)
    {
        var copy = (long[])_t.Clone();
        For(1 << n, i => _t[i] = copy[Brev(n, i)]);
        bool n3 = n >= 3, n4 = n >= 4, n5 = n >= 5, n6 = n == 6;
        if (n6) { For(16, i => B(32 + i, 63 - i, 63 - 4 * Brev(4, i), 0)); }
        if (n5) { For(8, i => B(16 + i, 31 - i, 6 + (Brev(3, 7 - i) << 3), 0)); }
        if (n6) { For(16, i => H(32 + i * 2, 33 + i * 2, i & 1)); }
        if (n4) { For(4, i => B(8 + i, 15 - i, 12 + (Brev(2, 3 - i) << 4), 0)); }
        if (n5) { For(8, i => H(16 + 2 * i, 17 + 2 * i, i & 1)); }
        if (n6) { For(4, 2, (i, j) => B(62 - i * 4 - j, 33 + i * 4 + j, 60 - 16 * Brev(2, i) + 64 * j, 1)); }
        if (n3) { For(2, i => B(4 + i, 7 - i, 56 - 32 * i, 0)); }
        if (n4) { For(4, i => H(8 + 2 * i, 9 + 2 * i, i & 1)); }
        if (n5) { For(2, 2, (i, j) => B(30 - 4 * i - j, 17 + 4 * i + j, 24 + (j << 6) + ((1 - i) << 5), 1)); }
        if (n6) { For(8, 2, (i, j) => H(32 + i * 4 + j, 35 + i * 4 - j, i & 1)); }
        For(2, i => B(2 * i, 2 * i + 1, 32 + 16 * i, 1 - i));
        if (n3) { For(2, i => H(4 + 2 * i, 5 + 2 * i, i)); }
        if (n4) { For(2, i => B(14 - i, 9 + i, 48 + 64 * i, 1)); }
        if (n5) { For(4, 2, (i, j) => H(16 + 4 * i + j, 19 + 4 * i - j, i & 1)); }
        if (n6) { For(2, 4, (i, j) => B(61 - i * 8 - j, 34 + i * 8 + j, 56 - i * 32 + (j >> 1) * 64, 1)); }
        For(2, i => H(i, 3 - i, 0));
        if (n3) { B(6, 5, 32, 1); }
        if (n4) { For(2, 2, (i, j) => H(8 + 4 * i + j, 11 + 4 * i - j, i)); }
        if (n5) { For(4, i => B(29 - i, 18 + i, 48 + (i >> 1) * 64, 1)); }
        if (n6) { For(4, 4, (i, j) => H(32 + 8 * i + j, 39 + 8 * i - j, i & 1)); }
        if (n3) { For(4, i => H(i, 7 - i, 0)); }
        if (n4) { For(2, i => B(13 - i, 10 + i, 32, 1)); }
        if (n5) { For(2, 4, (i, j) => H(16 + i * 8 + j, 23 + i * 8 - j, i)); }
        if (n6) { For(8, i => B(59 - i, 36 + i, i < 4 ? 48 : 112, 1)); }
        if (n4) { For(8, i => H(i, 15 - i, 0)); }
        if (n5) { For(4, i => B(27 - i, 20 + i, 32, 1)); }
        if (n6)
        {
            For(8, i =>
            {
                H(32 + i, 47 - i, 0);
                H(48 + i, 63 - i, 1);
            });
        }
        if (n5) { For(16, i => H(i, 31 - i, 0)); }
        if (n6) { For(8, i => B(55 - i, 40 + i, 32, 1)); }
        if (n6) { For(32, i => H(i, 63 - i, 0)); }
    }

    private void Adst(int n)
    {
        var n0 = 1 << n;
        var copy = (long[])_t.Clone();
        For(n0, i => _t[i] = copy[(i & 1) != 0 ? i - 1 : n0 - i - 1]);
        if (n == 3)
        {
            For(4, i => B(2 * i, 2 * i + 1, 60 - 16 * i, 1));
            For(4, i => H(i, 4 + i, 0));
            For(2, i => B(4 + 3 * i, 5 + i, 48 - 32 * i, 1));
            For(2, 2, (i, j) => H(4 * j + i, 2 + 4 * j + i, 0));
            For(2, i => B(2 + 4 * i, 3 + 4 * i, 32, 1));
        }
        else
        {
            For(8, i => B(2 * i, 2 * i + 1, 62 - 8 * i, 1));
            For(8, i => H(i, 8 + i, 0));
            For(2, i =>
            {
                B(8 + 2 * i, 9 + 2 * i, 56 - 32 * i, 1);
                B(13 + 2 * i, 12 + 2 * i, 8 + 32 * i, 1);
            });
            For(4, 2, (i, j) => H(8 * j + i, 4 + 8 * j + i, 0));
            For(2, 2, (i, j) => B(4 + 8 * j + 3 * i, 5 + 8 * j + i, 48 - 32 * i, 1));
            For(2, 4, (i, j) => H(4 * j + i, 2 + 4 * j + i, 0));
            For(4, i => B(2 + 4 * i, 3 + 4 * i, 32, 1));
        }
        copy = (long[])_t.Clone();
        For(n0, i =>
        {
            var a = (i >> 3) & 1;
            var b = ((i >> 2) & 1) ^ ((i >> 3) & 1);
            var c = ((i >> 1) & 1) ^ ((i >> 2) & 1);
            var d = (i & 1) ^ ((i >> 1) & 1);
            var idx = ((d << 3) | (c << 2) | (b << 1) | a) >> (4 - n);
            _t[i] = (i & 1) != 0 ? -copy[idx] : copy[idx];
        });
    }

    private void Adst4()
    {
        long[] s = [1321 * _t[0], 2482 * _t[0], 3344 * _t[1], 3803 * _t[2], 1321 * _t[2], 2482 * _t[3], 3803 * _t[3]];
        var b7 = _t[0] - _t[2] + _t[3];
        Check(b7);
        s[0] += s[3];
        s[1] -= s[4];
        s[3] = s[2];
        s[2] = 3344 * b7;
        s[0] += s[5];
        s[1] -= s[6];
        long[] x = [s[0] + s[3], s[1] + s[3], s[2], s[0] + s[1] - s[3]];
        for (var i = 0; i < 4; i++)
        {
            // The sums must fit r + 12 bits here, not what they are rounded to (7.13.2.6).
            if (x[i] < -(1L << (_r + 11)) || x[i] >= 1L << (_r + 11))
            {
                Conforms = false;
            }
            _t[i] = Round2(x[i], 12);
        }
    }

    private void Wht(int shift)
    {
        long a = _t[0] >> shift, c = _t[1] >> shift, d = _t[2] >> shift, b = _t[3] >> shift;
        a += c;
        d -= b;
        var e = (a - d) >> 1;
        b = e - b;
        c = e - c;
        a -= b;
        d += c;
        (_t[0], _t[1], _t[2], _t[3]) = (a, b, c, d);
    }
}
