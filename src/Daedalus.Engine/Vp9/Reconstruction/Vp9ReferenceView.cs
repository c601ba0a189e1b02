// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Runtime.InteropServices;
using Daedalus.Engine.Pictures;

namespace Daedalus.Engine.Vp9;

/// <summary>One of the three references of a frame, as motion compensation reads it.</summary>
[StructLayout(LayoutKind.Sequential)]
public unsafe struct Vp9ReferenceView
{
    private const int ScaleShift = 14;

    /// <summary>The reference picture.</summary>
    public PictureView Picture;

    /// <summary>
    /// How many luma rows from the top are final, in every plane (row r of chroma is covered by luma row r &lt;&lt; SubsamplingY),
    /// grown with release semantics by the worker that filters the reference; null for a complete picture.
    /// </summary>
    public int* Progress;

    /// <summary>Reference size by frame size with 14 fractional bits (spec 8.5.2.3 xScale, yScale); 1 &lt;&lt; 14 is unscaled.</summary>
    public int XScale, YScale;

    /// <summary>Step between samples in 1/16 sample (spec stepX, stepY).</summary>
    public int XStep, YStep;

    /// <summary>1 when the picture exists, has the frame's format and a size within the limits of spec 7.2.5.</summary>
    public byte Valid;

    /// <summary>1 when the reference is scaled.</summary>
    public byte IsScaled;

    /// <summary>Binds a reference picture for a frame that is decoded into <paramref name="current"/>.</summary>
    /// <param name="reference">Reference picture.</param>
    /// <param name="current">The frame being decoded (only its format and size are used).</param>
    /// <param name="progress">Final luma rows (see <see cref="Progress"/>) or null when complete.</param>
    /// <returns>Whether the reference is usable; if not, prediction from it is mid-grey.</returns>
    public bool Set(in PictureView reference, in PictureView current, int* progress)
    {
        this = default;
        int width = reference.Width, height = reference.Height;
        if (reference.Plane0 == null || reference.Plane1 == null || reference.Plane2 == null || width <= 0 || height <= 0
            || reference.BitDepth != current.BitDepth
            || reference.SubsamplingX != current.SubsamplingX || reference.SubsamplingY != current.SubsamplingY
            || 2 * current.Width < width || 2 * current.Height < height
            || current.Width > 16 * width || current.Height > 16 * height)
        {
            return false;
        }

        Picture = reference;
        Progress = progress;
        XScale = (width << ScaleShift) / current.Width;
        YScale = (height << ScaleShift) / current.Height;
        XStep = Scale(16, XScale);
        YStep = Scale(16, YScale);
        IsScaled = XScale != 1 << ScaleShift || YScale != 1 << ScaleShift ? (byte)1 : (byte)0;
        Valid = 1;
        return true;
    }

    /// <summary>Marks the slot as missing: prediction from it is mid-grey.</summary>
    public void SetMissing() => this = default;

    /// <summary>A position or vector component of the frame mapped to the reference; the product has up to 50 bits.</summary>
    internal static int Scale(int value, int factor) => (int)((long)value * factor >> ScaleShift);
}
