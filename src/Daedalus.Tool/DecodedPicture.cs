// SPDX-License-Identifier: LGPL-2.1-or-later
using Daedalus.Bitstream.Av1;
using Daedalus.Bitstream.H264;
using Daedalus.Bitstream.Vp9;
using Daedalus.V4L2.Controls;
using Daedalus.V4L2.Devices;

namespace Daedalus.Tool;

/// <summary>A decoded frame of any codec, in output order.</summary>
/// <param name="Buffer">Its memory.</param>
/// <param name="Geometry">Sample format and coded size.</param>
/// <param name="Left">Visible rectangle in luma samples.</param>
/// <param name="Top">Visible rectangle.</param>
/// <param name="Width">Visible rectangle.</param>
/// <param name="Height">Visible rectangle.</param>
/// <param name="AccessUnit">Number of the access unit it came with.</param>
/// <param name="Status">0 or a negative errno.</param>
/// <param name="Corrupted">Concealed.</param>
/// <param name="Note">What else is worth telling, with a space before, or empty.</param>
/// <param name="BlockSize">Edge of the codec's largest block.</param>
/// <param name="Monochrome">Only luma is coded.</param>
/// <param name="BlockName">What the codec calls such a block.</param>
internal readonly record struct DecodedPicture(CaptureBuffer Buffer, CodedGeometry Geometry, int Left, int Top, int Width, int Height,
    long AccessUnit, int Status, bool Corrupted, string Note, int BlockSize, bool Monochrome = false, string BlockName = "superblock")
{
    public static DecodedPicture From(in Vp9Output o) => new(o.Buffer, o.Geometry, 0, 0, o.Geometry.Width, o.Geometry.Height,
        o.AccessUnit, o.Status, o.Corrupted, o.Existing ? " existing" : "", 64);

    public static DecodedPicture From(in H264Output o, bool notes) => new(o.Buffer, o.Geometry, o.CropLeft, o.CropTop, o.CropWidth, o.CropHeight,
        o.AccessUnit, o.Status, o.Corrupted, notes ? Describe(o) : "", 16, BlockName: "macroblock");

    public static DecodedPicture From(in Av1Output o) => new(o.Buffer, o.Geometry, 0, 0, o.Geometry.Width, o.Geometry.Height,
        o.TemporalUnit, o.Status, o.Corrupted, (o.IsKey ? " key" : "") + (o.Existing ? " existing" : "") + (o.SpatialId != 0 ? $" layer {o.SpatialId}" : ""), 64, o.Monochrome, "block"); // superblocks have 64 or 128

    private static string Describe(in H264Output o) =>
        $" unit {o.AccessUnit} poc {Math.Min(o.TopFieldOrderCnt, o.BottomFieldOrderCnt)}{(o.IsIdr ? " idr" : "")}{(o.Interlaced ? " interlaced" : "")}{(o.Fields == H264Fields.Frame ? "" : $" only {o.Fields}")}";
}
