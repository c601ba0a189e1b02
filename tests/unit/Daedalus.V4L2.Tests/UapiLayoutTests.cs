// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Diagnostics;
using System.Globalization;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text.RegularExpressions;
using Daedalus.V4L2.Controls;
using Daedalus.V4L2.Devices;
using Xunit;

namespace Daedalus.V4L2.Tests;

/// <summary>The numbers of native/uapi_check.c, which the C compiler checks against the kernel's header, hold for the C# structs too.</summary>
public partial class UapiLayoutTests
{
    private static string Source => Path.Combine(RepositoryRoot, "native", "uapi_check.c");

    private static string RepositoryRoot
    {
        get
        {
            string? directory = AppContext.BaseDirectory;
            while (directory != null && !File.Exists(Path.Combine(directory, "GstDaedalus.sln")))
                directory = Path.GetDirectoryName(directory);
            return directory ?? throw new InvalidOperationException("The tests run outside the repository.");
        }
    }

    [GeneratedRegex(@"^CHECK_SIZE\((\w+), (\d+)\)", RegexOptions.Multiline)]
    private static partial Regex SizeLine();

    [GeneratedRegex(@"^CHECK_FIELD\((\w+), ([\w\[\]]+), (\d+), (\d+)\)", RegexOptions.Multiline)]
    private static partial Regex FieldLine();

    [GeneratedRegex(@"^CHECK_CONSTANT\(V4L2_CID_STATELESS_(\w+), 0x(\w+)\)", RegexOptions.Multiline)]
    private static partial Regex ControlIdLine();

    // An array of two structs is two fields in C#.
    private static string FieldName(string cName) => cName.StartsWith("weight_factors[", StringComparison.Ordinal) ? $"Factors{cName[15]}" : Pascal(cName);

    private static string Pascal(string name) => string.Concat(name.Split('_').Select(p => p == "v4l2" ? "V4L2" : char.ToUpperInvariant(p[0]) + p[1..]));

    private static Type ControlType(string cName) =>
        typeof(V4L2CtrlVp9Frame).Assembly.GetType($"Daedalus.V4L2.Controls.{Pascal(cName)}") ?? throw new InvalidOperationException($"no C# struct for {cName}");

    [Fact]
    public void SizesAreTheKernels()
    {
        MatchCollection lines = SizeLine().Matches(File.ReadAllText(Source));
        Assert.Equal(26, lines.Count);
        foreach (Match m in lines)
            Assert.Equal((m.Groups[1].Value, int.Parse(m.Groups[2].Value, CultureInfo.InvariantCulture)), (m.Groups[1].Value, Marshal.SizeOf(ControlType(m.Groups[1].Value))));
    }

    [Fact]
    public void EveryFieldIsWhereTheKernelHasIt()
    {
        MatchCollection lines = FieldLine().Matches(File.ReadAllText(Source));
        var seen = new HashSet<(Type, string)>();
        foreach (Match m in lines)
        {
            Type type = ControlType(m.Groups[1].Value);
            string name = FieldName(m.Groups[2].Value);
            FieldInfo field = type.GetField(name) ?? throw new InvalidOperationException($"{type.Name} has no field {name}");
            Type fieldType = field.FieldType.IsEnum ? field.FieldType.GetEnumUnderlyingType() : field.FieldType;
            int offset = (int)Marshal.OffsetOf(type, name);
            Assert.Equal($"{m.Groups[1]}.{m.Groups[2]} {m.Groups[3]} {m.Groups[4]}", $"{m.Groups[1]}.{m.Groups[2]} {offset} {Marshal.SizeOf(fieldType)}");
            seen.Add((type, name));
        }
        foreach (Type type in seen.Select(s => s.Item1).Distinct())
            Assert.Equal(type.GetFields(BindingFlags.Instance | BindingFlags.Public).Length, seen.Count(s => s.Item1 == type));
    }

    [Fact]
    public void ControlIdsAreTheKernels()
    {
        foreach (Match m in ControlIdLine().Matches(File.ReadAllText(Source)))
        {
            uint expected = Convert.ToUInt32(m.Groups[2].Value, 16);
            Assert.True(ControlIds.TryGetValue(m.Groups[1].Value, out uint actual), m.Value);
            Assert.Equal((m.Value, expected), (m.Value, actual));
        }
        Assert.Equal(ControlIds.Count, ControlIdLine().Count(File.ReadAllText(Source)));
    }

    private static readonly Dictionary<string, uint> ControlIds = new()
    {
        ["VP9_FRAME"] = V4L2CtrlVp9Frame.ControlId,
        ["VP9_COMPRESSED_HDR"] = V4L2CtrlVp9CompressedHdr.ControlId,
        ["H264_SPS"] = V4L2CtrlH264Sps.ControlId,
        ["H264_PPS"] = V4L2CtrlH264Pps.ControlId,
        ["H264_SCALING_MATRIX"] = V4L2CtrlH264ScalingMatrix.ControlId,
        ["H264_PRED_WEIGHTS"] = V4L2CtrlH264PredWeights.ControlId,
        ["H264_SLICE_PARAMS"] = V4L2CtrlH264SliceParams.ControlId,
        ["H264_DECODE_PARAMS"] = V4L2CtrlH264DecodeParams.ControlId,
        ["AV1_SEQUENCE"] = V4L2CtrlAv1Sequence.ControlId,
        ["AV1_TILE_GROUP_ENTRY"] = V4L2CtrlAv1TileGroupEntry.ControlId,
        ["AV1_FRAME"] = V4L2CtrlAv1Frame.ControlId,
        ["AV1_FILM_GRAIN"] = V4L2CtrlAv1FilmGrain.ControlId,
    };

