#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Writes the flat one-dimensional transform passes of VP9 (spec 8.7.1) as C# for every backend.

Usage: tools/generate-vp9-transforms.py     (rewrites src/Daedalus.Kernels.Transforms/Vp9/Vp9InverseTransformKernels.*.g.cs)

One description of each transform (functions idct*/iadst* below) is evaluated symbolically; a backend turns the
steps into statements over fresh variables. Inputs known to be zero vanish, which gives the small-eob variants.
"""
import os
import re

OUT = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'src', 'Daedalus.Kernels.Transforms', 'Vp9')

# round(16384 * cos(k * pi / 64)) and round(16384 * 2 * sqrt(2) / 3 * sin(k * pi / 9)), spec 8.7.1.1
C = [16384, 16364, 16305, 16207, 16069, 15893, 15679, 15426, 15137, 14811, 14449, 14053, 13623, 13160, 12665, 12140,
     11585, 11003, 10394, 9760, 9102, 8423, 7723, 7005, 6270, 5520, 4756, 3981, 3196, 2404, 1606, 804]
S = [0, 5283, 9929, 13377, 15212]


# ---- the transforms -------------------------------------------------------------------------------------------

def rot(e, a, b, i):
    """Rotation: (a cos i - b sin i, a sin i + b cos i), sin i = C[32 - i]."""
    return e.lin((a, C[i], b, -C[32 - i])), e.lin((a, C[32 - i], b, C[i]))


def half(e, a, b):
    """((a - b) / sqrt 2, (a + b) / sqrt 2)."""
    return e.lin((a, C[16], b, -C[16])), e.lin((a, C[16], b, C[16]))


def idct4(e, x):
    d, s = half(e, x[0], x[2])
    o2, o3 = rot(e, x[1], x[3], 24)
    return [e.add(s, o3), e.add(d, o2), e.sub(d, o2), e.sub(s, o3)]


def join(e, even, odd):
    n = len(even)
    return [e.add(even[i], odd[n - 1 - i]) for i in range(n)] + [e.sub(even[n - 1 - i], odd[i]) for i in range(n)]


def idct8(e, x):
    a4, a7 = rot(e, x[1], x[7], 28)
    a5, a6 = rot(e, x[5], x[3], 12)
    b4, b5, b6, b7 = e.add(a4, a5), e.sub(a4, a5), e.sub(a7, a6), e.add(a7, a6)
    c5, c6 = half(e, b6, b5)
    return join(e, idct4(e, x[0::2]), [b4, c5, c6, b7])


def idct16(e, x):
    a8, a15 = rot(e, x[1], x[15], 30)
    a9, a14 = rot(e, x[9], x[7], 14)
    a10, a13 = rot(e, x[5], x[11], 22)
    a11, a12 = rot(e, x[13], x[3], 6)
    b8, b9, b10, b11 = e.add(a8, a9), e.sub(a8, a9), e.sub(a11, a10), e.add(a10, a11)
    b12, b13, b14, b15 = e.add(a12, a13), e.sub(a12, a13), e.sub(a15, a14), e.add(a14, a15)
    c9, c14 = rot(e, b14, b9, 24)
    c10 = e.lin((b10, -C[24], b13, -C[8]))
    c13 = e.lin((b10, -C[8], b13, C[24]))
    d8, d9, d10, d11 = e.add(b8, b11), e.add(c9, c10), e.sub(c9, c10), e.sub(b8, b11)
    d12, d13, d14, d15 = e.sub(b15, b12), e.sub(c14, c13), e.add(c13, c14), e.add(b12, b15)
    f10, f13 = half(e, d13, d10)
    f11, f12 = half(e, d12, d11)
    return join(e, idct8(e, x[0::2]), [d8, d9, f10, f11, f12, f13, d14, d15])


def idct32(e, x):
    a16, a31 = rot(e, x[1], x[31], 31)
    a17, a30 = rot(e, x[17], x[15], 15)
    a18, a29 = rot(e, x[9], x[23], 23)
    a19, a28 = rot(e, x[25], x[7], 7)
    a20, a27 = rot(e, x[5], x[27], 27)
    a21, a26 = rot(e, x[21], x[11], 11)
    a22, a25 = rot(e, x[13], x[19], 19)
    a23, a24 = rot(e, x[29], x[3], 3)
    b16, b17, b18, b19 = e.add(a16, a17), e.sub(a16, a17), e.sub(a19, a18), e.add(a18, a19)
    b20, b21, b22, b23 = e.add(a20, a21), e.sub(a20, a21), e.sub(a23, a22), e.add(a22, a23)
    b24, b25, b26, b27 = e.add(a24, a25), e.sub(a24, a25), e.sub(a27, a26), e.add(a26, a27)
    b28, b29, b30, b31 = e.add(a28, a29), e.sub(a28, a29), e.sub(a31, a30), e.add(a30, a31)
    c17, c30 = rot(e, b30, b17, 28)
    c18 = e.lin((b18, -C[28], b29, -C[4]))
    c29 = e.lin((b18, -C[4], b29, C[28]))
    c21, c26 = rot(e, b26, b21, 12)
    c22 = e.lin((b22, -C[12], b25, -C[20]))
    c25 = e.lin((b22, -C[20], b25, C[12]))
    d16, d17, d18, d19 = e.add(b16, b19), e.add(c17, c18), e.sub(c17, c18), e.sub(b16, b19)
    d20, d21, d22, d23 = e.sub(b23, b20), e.sub(c22, c21), e.add(c21, c22), e.add(b20, b23)
    d24, d25, d26, d27 = e.add(b24, b27), e.add(c25, c26), e.sub(c25, c26), e.sub(b24, b27)
    d28, d29, d30, d31 = e.sub(b31, b28), e.sub(c30, c29), e.add(c29, c30), e.add(b28, b31)
    f18, f29 = rot(e, d29, d18, 24)
    f19, f28 = rot(e, d28, d19, 24)
    f20 = e.lin((d20, -C[24], d27, -C[8]))
    f27 = e.lin((d20, -C[8], d27, C[24]))
    f21 = e.lin((d21, -C[24], d26, -C[8]))
    f26 = e.lin((d21, -C[8], d26, C[24]))
    g16, g17, g18, g19 = e.add(d16, d23), e.add(d17, d22), e.add(f18, f21), e.add(f19, f20)
    g20, g21, g22, g23 = e.sub(f19, f20), e.sub(f18, f21), e.sub(d17, d22), e.sub(d16, d23)
    g24, g25, g26, g27 = e.sub(d31, d24), e.sub(d30, d25), e.sub(f29, f26), e.sub(f28, f27)
    g28, g29, g30, g31 = e.add(f27, f28), e.add(f26, f29), e.add(d25, d30), e.add(d24, d31)
    h20, h27 = half(e, g27, g20)
    h21, h26 = half(e, g26, g21)
    h22, h25 = half(e, g25, g22)
    h23, h24 = half(e, g24, g23)
    return join(e, idct16(e, x[0::2]),
                [g16, g17, g18, g19, h20, h21, h22, h23, h24, h25, h26, h27, g28, g29, g30, g31])


def iadst4(e, x):
    a, b, c, d = x[0], x[2], x[3], x[1]
    return [e.lin((a, S[1], b, S[4]), (c, S[2], d, S[3])),
            e.lin((a, S[2], b, -S[1]), (c, -S[4], d, S[3])),
            e.lin((a, S[3], b, -S[3]), (c, S[3], None, 0)),
            e.lin((a, S[4], b, S[2]), (c, -S[1], d, -S[3]))]


def pairsum(e, a, b, i, c, d, j, flip=False):
    """Rotates (a, b) by i and (c, d) by j and returns sums and differences before rounding (spec: SB, SH)."""
    p = (a, C[i], b, C[32 - i])
    q = (a, C[32 - i], b, -C[i])
    r = (c, C[j], d, C[32 - j]) if not flip else (c, -C[32 - j], d, C[j])
    s = (c, C[32 - j], d, -C[j]) if not flip else (c, C[j], d, C[32 - j])
    return e.lin(p, r), e.lin(q, s), e.lindiff(p, r), e.lindiff(q, s)


def iadst8(e, x):
    x0, x1, x4, x5 = pairsum(e, x[7], x[0], 2, x[3], x[4], 18)
    x2, x3, x6, x7 = pairsum(e, x[5], x[2], 10, x[1], x[6], 26)
    y0, y1, y2, y3 = e.add(x0, x2), e.add(x1, x3), e.sub(x0, x2), e.sub(x1, x3)
    y4, y5, y6, y7 = pairsum(e, x4, x5, 8, x6, x7, 8, flip=True)
    z3, z2 = half(e, y2, y3)
    z7, z6 = half(e, y6, y7)
    return [y0, e.neg(y4), z6, e.neg(z2), z3, e.neg(z7), y5, e.neg(y1)]


def iadst16(e, x):
    x0, x1, x8, x9 = pairsum(e, x[15], x[0], 1, x[7], x[8], 17)
    x2, x3, x10, x11 = pairsum(e, x[13], x[2], 5, x[5], x[10], 21)
    x4, x5, x12, x13 = pairsum(e, x[11], x[4], 9, x[3], x[12], 25)
    x6, x7, x14, x15 = pairsum(e, x[9], x[6], 13, x[1], x[14], 29)
    y8, y9, y12, y13 = pairsum(e, x8, x9, 4, x12, x13, 4, flip=True)
    y10, y11, y14, y15 = pairsum(e, x10, x11, 20, x14, x15, 20, flip=True)
    z8, z9, z10, z11 = e.add(y8, y10), e.add(y9, y11), e.sub(y8, y10), e.sub(y9, y11)
    z12, z13, z14, z15 = pairsum(e, y12, y13, 8, y14, y15, 8, flip=True)
    y0, y1, y2, y3 = e.add(x0, x4), e.add(x1, x5), e.add(x2, x6), e.add(x3, x7)
    y4, y5, y6, y7 = e.sub(x0, x4), e.sub(x1, x5), e.sub(x2, x6), e.sub(x3, x7)
    z0, z1, z2, z3 = e.add(y0, y2), e.add(y1, y3), e.sub(y0, y2), e.sub(y1, y3)
    z4, z5, z6, z7 = pairsum(e, y4, y5, 8, y6, y7, 8, flip=True)
    k = C[16]
    o7, o8 = e.lin((z2, -k, z3, -k)), e.lin((z2, k, z3, -k))
    o4, o11 = e.lin((z6, k, z7, k)), e.lin((z6, -k, z7, k))
    o6, o9 = e.lin((z10, k, z11, k)), e.lin((z10, -k, z11, k))
    o5, o10 = e.lin((z14, -k, z15, -k)), e.lin((z14, k, z15, -k))
    return [z0, e.neg(z8), z12, e.neg(z4), o4, o5, o6, o7, o8, o9, o10, o11, z5, e.neg(z13), z9, e.neg(z1)]


TRANSFORM = {('Dct', 4): idct4, ('Dct', 8): idct8, ('Dct', 16): idct16, ('Dct', 32): idct32,
             ('Adst', 4): iadst4, ('Adst', 8): iadst8, ('Adst', 16): iadst16}


# ---- backends -------------------------------------------------------------------------------------------------

class Emitter:
    """Common part: statement list, fresh names, value numbering; zero is None."""

    def __init__(self):
        self.lines, self.count, self.known, self.inputs = [], 0, {}, []

    def input(self, expr):
        """A value loaded right before its first use."""
        self.inputs.append(expr)
        return f'@{len(self.inputs) - 1}@'

    def finished(self):
        done, out = set(), []
        for line in self.lines:
            for m in re.findall(r'@(\d+)@', line):
                if m not in done:
                    done.add(m)
                    out.append(f'var i{m} = {self.inputs[int(m)]};')
            out.append(re.sub(r'@(\d+)@', r'i\1', line))
        return out

    def let(self, expr, prefix='v'):
        if expr in self.known:
            return self.known[expr]
        name = f'{prefix}{self.count}'
        self.count += 1
        self.lines.append(f'var {name} = {expr};')
        self.known[expr] = name
        return name

    def do(self, line):
        self.lines.append(line)

    def add(self, a, b):
        if a is None or b is None:
            return a or b
        return self.let(self.e_add(a, b))

    def sub(self, a, b):
        if b is None:
            return a
        if a is None:
            return self.neg(b)
        return self.let(self.e_sub(a, b))

    def neg(self, a):
        return None if a is None else self.let(self.e_sub(self.zero(), a))

    def lin(self, p, q=None):
        return self.combine(p, q, 1)

    def lindiff(self, p, q):
        return self.combine(p, q, -1)

    def combine(self, p, q, sign):
        def terms(t):
            return [] if t is None else [(v, k) for v, k in ((t[0], t[1]), (t[2], t[3])) if v is not None and k != 0]
        tp, tq = terms(p), terms(q)
        if len(tp) == 2 and len(tq) >= 1:
            return self.round2(tp, tq, sign)
        if len(tq) == 2 and len(tp) == 1:
            if sign > 0:
                return self.round2(tq, tp, 1)
            return self.round2([(v, -k) for v, k in tq], tp, 1)
        both = tp + [(v, k * sign) for v, k in tq]
        if not both:
            return None
        if len(both) == 1:
            return self.round_single(*both[0])
        return self.round1(both)


class Scalar(Emitter):
    def zero(self):
        return '0'

    def e_add(self, a, b):
        return f'{a} + {b}'

    def e_sub(self, a, b):
        return f'-{b}' if a == '0' else f'{a} - {b}'

    def sum(self, ts):
        s = ''
        for v, k in ts:
            s += (f'{k}L * {v}' if not s and k >= 0 else f'-{-k}L * {v}' if not s else f' + {k}L * {v}' if k >= 0 else f' - {-k}L * {v}')
        return s

    def round_single(self, v, k):
        return self.round1([(v, k)])

    def round1(self, ts):
        return self.let(f'(int)(({self.sum(ts)} + 8192) >> 14)')

    def round2(self, tp, tq, sign):
        return self.round1(tp + [(v, k * sign) for v, k in tq])


def short_const(w, k1, k2):
    """k1 in the even, k2 in the odd 16-bit lanes."""
    return f'Vector{w}.Create({((k2 & 0xffff) << 16 | (k1 & 0xffff)) - (1 << 32) if k2 < 0 else (k2 << 16 | (k1 & 0xffff))}).AsInt16()'


class X86Short(Emitter):
    """16-bit lanes; products through pmaddwd on interleaved pairs. lanes 4 (lower half of 128), 8 or 16."""

    def __init__(self, lanes):
        super().__init__()
        self.lanes = lanes
        self.w = 256 if lanes == 16 else 128
        self.isa = 'Avx2' if self.w == 256 else 'Sse2'
        self.hrs = 'Avx2' if self.w == 256 else 'Ssse3'
        self.halves = ['Low'] if lanes == 4 else ['Low', 'High']
        self.order = {}

    def zero(self):
        return f'Vector{self.w}<short>.Zero'

    def e_add(self, a, b):
        return f'{self.isa}.Add({a}, {b})'

    def e_sub(self, a, b):
        return f'{self.isa}.Subtract({a}, {b})'

    def round_single(self, v, k):
        return self.let(f'{self.hrs}.MultiplyHighRoundScale({v}, Vector{self.w}.Create((short){2 * k}))')

    def mad(self, ts, h):
        if len(ts) == 1:
            ts = ts + [(self.zero(), 0)]
        (a, ka), (b, kb) = ts
        if (b, a) in self.order:
            (a, ka), (b, kb) = (b, kb), (a, ka)
        self.order[(a, b)] = True
        pair = self.let(f'{self.isa}.Unpack{h}({a}, {b})', 'p')
        return self.let(f'{self.isa}.MultiplyAddAdjacent({pair}, {short_const(self.w, ka, kb)})', 'm')

    def finish(self, parts):
        shifted = [self.let(f'{self.isa}.ShiftRightArithmetic({p}, 14)', 's') for p in parts]
        return self.let(f'{self.isa}.PackSignedSaturate({shifted[0]}, {shifted[-1]})')

    def rnd(self):
        return f'Vector{self.w}.Create(8192)'

    def round1(self, ts):
        return self.finish([f'{self.isa}.Add({self.mad(ts, h)}, {self.rnd()})' for h in self.halves])

    def round2(self, tp, tq, sign):
        parts = []
        for h in self.halves:
            a = self.let(f'{self.isa}.Add({self.mad(tp, h)}, {self.rnd()})', 'a')
            b = self.mad(tq, h)
            parts.append(f'{self.isa}.{"Add" if sign > 0 else "Subtract"}({a}, {b})')
        return self.finish(parts)

    def load(self, ptr, index):
        if self.lanes == 4:
            return self.input(f'Vector128.CreateScalarUnsafe(*(ulong*)({ptr} + {index})).AsInt16()')
        return self.input(f'Vector{self.w}.Load({ptr} + {index})')

    def clear(self, ptr, index):
        if self.lanes == 4:
            self.do(f'*(ulong*)({ptr} + {index}) = 0;')
        else:
            self.do(f'Vector{self.w}<short>.Zero.Store({ptr} + {index});')

    def store(self, v, ptr, index):
        self.do(f'{v or self.zero()}.Store({ptr} + {index});')

    def un(self, size, h, a, b):
        t = {16: 'Int16', 32: 'Int32', 64: 'Int64'}[size]
        if size == 16:
            return self.let(f'{self.isa}.Unpack{h}({a}, {b})', 't')
        return self.let(f'{self.isa}.Unpack{h}({a}.As{t}(), {b}.As{t}()).AsInt16()', 't')

    def transpose(self, cols):
        """cols: lanes rows each. Returns rows: for lanes 4, 8: groups [row] of (len(cols)/8) vectors; lanes 16 likewise of 16."""
        z = [c or self.zero() for c in cols]
        if self.lanes == 4:
            if len(z) == 4:
                a, b = self.un(16, 'Low', z[0], z[1]), self.un(16, 'Low', z[2], z[3])
                lo, hi = self.un(32, 'Low', a, b), self.un(32, 'High', a, b)
                return [[lo], [self.let(f'{self.isa}.UnpackHigh({lo}.AsInt64(), {lo}.AsInt64()).AsInt16()', 't')],
                        [hi], [self.let(f'{self.isa}.UnpackHigh({hi}.AsInt64(), {hi}.AsInt64()).AsInt16()', 't')]]
            rows = [[], [], [], []]
            for g in range(0, len(z), 8):
                p = [self.un(16, 'Low', z[g + 2 * i], z[g + 2 * i + 1]) for i in range(4)]
                q = [self.un(32, h, p[i], p[i + 1]) for i in (0, 2) for h in ('Low', 'High')]
                for r in range(4):
                    rows[r].append(self.un(64, 'Low' if r % 2 == 0 else 'High', q[r // 2], q[2 + r // 2]))
            return rows
        lanes = self.lanes
        rows = [[] for _ in range(lanes)]
        for g in range(0, len(z), lanes):
            v = z[g:g + lanes]
            half_rows = []                      # for each group of 8 columns: rows r and r + 8 share a vector
            for o in range(0, lanes, 8):
                p = [self.un(16, h, v[o + 2 * i], v[o + 2 * i + 1]) for i in range(4) for h in ('Low', 'High')]
                q = {}
                for i in (0, 1):
                    for hi, h in enumerate(('Low', 'High')):
                        for ki, k in enumerate(('Low', 'High')):
                            q[(i, hi, ki)] = self.un(32, k, p[4 * i + hi], p[4 * i + 2 + hi])
                half_rows.append([self.un(64, k, q[(0, r // 4, (r // 2) % 2)], q[(1, r // 4, (r // 2) % 2)])
                                  for r in range(8) for k in [('Low', 'High')[r % 2]]])
            if lanes == 8:
                for r in range(8):
                    rows[r].append(half_rows[0][r])
            else:
                for r in range(8):
                    a, b = half_rows[0][r], half_rows[1][r]
                    rows[r].append(self.let(f'Avx2.Permute2x128({a}, {b}, 0x20)', 't'))
                    rows[r + 8].append(self.let(f'Avx2.Permute2x128({a}, {b}, 0x31)', 't'))
        return rows

    def add_rows(self, rows, n):
        shift = {4: 4, 8: 5, 16: 6, 32: 6}[n]
        scale = f'Vector{self.w}.Create((short){1 << (15 - shift)})'
        r = [self.let(f'{self.hrs}.MultiplyHighRoundScale({v}, {scale})', 'r') if v else self.zero() for v in rows]
        for i in range(0, n, 2):
            d0 = 'dst' if i == 0 else f'dst + {i} * stride'
            d1 = 'dst + stride' if i == 0 else f'dst + {i + 1} * stride'
            if self.lanes == 16:
                for j, d in ((0, d0), (1, d1)):
                    self.do(f'var x{i + j} = Avx2.AddSaturate({r[i + j]}, Avx2.ConvertToVector256Int16({d}));')
                self.do(f'var y{i} = Avx2.Permute4x64(Avx2.PackUnsignedSaturate(x{i}, x{i + 1}).AsInt64(), 0xD8).AsByte();')
                self.do(f'y{i}.GetLower().Store({d0});')
                self.do(f'Avx2.ExtractVector128(y{i}, 1).Store({d1});')
            elif self.lanes == 8:
                for j, d in ((0, d0), (1, d1)):
                    self.do(f'var x{i + j} = Sse2.AddSaturate({r[i + j]}, Sse41.ConvertToVector128Int16({d}));')
                self.do(f'var y{i} = Sse2.PackUnsignedSaturate(x{i}, x{i + 1}).AsUInt64();')
                self.do(f'*(ulong*)({d0}) = y{i}.ToScalar();')
                self.do(f'*(ulong*)({d1}) = y{i}.GetElement(1);')
            else:
                for j, d in ((0, d0), (1, d1)):
                    self.do(f'var x{i + j} = Sse2.AddSaturate({r[i + j]}, Sse41.ConvertToVector128Int16(Vector128.CreateScalarUnsafe(*(uint*)({d})).AsByte()));')
                self.do(f'var y{i} = Sse2.PackUnsignedSaturate(x{i}, x{i + 1}).AsUInt32();')
                self.do(f'*(uint*)({d0}) = y{i}.ToScalar();')
                self.do(f'*(uint*)({d1}) = y{i}.GetElement(2);')


class X86Int(Emitter):
    """32-bit lanes (10, 12 bits). A value is split at bit 14 so that two pmaddwd give the exact sum of products."""

    def __init__(self, lanes):
        super().__init__()
        self.lanes = lanes
        self.w = lanes * 32
        self.isa = 'Avx2' if lanes == 8 else 'Sse2'
        self.blend = 'Avx2' if lanes == 8 else 'Sse41'
        self.order = {}

    def zero(self):
        return f'Vector{self.w}<int>.Zero'

    def e_add(self, a, b):
        return f'{self.isa}.Add({a}, {b})'

    def e_sub(self, a, b):
        return f'{self.isa}.Subtract({a}, {b})'

    def split(self, ts):
        mask = f'Vector{self.w}.Create(0x3FFF3FFF)'
        if len(ts) == 1:
            a, ka = ts[0]
            lo = self.let(f'{self.isa}.And({a}, Vector{self.w}.Create(0x3FFF)).AsInt16()', 'l')
            hi = self.let(f'{self.isa}.ShiftRightArithmetic({a}, 14).AsInt16()', 'h')
            k = short_const(self.w, ka, 0)
        else:
            (a, ka), (b, kb) = ts
            if (b, a) in self.order:
                (a, ka), (b, kb) = (b, kb), (a, ka)
            self.order[(a, b)] = True
            lo = self.let(f'{self.isa}.And({self.blend}.Blend({a}.AsInt16(), {self.isa}.ShiftLeftLogical({b}, 16).AsInt16(), 0xAA), {mask}.AsInt16())', 'l')
            hi = self.let(f'{self.blend}.Blend({self.isa}.ShiftRightArithmetic({a}, 14).AsInt16(), {self.isa}.ShiftLeftLogical({b}, 2).AsInt16(), 0xAA)', 'h')
            k = short_const(self.w, ka, kb)
        return (self.let(f'{self.isa}.MultiplyAddAdjacent({hi}, {k})', 'm'),
                self.let(f'{self.isa}.MultiplyAddAdjacent({lo}, {k})', 'm'))

    def finish(self, t, u):
        return self.let(f'{self.isa}.Add({t}, {self.isa}.ShiftRightArithmetic({u}, 14))')

    def rnd(self):
        return f'Vector{self.w}.Create(8192)'

    def round_single(self, v, k):
        return self.round1([(v, k)])

    def round1(self, ts):
        t, u = self.split(ts)
        return self.finish(t, f'{self.isa}.Add({u}, {self.rnd()})')

    def round2(self, tp, tq, sign):
        t, u = self.split(tp)
        t2, u2 = self.split(tq)
        op = 'Add' if sign > 0 else 'Subtract'
        ur = self.let(f'{self.isa}.Add({u}, {self.rnd()})', 'a')
        return self.finish(f'{self.isa}.{op}({t}, {t2})', f'{self.isa}.{op}({ur}, {u2})')

    def load(self, ptr, index):
        return self.input(f'Vector{self.w}.Load({ptr} + {index})')

    def clear(self, ptr, index):
        self.do(f'Vector{self.w}<int>.Zero.Store({ptr} + {index});')

    def store(self, v, ptr, index):
        self.do(f'{v or self.zero()}.Store({ptr} + {index});')

    def un(self, h, a, b, wide=False):
        if wide:
            return self.let(f'{self.isa}.Unpack{h}({a}.AsInt64(), {b}.AsInt64()).AsInt32()', 't')
        return self.let(f'{self.isa}.Unpack{h}({a}, {b})', 't')

    def transpose(self, cols):
        z = [c or self.zero() for c in cols]
        lanes = self.lanes
        rows = [[] for _ in range(lanes)]
        for g in range(0, len(z), lanes):
            parts = []
            for o in range(0, lanes, 4):
                v = z[g + o:g + o + 4]
                a, b = self.un('Low', v[0], v[1]), self.un('High', v[0], v[1])
                c, d = self.un('Low', v[2], v[3]), self.un('High', v[2], v[3])
                parts.append([self.un('Low', a, c, True), self.un('High', a, c, True),
                              self.un('Low', b, d, True), self.un('High', b, d, True)])
            for r in range(4):
                if lanes == 4:
                    rows[r].append(parts[0][r])
                else:
                    rows[r].append(self.let(f'Avx2.Permute2x128({parts[0][r]}, {parts[1][r]}, 0x20)', 't'))
                    rows[r + 4].append(self.let(f'Avx2.Permute2x128({parts[0][r]}, {parts[1][r]}, 0x31)', 't'))
        return rows

    def add_rows(self, rows, n):
        shift = {4: 4, 8: 5, 16: 6, 32: 6}[n]
        for i in range(n):
            v = rows[i] or self.zero()
            d = 'dst' if i == 0 else f'dst + {i} * stride'
            r = f'{self.isa}.ShiftRightArithmetic({self.isa}.Add({v}, Vector{self.w}.Create({1 << (shift - 1)})), {shift})'
            if self.lanes == 8:
                self.do(f'var x{i} = Avx2.Add({r}, Avx2.ConvertToVector256Int32((ushort*)({d})));')
                self.do(f'var y{i} = Avx2.Permute4x64(Avx2.PackUnsignedSaturate(x{i}, x{i}).AsInt64(), 0xD8).AsUInt16().GetLower();')
                self.do(f'Sse41.Min(y{i}, limit).Store((ushort*)({d}));')
            else:
                self.do(f'var x{i} = Sse2.Add({r}, Sse41.ConvertToVector128Int32(Vector128.CreateScalarUnsafe(*(ulong*)({d})).AsUInt16()));')
                self.do(f'var y{i} = Sse41.Min(Sse41.PackUnsignedSaturate(x{i}, x{i}), limit);')
                self.do(f'*(ulong*)({d}) = y{i}.AsUInt64().ToScalar();')


class NeonShort(Emitter):
    """16-bit lanes on arm64: widening multiplies by constants, rounding narrowing shifts."""

    def __init__(self, lanes):
        super().__init__()
        self.lanes = lanes

    def zero(self):
        return 'Vector128<short>.Zero'

    def e_add(self, a, b):
        return f'AdvSimd.Add({a}, {b})'

    def e_sub(self, a, b):
        return f'AdvSimd.Subtract({a}, {b})'

    def round_single(self, v, k):
        return self.let(f'AdvSimd.MultiplyRoundedDoublingSaturateHigh({v}, Vector128.Create((short){2 * k}))')

    def mad(self, ts, upper):
        acc = None
        for v, k in ts:
            arg = f'{v}, Vector128.Create((short){k})' if upper else f'{v}.GetLower(), Vector64.Create((short){k})'
            part = 'Upper' if upper else 'Lower'
            acc = self.let(f'AdvSimd.MultiplyWidening{part}({arg})' if acc is None
                           else f'AdvSimd.MultiplyWidening{part}AndAdd({acc}, {arg})', 'm')
        return acc

    def finish(self, lo, hi):
        low = self.let(f'AdvSimd.ShiftRightArithmeticRoundedNarrowingSaturateLower({lo}, 14)', 's')
        if hi is None:
            return self.let(f'{low}.ToVector128Unsafe()')
        return self.let(f'AdvSimd.ShiftRightArithmeticRoundedNarrowingSaturateUpper({low}, {hi}, 14)')

    def round1(self, ts):
        return self.finish(self.mad(ts, False), None if self.lanes == 4 else self.mad(ts, True))

    def round2(self, tp, tq, sign):
        op = 'Add' if sign > 0 else 'Subtract'
        parts = [f'AdvSimd.{op}({self.mad(tp, u)}, {self.mad(tq, u)})' for u in ([False] if self.lanes == 4 else [False, True])]
        return self.finish(parts[0], parts[1] if len(parts) > 1 else None)

    def load(self, ptr, index):
        if self.lanes == 4:
            return self.input(f'Vector128.CreateScalarUnsafe(*(ulong*)({ptr} + {index})).AsInt16()')
        return self.input(f'Vector128.Load({ptr} + {index})')

    clear = X86Short.clear
    w = 128

    def store(self, v, ptr, index):
        self.do(f'{v or self.zero()}.Store({ptr} + {index});')

    def un(self, size, h, a, b):
        z = 'ZipLow' if h == 'Low' else 'ZipHigh'
        if size == 16:
            return self.let(f'AdvSimd.Arm64.{z}({a}, {b})', 't')
        return self.let(f'AdvSimd.Arm64.{z}({a}.AsInt{size}(), {b}.AsInt{size}()).AsInt16()', 't')

    def transpose(self, cols):
        if self.lanes == 4 and len(cols) == 4:
            z = [c or self.zero() for c in cols]
            a, b = self.un(16, 'Low', z[0], z[1]), self.un(16, 'Low', z[2], z[3])
            lo, hi = self.un(32, 'Low', a, b), self.un(32, 'High', a, b)
            return [[lo], [self.un(64, 'High', lo, lo)], [hi], [self.un(64, 'High', hi, hi)]]
        return X86Short.transpose(self, cols)

    def add_rows(self, rows, n):
        shift = {4: 4, 8: 5, 16: 6, 32: 6}[n]
        for i in range(n):
            d = 'dst' if i == 0 else f'dst + {i} * stride'
            v = rows[i] or self.zero()
            t = 'ulong' if self.lanes == 8 else 'uint'
            t2 = 'UInt64' if self.lanes == 8 else 'UInt32'
            src = f'Vector64.Create(*(ulong*)({d})).AsByte()' if self.lanes == 8 else f'Vector64.CreateScalarUnsafe(*(uint*)({d})).AsByte()'
            self.do(f'var x{i} = AdvSimd.AddSaturate(AdvSimd.ShiftRightArithmeticRounded({v}, {shift}), AdvSimd.ZeroExtendWideningLower({src}).AsInt16());')
            self.do(f'*({t}*)({d}) = AdvSimd.ExtractNarrowingSaturateUnsignedLower(x{i}).As{t2}().ToScalar();')


# ---- files ----------------------------------------------------------------------------------------------------

HEAD = '''// SPDX-License-Identifier: LGPL-2.1-or-later
// Written by tools/generate-vp9-transforms.py: change the script, not this file.
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
{usings}
namespace Daedalus.Kernels.Vp9;

public static unsafe partial class Vp9InverseTransformKernels
{{
    /// <summary>{summary}</summary>
    internal static partial class {name}
    {{
'''


class File:
    def __init__(self, name, file, summary, usings):
        self.path = os.path.join(OUT, f'Vp9InverseTransformKernels.{file}.g.cs')
        self.text = HEAD.format(usings=''.join(f'using {u};\n' for u in usings), summary=summary, name=name)
        self.first = True

    def method(self, signature, lines, attributes=()):
        if not self.first:
            self.text += '\n'
        self.first = False
        for a in attributes:
            self.text += f'        {a}\n'
        self.text += f'        {signature}\n        {{\n'
        self.text += ''.join(f'            {line}\n' for line in lines)
        self.text += '        }\n'

    def close(self):
        self.text += '    }\n}\n'
        with open(self.path, 'w', newline='\n') as f:
            f.write(self.text)


def scalar_file():
    f = File('ScalarPasses', 'Scalar', 'One-dimensional transforms on plain integers, exact while sums of products fit 64 bits.', [])
    f.text = f.text.replace('using System.Runtime.CompilerServices;\nusing System.Runtime.Intrinsics;\n', '')
    for (kind, n), fn in TRANSFORM.items():
        e = Scalar()
        x = [e.input(f'x[{i}]') for i in range(n)]
        for i, v in enumerate(fn(e, x)):
            e.do(f'y[{i}] = {v};')
        f.method(f'internal static void {kind}{n}(int* x, int* y)', e.finished())
    f.close()


def row_pass(f, make, kind, n, k, lanes, elem, wide):
    """Reads k columns of `lanes` rows, clears them, writes the transposed result row by row to t.

    wide: the column pass reads 256 bits at once; half-width stores would not forward to those loads."""
    e = make(lanes)
    x = [e.load('c', i * n) if i < k else None for i in range(n)]
    y = TRANSFORM[(kind, n)](e, x)
    for i in range(k):
        e.clear('c', i * n)
    rows = e.transpose(y)
    for r, parts in enumerate(rows):
        if wide and e.w == 128:
            z = [v or e.zero() for v in parts]
            parts = [e.let(f'Vector256.Create({z[j]}, {z[j + 1]})', 'w') for j in range(0, len(z), 2)]
        for j, v in enumerate(parts):
            e.store(v, 't', r * n + j * (n // len(parts)))
    f.method(f'internal static void {kind}{n}Rows{k}x{lanes}({elem}* c, {elem}* t)', e.finished())


def col_pass(f, make, kind, n, k, lanes, elem, extra=''):
    e = make(lanes)
    x = [e.load('t', i * n) if i < k else None for i in range(n)]
    e.add_rows(TRANSFORM[(kind, n)](e, x), n)
    f.method(f'internal static void {kind}{n}Cols{k}x{lanes}({elem}* t, byte* dst, nint stride{extra})', e.finished())


KINDS = [('Dct', 'Dct'), ('Dct', 'Adst'), ('Adst', 'Dct'), ('Adst', 'Adst')]    # (row, column) by transform type
# Largest eob that keeps all coefficients in the upper left k x k corner, by type: default scan for types 0 and 3,
# row scan for 1, column scan for 2 (spec 10.4 scan tables).
LIMIT = {(8, 4): (12, 8, 6, 12), (16, 4): (10, 6, 5, 10), (16, 8): (38, 22, 17, 38), (32, 8): (34,), (32, 16): (135,)}
NAME = ['DctDct', 'AdstDct', 'DctAdst', 'AdstAdst']


def fused(f, make, n, t, k, lanes_row, lanes_col, elem, extra=''):
    """Both passes of a small block in one method."""
    rk, ck = KINDS[t]
    e = make(lanes_row)
    x = [e.load('c', i * n) if i < k else None for i in range(n)]
    y = TRANSFORM[(rk, n)](e, x)
    for i in range(k):
        e.clear('c', i * n)
    rows = e.transpose(y)
    if lanes_col != lanes_row:
        g = make(lanes_col)
        g.lines, g.count, g.known, g.inputs = e.lines, e.count, e.known, e.inputs
        e = g
    y = [rows[i][0] if i < k else None for i in range(n)]
    e.add_rows(TRANSFORM[(ck, n)](e, y), n)
    return e.finished()


def short_file(name, file, summary, usings, make, wide):
    f = File(name, file, summary, usings)
    sig = '(byte* dst, nint stride, void* coefficients, int eob, int maxValue)'
    for t in range(4):
        lines = fused(f, make, 4, t, 4, 4, 4, 'short')
        f.method(f'internal static void {NAME[t]}4{sig}', (['if (eob == 1) { DcOnly4(dst, stride, (short*)coefficients); return; }'] if t == 0 else [])
                 + ['var c = (short*)coefficients;'] + lines)
    for t in range(4):
        f.method(f'private static void {NAME[t]}8Corner(short* c, byte* dst, nint stride)', fused(f, make, 8, t, 4, 4, 8, 'short'))
        lines = fused(f, make, 8, t, 8, 8, 8, 'short')
        lim = LIMIT[(8, 4)][t]
        f.method(f'internal static void {NAME[t]}8{sig}', (['if (eob == 1) { DcOnly8(dst, stride, (short*)coefficients); return; }'] if t == 0 else [])
                 + ['var c = (short*)coefficients;', f'if (eob <= {lim}) {{ {NAME[t]}8Corner(c, dst, stride); return; }}'] + lines)
    for n, kinds in ((16, ('Dct', 'Adst')), (32, ('Dct',))):
        corners = [k for k in (4, 8, 16, 32) if k == n or (n, k) in LIMIT]
        for kind in kinds:
            for k in corners:
                rl = 4 if k == 4 else 8 if k == 8 or not wide else 16
                cl = 16 if wide else 8
                row_pass(f, make, kind, n, k, rl, 'short', wide)
                col_pass(f, make, kind, n, k, cl, 'short')
        for t in range(4 if n == 16 else 1):
            rk, ck = KINDS[t]
            lines = ['var c = (short*)coefficients;']
            if t == 0:
                lines.append(f'if (eob == 1) {{ DcOnly{n}(dst, stride, c); return; }}')
            lines += ['Scratch scratch;', 'var t = (short*)(((nint)(&scratch) + 31) & ~31);']
            for k in corners:
                rl = 4 if k == 4 else 8 if k == 8 or not wide else 16
                cl = 16 if wide else 8
                body = []
                for r in range(0, k, rl):
                    body.append(f'{rk}{n}Rows{k}x{rl}(c' + (f' + {r}, t + {r * n});' if r else ', t);'))
                for o in range(0, n, cl):
                    body.append(f'{ck}{n}Cols{k}x{cl}(t' + (f' + {o}, dst + {o}, stride);' if o else ', dst, stride);'))
                if k < n:
                    lines.append(f'if (eob <= {LIMIT[(n, k)][t]})')
                    lines += ['{'] + ['    ' + b for b in body] + ['    return;', '}']
                else:
                    lines += body
            f.method(f'internal static void {NAME[t]}{n}{sig}', lines, ['[SkipLocalsInit]'])
    f.close()


def int_file(name, file, summary, usings, lanes):
    f = File(name, file, summary, usings)
    sig = '(byte* dst, nint stride, void* coefficients, int eob, int maxValue)'
    limit = 'var limit = Vector128.Create((ushort)maxValue);'
    make = X86Int
    for n, kinds in ((4, ('Dct', 'Adst')), (8, ('Dct', 'Adst')), (16, ('Dct', 'Adst')), (32, ('Dct',))):
        corners = [k for k in (4, 8, 16, 32) if k == n or (n, k) in LIMIT]
        L = min(lanes, n)
        if n > 4:
            for kind in kinds:
                for k in corners:
                    row_pass(f, make, kind, n, k, min(L, k), 'int', lanes == 8)
                    e = make(L)
                    e.do(limit)
                    x = [e.load('t', i * n) if i < k else None for i in range(n)]
                    e.add_rows(TRANSFORM[(kind, n)](e, x), n)
                    f.method(f'internal static void {kind}{n}Cols{k}x{L}(int* t, byte* dst, nint stride, int maxValue)', e.finished())
        for t in range(4 if n < 32 else 1):
            rk, ck = KINDS[t]
            lines = ['var c = (int*)coefficients;']
            if t == 0:
                lines.append('if (eob == 1) { ' + f'DcOnlyHigh(dst, stride, c, {n}, {({4: 4, 8: 5, 16: 6, 32: 6})[n]}, maxValue); return; }}')
            if n == 4:
                lines.append(f'if (!FitsHigh(c, 16)) {{ ScalarTransform<ushort, int, Scalar{rk}4, Scalar{ck}4>(dst, stride, coefficients, eob, maxValue); return; }}')
                lines.append(limit)
                f.method(f'internal static void {NAME[t]}{n}{sig}', lines + fused(f, make, 4, t, 4, 4, 4, 'int'))
                continue
            lines += ['Scratch scratch;', 'var t = (int*)(((nint)(&scratch) + 31) & ~31);']
            for k in corners:
                body = [f'if (!FitsHigh(c, {k * n})) {{ ScalarTransform<ushort, int, Scalar{rk}{n}, Scalar{ck}{n}>(dst, stride, coefficients, eob, maxValue); return; }}']
                rl = min(L, k)
                for r in range(0, k, rl):
                    body.append(f'{rk}{n}Rows{k}x{rl}(c' + (f' + {r}, t + {r * n});' if r else ', t);'))
                for o in range(0, n, L):
                    body.append(f'{ck}{n}Cols{k}x{L}(t' + (f' + {o}, dst + {2 * o}, stride, maxValue);' if o else ', dst, stride, maxValue);'))
                if k < n:
                    lines.append(f'if (eob <= {LIMIT[(n, k)][t]})')
                    lines += ['{'] + ['    ' + b for b in body] + ['    return;', '}']
                else:
                    lines += body
            f.method(f'internal static void {NAME[t]}{n}{sig}', lines, ['[SkipLocalsInit]'])
    f.close()


X86 = ['System.Runtime.Intrinsics.X86']
scalar_file()
short_file('Avx2Passes', 'Avx2', '8-bit samples, AVX2: 16 rows or columns of 16-bit values at once.', X86, X86Short, True)
short_file('SsePasses', 'Sse', '8-bit samples, SSE4.1: 8 rows or columns of 16-bit values at once.', X86, X86Short, False)
short_file('NeonPasses', 'Neon', '8-bit samples, AdvSimd: 8 rows or columns of 16-bit values at once.',
           ['System.Runtime.Intrinsics.Arm'], NeonShort, False)
int_file('Avx2HighPasses', 'Avx2High', '10- and 12-bit samples, AVX2: 8 rows or columns of 32-bit values at once.', X86, 8)
int_file('SseHighPasses', 'SseHigh', '10- and 12-bit samples, SSE4.1: 4 rows or columns of 32-bit values at once.', X86, 4)
