// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;

namespace Daedalus.V4L2.Devices;

/// <summary>
/// Finds the engine build for this CPU. A build for a level the CPU lacks aborts the process when loaded, so the choice is made before.
/// </summary>
public static unsafe class EngineLocator
{
    /// <summary>File name of the engine.</summary>
    public const string FileName = "libdaedalus-engine.so";
    /// <summary>The same where GStreamer searches for plugins: it loads all that ends in .so, and a level that the CPU lacks would end its scanner.</summary>
    public const string HiddenFileName = FileName + ".0";
    /// <summary>Environment variable that names an engine file, or a directory with the file, with level directories or with <c>daedalus/</c> and those in it.</summary>
    public const string Variable = "DAEDALUS_ENGINE";

    /// <summary>Directory name of the best level of this CPU: aarch64, x86-64-v3 or x86-64-v2.</summary>
    public static string Level { get; } = DetectLevel();

    /// <summary>Levels this CPU can run, the best first.</summary>
    public static IReadOnlyList<string> Levels { get; } = Level == "x86-64-v3" ? ["x86-64-v3", "x86-64-v2"] : [Level];

    /// <summary>The engine to load, or null with the places that were searched.</summary>
    public static string? Find(out IReadOnlyList<string> searched)
    {
        var places = new List<string>();
        searched = places;
        string? named = Environment.GetEnvironmentVariable(Variable);
        if (!string.IsNullOrEmpty(named))
        {
            // What was asked for explicitly is not replaced silently by something else.
            if (File.Exists(named))
                return Path.GetFullPath(named);
            return FindIn(named, places) ?? FindIn(Path.Combine(named, "daedalus"), places);
        }
        foreach (string directory in HomeDirectories())
        {
            // Not in the plugin's own folder: GStreamer searches that one, and all below it, for plugins to load.
            // The daemon lies in bin beside lib.
            if ((FindIn(Path.Combine(directory, "..", "daedalus"), places) ?? FindIn(Path.Combine(directory, "..", "lib", "daedalus"), places) ?? FindIn(Path.Combine(directory, "daedalus"), places) ?? FindIn(directory, places)) is { } found)
                return found;
        }
        return null;
    }

    private static string? FindIn(string directory, List<string> places)
    {
        foreach (string folder in (string[])[.. Levels, ""])
        {
            string path = Path.Combine(directory, folder, FileName);
            places.Add(path);
            if (File.Exists(path))
                return Path.GetFullPath(path);
            path = Path.Combine(directory, folder, HiddenFileName);
            if (File.Exists(path))
                return Path.GetFullPath(path);
        }
        return null;
    }

    // Where this code lives: as a NativeAOT library dladdr knows the file; under a JIT the application's directory is the place.
    private static IEnumerable<string> HomeDirectories()
    {
        if (OwnLibrary() is { } library && Path.GetDirectoryName(library) is { Length: > 0 } directory)
            yield return directory;
        if (AppContext.BaseDirectory is { Length: > 0 } application)
            yield return application;
    }

    private static string? OwnLibrary()
    {
        try
        {
            Libc.DlInfo info;
            nint here = (nint)(delegate* unmanaged<void>)&Anchor;
            if (Libc.DlAddr(here, &info) == 0 || info.FileName == null)
                return null;
            string? name = Marshal.PtrToStringUTF8((nint)info.FileName);
            return name != null && File.Exists(name) ? Path.GetFullPath(name) : null;
        }
        catch (Exception e) when (e is EntryPointNotFoundException or DllNotFoundException)
        {
            return null;
        }
    }

    [UnmanagedCallersOnly]
    private static void Anchor()
    {
    }

    // IsSupported is folded to a constant in an AOT build for the baseline, so the CPU itself is asked.
    private static string DetectLevel()
    {
        if (RuntimeInformation.ProcessArchitecture == Architecture.Arm64)
            return "aarch64";
        if (!X86Base.IsSupported)
            return RuntimeInformation.ProcessArchitecture.ToString().ToLowerInvariant();
        const int Fma = 1 << 12, Movbe = 1 << 22, Popcnt = 1 << 23, Osxsave = 1 << 27, Avx = 1 << 28;
        const int Bmi1 = 1 << 3, Avx2 = 1 << 5, Bmi2 = 1 << 8, Lzcnt = 1 << 5;
        const int Leaf1 = Fma | Movbe | Popcnt | Osxsave | Avx;
        const int Leaf7 = Bmi1 | Avx2 | Bmi2;
        if (X86Base.CpuId(0, 0).Eax < 7 || (X86Base.CpuId(1, 0).Ecx & Leaf1) != Leaf1 || (X86Base.CpuId(7, 0).Ebx & Leaf7) != Leaf7)
            return "x86-64-v2";
        return (X86Base.CpuId(unchecked((int)0x80000001), 0).Ecx & Lzcnt) != 0 ? "x86-64-v3" : "x86-64-v2";
    }
}
