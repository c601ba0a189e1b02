// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Globalization;
using System.Reflection;
using System.Runtime.InteropServices;
using System.Text.RegularExpressions;
using Daedalus.V4L2.Controls;
using Daedalus.V4L2.Devices;
using Daedalus.V4L2.Kernel;
using Xunit;

namespace Daedalus.V4L2.Tests;

/// <summary>The numbers of native/v4l2_check.c, which the C compiler checks against the kernel's headers, hold for the kernel device too.</summary>
public partial class V4L2LayoutTests
{
    private static string Source
    {
        get
        {
            string? directory = AppContext.BaseDirectory;
            while (directory != null && !File.Exists(Path.Combine(directory, "GstDaedalus.sln")))
                directory = Path.GetDirectoryName(directory);
            return File.ReadAllText(Path.Combine(directory ?? throw new InvalidOperationException("The tests run outside the repository."), "native", "v4l2_check.c"));
        }
    }

    [GeneratedRegex(@"^CHECK_(SIZE|FIELD|NUMBER)\(.*, (\w+)(?:\.(\w+))?, (0x[0-9a-f]+|\d+)\);", RegexOptions.Multiline)]
    private static partial Regex Line();

    private static Type Named(string name) => typeof(KernelDevice).Assembly.GetType($"Daedalus.V4L2.Kernel.{name}") ?? throw new InvalidOperationException($"no type {name}");

    private static uint Number(string text) => text.StartsWith("0x", StringComparison.Ordinal) ? Convert.ToUInt32(text, 16) : uint.Parse(text, CultureInfo.InvariantCulture);

    [Fact]
    public void SizesOffsetsAndNumbersAreTheKernels()
    {
        MatchCollection lines = Line().Matches(Source);
        Assert.True(lines.Count > 100);
        foreach (Match m in lines)
        {
            Type type = Named(m.Groups[2].Value);
            uint actual = m.Groups[1].Value switch
            {
                "SIZE" => (uint)Marshal.SizeOf(type),
                "FIELD" => (uint)Marshal.OffsetOf(type, m.Groups[3].Value),
                _ => Convert.ToUInt32(type.GetField(m.Groups[3].Value, BindingFlags.Static | BindingFlags.Public)!.GetRawConstantValue(), CultureInfo.InvariantCulture),
            };
            Assert.Equal((m.Value, Number(m.Groups[4].Value)), (m.Value, actual));
        }
    }

    [Theory]
    [InlineData(1, 1, 8)]
    [InlineData(1, 1, 10)]
    [InlineData(1, 0, 8)]
    [InlineData(0, 0, 12)]
    public void LayoutsFollowTheFormat(int subX, int subY, int depth)
    {
        CodedGeometry g = new(100, 50, depth, subX, subY);
        uint stride = 256, height = 64, chroma = stride >> subX, lines = height >> subY;
        V4L2Format f = new() { Width = 128, Height = height, PixelFormat = PixelFormat.Planar(subX, subY, depth), PlaneCount = 1 };
        f.PlaneFormats[0] = new V4L2PlanePixFormat { BytesPerLine = stride, SizeImage = stride * height + 2 * chroma * lines };
        CaptureLayout? layout = KernelFormat.LayoutOf(f, g);
        Assert.Equal(new CaptureLayout(f.PixelFormat, 100, 50, 3, 0, stride * height, stride * height + chroma * lines, stride, chroma, chroma, f.PlaneFormats[0].SizeImage), layout);
        // Too small for its planes, too small for the picture, two planes of memory, another format.
        V4L2Format small = f, narrow = f, split = f, other = f;
        small.PlaneFormats[0].SizeImage--;
        narrow.Height = 49;
        split.PlaneCount = 2;
        other.PixelFormat = PixelFormat.Planar(1 - subX, subY, depth);
        Assert.Null(KernelFormat.LayoutOf(small, g));
        Assert.Null(KernelFormat.LayoutOf(narrow, g));
        Assert.Null(KernelFormat.LayoutOf(split, g));
        Assert.Null(KernelFormat.LayoutOf(other, g));
    }

