// SPDX-License-Identifier: LGPL-2.1-or-later
namespace GstDaedalus.Gst.Video;

#pragma warning disable CS1591 // GstVideoFormat's names

/// <summary>GstVideoFormat, those of its values that decoders here put out.</summary>
public enum VideoFormat
{
    Unknown = 0,
    I420 = 2,
    Y42B = 18,
    Y444 = 20,
    Nv12 = 23,
    Gray8 = 25,
    I420_10LE = 43,
    I422_10LE = 45,
    Y444_10LE = 47,
    Gbr = 48,
    Gbr_10LE = 50,
    P010_10LE = 62,
    Gbr_12LE = 69,
    I420_12LE = 73,
    I422_12LE = 75,
    Y444_12LE = 77,
}
