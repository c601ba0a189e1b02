// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Globalization;
using System.Reflection;
using System.Runtime.InteropServices;
using System.Text.RegularExpressions;
using Daedalus.V4L2.Service;
using Xunit;

namespace Daedalus.V4L2.Tests;

/// <summary>The numbers of native/service_check.c, which the C compiler checks against the module's header, hold for the daemon's structs too.</summary>
public partial class ServiceLayoutTests
{
    private static string Source() => File.ReadAllText(Path.Combine(FindRoot(), "native", "service_check.c"));

    private static string FindRoot()
    {
        string? directory = AppContext.BaseDirectory;
        while (directory != null && !File.Exists(Path.Combine(directory, "GstDaedalus.sln")))
            directory = Path.GetDirectoryName(directory);
        return directory ?? throw new InvalidOperationException("The tests run outside the repository.");
    }

    [GeneratedRegex(@"^CHECK_SIZE\(daedalus_v4l2_(\w+), (\d+)\)", RegexOptions.Multiline)]
    private static partial Regex SizeLine();

    [GeneratedRegex(@"^CHECK_FIELD\(daedalus_v4l2_(\w+), (\w+), (\d+), (\d+)\)", RegexOptions.Multiline)]
    private static partial Regex FieldLine();

    [GeneratedRegex(@"^CHECK_CONSTANT\(DAEDALUS_V4L2_IOC_(\w+), 0x(\w+)\)", RegexOptions.Multiline)]
    private static partial Regex IoctlLine();

    private static string Pascal(string name) => string.Concat(name.Split('_').Select(p => char.ToUpperInvariant(p[0]) + p[1..]));

    private static Type StructType(string name) => typeof(ServiceEvent).Assembly.GetType("Daedalus.V4L2.Service.Service" + Pascal(name))
        ?? throw new InvalidOperationException($"no C# struct for {name}");

    [Fact]
    public void SizesAreTheModules()
    {
        MatchCollection lines = SizeLine().Matches(Source());
        Assert.Equal(5, lines.Count);
        foreach (Match m in lines)
            Assert.Equal(int.Parse(m.Groups[2].Value, CultureInfo.InvariantCulture), Marshal.SizeOf(StructType(m.Groups[1].Value)));
    }

    [Fact]
    public void FieldsAreWhereTheModuleHasThem()
    {
        MatchCollection lines = FieldLine().Matches(Source());
        Assert.NotEmpty(lines);
        foreach (Match m in lines)
        {
            Type type = StructType(m.Groups[1].Value);
            string name = Pascal(m.Groups[2].Value);
            FieldInfo field = type.GetField(name) ?? throw new InvalidOperationException($"{type.Name} has no field {name}");
            Type fieldType = field.FieldType.IsEnum ? field.FieldType.GetEnumUnderlyingType() : field.FieldType;
            Assert.Equal($"{type.Name}.{name} {m.Groups[3]} {m.Groups[4]}", $"{type.Name}.{name} {(int)Marshal.OffsetOf(type, name)} {Marshal.SizeOf(fieldType)}");
        }
    }

    [Fact]
    public void IoctlNumbersAreTheModules()
    {
        MatchCollection lines = IoctlLine().Matches(Source());
        Assert.Equal(5, lines.Count);
        foreach (Match m in lines)
        {
            FieldInfo constant = typeof(ServiceAbi).GetField(Pascal(m.Groups[1].Value.ToLowerInvariant())) ?? throw new InvalidOperationException(m.Value);
            Assert.Equal(Convert.ToUInt32(m.Groups[2].Value, 16), (uint)constant.GetRawConstantValue()!);
        }
    }
}