    [Fact]
    public unsafe void ReferencesToPicturesThatAreGoneAreSeen()
    {
        V4L2CtrlVp9Frame vp9 = new() { LastFrameTs = 5000, GoldenFrameTs = 3000, AltFrameTs = 4000 };
        ControlPayload[] controls = [new(V4L2CtrlVp9Frame.ControlId, (nint)(&vp9), (uint)sizeof(V4L2CtrlVp9Frame))];
        Assert.False(KernelControls.RefersBefore(controls, 3000));
        Assert.True(KernelControls.RefersBefore(controls, 3001));
        vp9.Flags = Vp9FrameFlags.KeyFrame;
        Assert.False(KernelControls.RefersBefore(controls, 9000));

        V4L2CtrlH264DecodeParams h264 = default;
        h264.Dpb[3] = new V4L2H264DpbEntry { ReferenceTs = 2000, Flags = H264DpbEntryFlags.Valid };
        controls = [new(V4L2CtrlH264DecodeParams.ControlId, (nint)(&h264), (uint)sizeof(V4L2CtrlH264DecodeParams))];
        Assert.False(KernelControls.RefersBefore(controls, 9000));
        h264.Dpb[3].Flags |= H264DpbEntryFlags.Active;
        Assert.True(KernelControls.RefersBefore(controls, 9000));
        Assert.False(KernelControls.IsField(controls));
        h264.Flags = H264DecodeParamFlags.FieldPic;
        Assert.True(KernelControls.IsField(controls));

        V4L2CtrlAv1Frame av1 = new() { FrameType = Av1FrameType.Inter };
        for (int i = 0; i < 8; i++)
            av1.ReferenceFrameTs[i] = 1000 * (ulong)(i + 1);
        for (int i = 0; i < 7; i++)
            av1.RefFrameIdx[i] = (sbyte)(i + 1);
        controls = [new(V4L2CtrlAv1Frame.ControlId, (nint)(&av1), (uint)sizeof(V4L2CtrlAv1Frame))];
        Assert.False(KernelControls.RefersBefore(controls, 2000));
        Assert.True(KernelControls.RefersBefore(controls, 2001));
    }

    /// <summary>What a kernel answers, in the structures of its version: the numbers are those of the calls, the bytes those of v4l2-subdev.h.</summary>
    [Theory]
    [InlineData(0xc0405626u, 16)] // Linux 6.10: which, length, routes, count
    [InlineData(0xc0285626u, 4)] // 6.3 to 6.9: which, count, routes
    public unsafe void RoutesOfSubdevicesAreRead(uint number, int count)
    {
        uint streams = 2;
        int Kernel(uint request, void* argument)
        {
            var p = (byte*)argument;
            if (request == 0x80405600)
            {
                *(uint*)(p + 4) = streams;
                return 0;
            }
            if (request != number)
                return -25;
            Assert.Equal(1u, *(uint*)p);
            Assert.True(*(uint*)(p + 4) is >= 2 and <= 256);
            uint[] routes = [0, 0, 2, 0, 1, 0, 0, 0, 0, 0, 1, 3, 2, 5, 2];
            routes.CopyTo(new Span<uint>((void*)*(ulong*)(p + 8), 20));
            *(uint*)(p + count) = 2;
            return 0;
        }
        Assert.Equal([new(0, 0, 2, 0, 1), new(1, 3, 2, 5, 2)], SubdeviceRoutes.Read(Kernel)!);
        streams = 1;
        Assert.Null(SubdeviceRoutes.Read(Kernel));
        number = 0;
        streams = 2;
        Assert.Null(SubdeviceRoutes.Read(Kernel));
    }

    [Fact]
    public void DevicesThatAreNotThereAreNamed()
    {
        Assert.Contains("does not exist", Assert.Throws<DeviceException>(() => DeviceRegistry.Open("/dev/video77")).Message);
        Assert.Contains("no stateless decoder", Assert.Throws<DeviceException>(() => DeviceRegistry.Open("/dev/null")).Message);
        Assert.Contains("no device \"hantro\"", Assert.Throws<DeviceException>(() => DeviceRegistry.Open("hantro")).Message);
    }
}
