#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Writes the one-dimensional inverse transforms of AV1 (7.13.2) as flat C# over vectors of any kind.

Usage: tools/generate-av1-transforms.py     (rewrites src/Daedalus.Kernels/Av1/Av1TransformSteps.g.cs)

Each transform is evaluated symbolically; a value known to be zero is None and what depends on it alone vanishes: that gives
the variants with few inputs. A DCT of n points is the DCT of the even inputs, written first to y[0 .. n/2-1], then the odd
part, which ends with the row of H() that makes all n outputs: so no method holds more than 16 values for long.
"""
import math
import os

PATH = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'src', 'Daedalus.Kernels', 'Av1', 'Av1TransformSteps.g.cs')


def brev(bits, x):
    return int(format(x, f'0{bits}b')[::-1], 2)


def cos128(angle):
    return math.floor(4096 * math.cos(angle * math.pi / 128) + 0.5)


def sin128(angle):
    return cos128(angle - 64)


class Method:
    def __init__(self, name, summary, inputs):
        self.name, self.summary, self.inputs, self.lines, self.count, self.t, self.limits = name, summary, inputs, [], 0, {}, False
        self.known, self.clamped = {}, set()

    def let(self, expr):
        if expr in self.known:
            return self.known[expr]
        name = f'v{self.count}'
        self.count += 1
        self.lines.append(f'var {name} = {expr};')
        if expr[0] == 'T':
            self.known[expr] = name
        return name

    def clamp(self, v):
        self.limits = True
        if v is None or v in self.clamped:
            return v
        name = self.let(f'TOps.Clamp({v}, min, max)')
        self.clamped.add(name)
        return name

    def sum(self, name, a, b):
        self.limits = True
        v = self.let(f'TOps.{name}({a}, {b}, min, max)')
        self.clamped.add(v)
        return v

    def x(self, i):
        """Input i, None beyond the inputs in use."""
        if i >= self.inputs:
            return None
        return self.let('TOps.Load(x)' if i == 0 else 'TOps.Load(x + stride)' if i == 1 else f'TOps.Load(x + {i} * stride)')

    def y(self, i):
        return self.let(f'y[{i}]')

    def set(self, i, v):
        self.lines.append(f'y[{i}] = {v or "default"};')

    def scale(self, v, k):
        return self.let(f'TOps.Scale({v}, {k})')

    def b(self, a, b, angle, flip=0):
        """B(a, b, angle, flip) on the values of t."""
        c, s = cos128(angle), sin128(angle)
        u, v = self.t[a], self.t[b]
        if flip:
            a, b = b, a
        if u is None and v is None:
            x = y = None
        elif v is None:
            x, y = self.scale(u, c), self.scale(u, s)
        elif u is None:
            x, y = self.scale(v, -s), self.scale(v, c)
        else:
            x, y = f'v{self.count}', f'v{self.count + 1}'
            self.count += 2
            self.lines.append(f'TOps.Rotate({u}, {v}, {c}, {-s}, {s}, {c}, out var {x}, out var {y});')
        self.t[a], self.t[b] = x, y

    def add(self, a, b):
        return self.clamp(a or b) if a is None or b is None else self.sum('Add', a, b)

    def sub(self, a, b):
        return self.clamp(a) if b is None else self.sum('Subtract', a or 'default', b)

    def h(self, a, b, flip=0):
        if flip:
            a, b = b, a
        t = self.t
        t[a], t[b] = self.add(t[a], t[b]), self.sub(t[a], t[b])

    def mirror(self, i, n):
        """H(i, n - 1 - i, 0) with the even part in memory."""
        e = self.y(i)
        self.set(i, self.add(e, self.t[n - 1 - i]))
        self.set(n - 1 - i, self.sub(e, self.t[n - 1 - i]))

    def text(self):
        source = 'byte* x, nint stride, ' if self.inputs else ''
        out = f'    /// <summary>{self.summary}</summary>\n    internal static void {self.name}({source}TVector* y, int limit)\n    {{\n'
        if self.limits:
            out += '        var max = TOps.Limit(limit);\n        var min = TOps.Complement(max);\n'
        return out + ''.join(f'        {line}\n' for line in self.lines) + '    }\n'


METHODS = []


def method(name, summary, inputs):
    m = Method(name, summary, inputs)
    METHODS.append(m)
    return m


def load(m, n, base, indices):
    """t[i] = input brev(i) for the given entries."""
    for i in indices:
        m.t[i] = m.x(brev(n, i))


def dct4(k):
    m = method(f'Dct4K{k}', f'DCT of 4, {k} inputs (7.13.2.3).', k)
    load(m, 2, 0, range(4))
    dct4_steps(m)
    for i in range(4):
        m.set(i, m.t[i])


def dct4_steps(m):
    m.b(0, 1, 32, 1)
    m.b(2, 3, 48)
    m.h(0, 3)
    m.h(1, 2)


def dct8(k):
    m = method(f'Dct8K{k}', f'DCT of 8, {k} inputs.', k)
    load(m, 3, 0, range(8))
    dct4_steps(m)
    m.b(4, 7, 56)
    m.b(5, 6, 24)
    m.h(4, 5)
    m.h(6, 7, 1)
    m.b(6, 5, 32, 1)
    for i in range(4):
        m.h(i, 7 - i)
        m.set(i, m.t[i])
        m.set(7 - i, m.t[7 - i])


def odd16(k):
    m = method(f'Odd16K{k}', f'DCT of 16, {k} inputs: the odd ones (steps 5, 9, 14, 19 and 23) and the last step.', k)
    for i in range(4):
        load(m, 4, 8, (8 + i, 15 - i))
        m.b(8 + i, 15 - i, 12 + (brev(2, 3 - i) << 4))
        if i & 1:
            m.h(8 + i - 1, 8 + i, i >> 1)
            m.h(15 - i, 15 - i + 1, 1 - (i >> 1))
    m.b(14, 9, 48, 1)
    m.b(13, 10, 112, 1)
    for i in range(2):
        for j in range(2):
            m.h(8 + 4 * i + j, 11 + 4 * i - j, i)
    m.b(13, 10, 32, 1)
    m.b(12, 11, 32, 1)
    for i in range(8):
        m.mirror(i, 16)


def odd32(k):
    m = method(f'Odd32K{k}', f'DCT of 32, {k} inputs: the odd ones up to step 15.', k)
    for i in range(2):
        for p in range(4 * i, 4 * i + 4):
            load(m, 5, 16, (16 + p, 31 - p))
            m.b(16 + p, 31 - p, 6 + (brev(3, 7 - p) << 3))
        for p in (2 * i, 2 * i + 1, 6 - 2 * i, 7 - 2 * i):
            m.h(16 + 2 * p, 17 + 2 * p, p & 1)
        for j in range(2):
            m.b(30 - 4 * i - j, 17 + 4 * i + j, 24 + (j << 6) + ((1 - i) << 5), 1)
        for p in (i, 3 - i):
            for j in range(2):
                m.h(16 + 4 * p + j, 19 + 4 * p - j, p & 1)
        for p in range(4):
            m.set(16 + 4 * i + p, m.t[16 + 4 * i + p])
            m.set(31 - 4 * i - p, m.t[31 - 4 * i - p])


def last32():
    m = method('Last32', 'DCT of 32: steps 20, 24, 27 and the last.', 0)
    for j in range(4):
        group = (16 + j, 23 - j, 24 + j, 31 - j)
        for i in group:
            m.t[i] = m.y(i)
        if j >= 2:
            m.b(31 - j, 16 + j, 48, 1)
            m.b(24 + j, 23 - j, 112, 1)
        m.h(16 + j, 23 - j, 0)
        m.h(24 + j, 31 - j, 1)
        m.b(24 + j, 23 - j, 32, 1)
        for i in group:
            m.mirror(31 - i, 32)


def odd64(k):
    m = method(f'Odd64K{k}', f'DCT of 64, {k} inputs: the odd ones up to step 11.', k)
    for i in range(4):
        for p in range(4 * i, 4 * i + 4):
            load(m, 6, 32, (32 + p, 63 - p))
            m.b(32 + p, 63 - p, 63 - 4 * brev(4, p))
        for p in (2 * i, 2 * i + 1, 14 - 2 * i, 15 - 2 * i):
            m.h(32 + 2 * p, 33 + 2 * p, p & 1)
        for j in range(2):
            m.b(62 - i * 4 - j, 33 + i * 4 + j, 60 - 16 * brev(2, i) + 64 * j, 1)
        for p in (i, 7 - i):
            for j in range(2):
                m.h(32 + 4 * p + j, 35 + 4 * p - j, p & 1)
        for p in range(4):
            m.set(32 + 4 * i + p, m.t[32 + 4 * i + p])
            m.set(63 - 4 * i - p, m.t[63 - 4 * i - p])


def middle64():
    m = method('Middle64', 'DCT of 64: steps 16 and 21.', 0)
    for i in range(2):
        for j in range(4):
            group = (32 + 8 * i + j, 39 - j + 8 * i, 63 - 8 * i - j, 56 - 8 * i + j)
            for e in group:
                m.t[e] = m.y(e)
            if j >= 2:
                # B(61 - i * 8 - J, 34 + i * 8 + J, 56 - i * 32 + (J >> 1) * 64, 1) for J = j - 2 and 5 - j
                for q in (j - 2, 5 - j):
                    m.b(61 - i * 8 - q, 34 + i * 8 + q, 56 - i * 32 + (q >> 1) * 64, 1)
            m.h(32 + 8 * i + j, 39 + 8 * i - j, i & 1)
            p = 3 - i
            m.h(32 + 8 * p + j, 39 + 8 * p - j, p & 1)
            for e in group:
                m.set(e, m.t[e])


def last64():
    m = method('Last64', 'DCT of 64: steps 25, 28, 30 and the last.', 0)
    for j in range(8):
        group = (32 + j, 47 - j, 48 + j, 63 - j)
        for i in group:
            m.t[i] = m.y(i)
        if j >= 4:
            m.b(63 - j, 32 + j, 48, 1)
            m.b(48 + j, 47 - j, 112, 1)
        m.h(32 + j, 47 - j, 0)
        m.h(48 + j, 63 - j, 1)
        m.b(48 + j, 47 - j, 32, 1)
        for i in group:
            m.mirror(63 - i, 64)


def adst4():
    m = method('Adst4', 'ADST of 4 (7.13.2.6).', 4)
    x = [m.x(i) for i in range(4)]
    m.lines.append(f'TOps.Adst4({", ".join(x)}, out var o0, out var o1, out var o2, out var o3);')
    for i in range(4):
        m.set(i, f'o{i}')


def adst_input(m, n, i):
    m.t[i] = m.x(i - 1 if i & 1 else n - 1 - i)


def adst8_tail(m, p):
    for i in range(4):
        m.h(p + i, p + 4 + i)
    m.b(p + 4, p + 5, 48, 1)
    m.b(p + 7, p + 6, 16, 1)
    for j in (0, 4):
        m.h(p + j, p + j + 2)
        m.h(p + j + 1, p + j + 3)
        m.b(p + j + 2, p + j + 3, 32, 1)


def adst_output(m, n, half, bits):
    for i in range(n):
        a, b, c, d = (i >> 3) & 1, ((i >> 2) ^ (i >> 3)) & 1, ((i >> 1) ^ (i >> 2)) & 1, (i ^ (i >> 1)) & 1
        idx = ((d << 3) | (c << 2) | (b << 1) | a) >> (4 - bits)
        if idx in half:
            m.set(i, f'TOps.Negate({m.t[idx]})' if i & 1 else m.t[idx])


def adst8(k):
    m = method(f'Adst8K{k}', f'ADST of 8, {k} inputs (7.13.2.7).', k)
    for i in range(4):
        adst_input(m, 8, 2 * i)
        adst_input(m, 8, 2 * i + 1)
        m.b(2 * i, 2 * i + 1, 60 - 16 * i, 1)
    adst8_tail(m, 0)
    adst_output(m, 8, range(8), 3)


def adst16(k):
    m = method(f'Adst16K{k}', f'ADST of 16, {k} inputs (7.13.2.8).', k)
    for i in (0, 4, 1, 5, 2, 6, 3, 7):
        adst_input(m, 16, 2 * i)
        adst_input(m, 16, 2 * i + 1)
        m.b(2 * i, 2 * i + 1, 62 - 8 * i, 1)
        if i >= 4:
            m.h(2 * i - 8, 2 * i)
            m.h(2 * i - 7, 2 * i + 1)
    adst8_tail(m, 0)
    adst_output(m, 16, range(8), 4)
    for i in range(2):
        m.b(8 + 2 * i, 9 + 2 * i, 56 - 32 * i, 1)
        m.b(13 + 2 * i, 12 + 2 * i, 8 + 32 * i, 1)
    adst8_tail(m, 8)
    adst_output(m, 16, range(8, 16), 4)


dct4(1)
dct4(2)
dct4(4)
for k in (1, 2, 4, 8):
    dct8(k)
for k in (2, 4, 8, 16):
    odd16(k)
for k in (4, 8, 16, 32):
    odd32(k)
last32()
for k in (8, 16, 32):
    odd64(k)
middle64()
last64()
adst4()
for k in (4, 8):
    adst8(k)
for k in (4, 8, 16):
    adst16(k)

HEAD = '''// SPDX-License-Identifier: LGPL-2.1-or-later
// Written by tools/generate-av1-transforms.py: change the script, not this file.
namespace Daedalus.Kernels.Av1;

/// <summary>
/// One-dimensional inverse transforms (7.13.2), each lane of the vectors on its own. x is the first input, stride the bytes to the next, y the outputs in order; limit is the largest value
/// of the range that H() clamps to. K is how many inputs may be other than zero: no more are read. Odd parts expect the result of the even part in the lower half of y.
/// </summary>
internal static unsafe class Av1TransformSteps<TOps, TVector>
    where TOps : ITransformVector<TVector>
    where TVector : unmanaged
{
'''

with open(PATH, 'w', newline='\n') as f:
    f.write(HEAD + '\n'.join(m.text() for m in METHODS) + '}\n')
