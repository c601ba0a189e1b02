// SPDX-License-Identifier: LGPL-2.1-or-later
// Runs the kernels' unit tests where there is no test host: published for arm64 and run by an emulator.
// usage: daedalus-kernel-tests [TEXT…]: all tests but those whose name ends in one of the texts; prints "N passed, N failed"
using System.Reflection;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using Xunit;
using Xunit.Sdk;

Console.WriteLine($"Vector128 {Vector128.IsHardwareAccelerated}, Vector256 {Vector256.IsHardwareAccelerated}, AdvSimd {AdvSimd.IsSupported}, Dp {Dp.IsSupported}");
int passed = 0, failed = 0;
foreach (Type type in Assembly.Load("Daedalus.Kernels.Tests").GetTypes().OrderBy(t => t.FullName, StringComparer.Ordinal))
{
    foreach (MethodInfo method in type.GetMethods(BindingFlags.Public | BindingFlags.Instance | BindingFlags.Static).Where(m => m.IsDefined(typeof(FactAttribute))))
    {
        string name = $"{type.Name}.{method.Name}";
        if (args.Any(a => name.EndsWith(a, StringComparison.Ordinal)))
            continue;
        long begun = Environment.TickCount64;
        int cases = 0, wrong = failed;
        foreach (object?[] arguments in Cases(method))
        {
            cases++;
            try
            {
                object? test = method.IsStatic ? null : Activator.CreateInstance(type);
                method.Invoke(test, BindingFlags.DoNotWrapExceptions, null, arguments, null);
                (test as IDisposable)?.Dispose();
                passed++;
            }
            catch (Exception e)
            {
                failed++;
                Console.WriteLine($"FAILED {name}({string.Join(", ", arguments)}): {e.Message}");
            }
        }
        Console.WriteLine($"{name}: {cases} cases, {failed - wrong} failed, {Environment.TickCount64 - begun} ms");
    }
}
Console.WriteLine($"{passed} passed, {failed} failed");
return failed == 0 && passed > 0 ? 0 : 1;

// A fact is one case; a theory has those of its data attributes.
static IEnumerable<object?[]> Cases(MethodInfo method)
{
    DataAttribute[] sources = [.. method.GetCustomAttributes<DataAttribute>()];
    return sources.Length == 0 ? [[]] : sources.SelectMany(s => s.GetData(method));
}
