// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Runtime.CompilerServices;

namespace Daedalus.Kernels;

/// <summary>Inline array of 17 function addresses.</summary>
[InlineArray(17)]
public struct IntPtrArray17 { private nint _e; }

/// <summary>Inline array of 52 function addresses.</summary>
[InlineArray(52)]
public struct IntPtrArray52 { private nint _e; }

/// <summary>Inline array of 40 function addresses.</summary>
[InlineArray(40)]
public struct IntPtrArray40 { private nint _e; }

/// <summary>Inline array of 8 function addresses.</summary>
[InlineArray(8)]
public struct IntPtrArray8 { private nint _e; }

/// <summary>Inline array of 96 function addresses.</summary>
[InlineArray(96)]
public struct IntPtrArray96 { private nint _e; }

/// <summary>Inline array of 12 function addresses.</summary>
[InlineArray(12)]
public struct IntPtrArray12 { private nint _e; }

/// <summary>Inline array of 9 function addresses.</summary>
[InlineArray(9)]
public struct IntPtrArray9 { private nint _e; }

/// <summary>Inline array of 6 function addresses.</summary>
[InlineArray(6)]
public struct IntPtrArray6 { private nint _e; }

/// <summary>Inline array of 4 function addresses.</summary>
[InlineArray(4)]
public struct IntPtrArray4 { private nint _e; }

/// <summary>Inline array of 2 function addresses.</summary>
[InlineArray(2)]
public struct IntPtrArray2 { private nint _e; }

/// <summary>Inline array of 3 function addresses.</summary>
[InlineArray(3)]
public struct IntPtrArray3 { private nint _e; }

/// <summary>Inline array of 7 function addresses.</summary>
[InlineArray(7)]
public struct IntPtrArray7 { private nint _e; }

/// <summary>Inline array of 190 function addresses.</summary>
[InlineArray(190)]
public struct IntPtrArray190 { private nint _e; }

/// <summary>Inline array of 305 function addresses.</summary>
[InlineArray(305)]
public struct IntPtrArray305 { private nint _e; }