    [GeneratedRegex(@"^CHECK_CONSTANT\(V4L2_H264_(SPS_FLAG|PPS_FLAG|SLICE_TYPE|SLICE_FLAG|DPB_ENTRY_FLAG|DECODE_PARAM_FLAG)_(\w+), 0x(\w+)\)", RegexOptions.Multiline)]
    private static partial Regex H264ConstantLine();

    [Fact]
    public void H264FlagsAreTheKernels()
    {
        var types = new Dictionary<string, Type>
        {
            ["SPS_FLAG"] = typeof(H264SpsFlags),
            ["PPS_FLAG"] = typeof(H264PpsFlags),
            ["SLICE_TYPE"] = typeof(H264SliceType),
            ["SLICE_FLAG"] = typeof(H264SliceFlags),
            ["DPB_ENTRY_FLAG"] = typeof(H264DpbEntryFlags),
            ["DECODE_PARAM_FLAG"] = typeof(H264DecodeParamFlags),
        };
        MatchCollection lines = H264ConstantLine().Matches(File.ReadAllText(Source));
        Assert.Equal(31, lines.Count);
        foreach (Match m in lines)
        {
            // Names match but for case and the suffixes of two flags.
            string name = m.Groups[2].Value.Replace("_", "", StringComparison.Ordinal).Replace("VALUEALLOWED", "ALLOWED", StringComparison.Ordinal);
            Assert.True(Enum.TryParse(types[m.Groups[1].Value], name, ignoreCase: true, out object? value), m.Value);
            Assert.Equal((m.Value, Convert.ToUInt32(m.Groups[3].Value, 16)), (m.Value, Convert.ToUInt32(value, CultureInfo.InvariantCulture)));
        }
    }

    [GeneratedRegex(@"^CHECK_CONSTANT\(V4L2_AV1_(SEQUENCE_FLAG|GLOBAL_MOTION_FLAG|LOOP_RESTORATION_FLAG|SEGMENTATION_FLAG|LOOP_FILTER_FLAG|QUANTIZATION_FLAG|TILE_INFO_FLAG|FRAME_FLAG|FILM_GRAIN_FLAG|WARP_MODEL|FRAME_RESTORE|INTERPOLATION_FILTER|TX_MODE)_(\w+), 0x(\w+)\)", RegexOptions.Multiline)]
    private static partial Regex Av1ConstantLine();

    [Fact]
    public void Av1FlagsAreTheKernels()
    {
        var types = new Dictionary<string, Type>
        {
            ["SEQUENCE_FLAG"] = typeof(Av1SequenceFlags),
            ["GLOBAL_MOTION_FLAG"] = typeof(Av1GlobalMotionFlags),
            ["LOOP_RESTORATION_FLAG"] = typeof(Av1LoopRestorationFlags),
            ["SEGMENTATION_FLAG"] = typeof(Av1SegmentationFlags),
            ["LOOP_FILTER_FLAG"] = typeof(Av1LoopFilterFlags),
            ["QUANTIZATION_FLAG"] = typeof(Av1QuantizationFlags),
            ["TILE_INFO_FLAG"] = typeof(Av1TileInfoFlags),
            ["FRAME_FLAG"] = typeof(Av1FrameFlags),
            ["FILM_GRAIN_FLAG"] = typeof(Av1FilmGrainFlags),
            ["WARP_MODEL"] = typeof(Av1WarpModel),
            ["FRAME_RESTORE"] = typeof(Av1RestorationType),
            ["INTERPOLATION_FILTER"] = typeof(Av1InterpolationFilter),
            ["TX_MODE"] = typeof(Av1TxMode),
        };
        MatchCollection lines = Av1ConstantLine().Matches(File.ReadAllText(Source));
        Assert.Equal(79, lines.Count);
        foreach (Match m in lines)
        {
            string name = m.Groups[2].Value.Replace("_", "", StringComparison.Ordinal);
            Assert.True(Enum.TryParse(types[m.Groups[1].Value], name, ignoreCase: true, out object? value), m.Value);
            Assert.Equal((m.Value, Convert.ToUInt32(m.Groups[3].Value, 16)), (m.Value, Convert.ToUInt32(value, CultureInfo.InvariantCulture)));
        }
    }

    [Theory]
    [InlineData("gcc")]
    [InlineData("aarch64-linux-gnu-gcc")]
    public void TheCompilerAgrees(string compiler)
    {
        // Without that compiler or the kernel's headers there is nothing to ask.
        if (!Array.Exists((Environment.GetEnvironmentVariable("PATH") ?? "").Split(':'), d => File.Exists(Path.Combine(d, compiler)))
            || !Compiles(compiler, "#include <linux/v4l2-controls.h>\nstruct v4l2_ctrl_vp9_frame f;"))
            return;
        Assert.True(Compiles(compiler, File.ReadAllText(Source)));
    }

    private static bool Compiles(string compiler, string source)
    {
        var info = new ProcessStartInfo(compiler, ["-fsyntax-only", "-xc", "-"]) { RedirectStandardInput = true, RedirectStandardError = true };
        using Process process = Process.Start(info)!;
        process.StandardInput.Write(source);
        process.StandardInput.Close();
        process.StandardError.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0;
    }

    /// <summary>LP64 sizes of the structs in native/include/daedalus.h.</summary>
    [Fact]
    public void EngineAbiSizes()
    {
        Assert.Equal(48, Unsafe.SizeOf<EngineLayout>());
        Assert.Equal(16, Unsafe.SizeOf<EngineControl>());
        Assert.Equal(104, Unsafe.SizeOf<EngineRequest>());
        Assert.Equal(40, Unsafe.SizeOf<EngineConfig>());
        Assert.Equal(32, Unsafe.SizeOf<EngineStats>());
    }
}
