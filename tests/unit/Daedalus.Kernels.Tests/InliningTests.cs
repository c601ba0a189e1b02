// SPDX-License-Identifier: LGPL-2.1-or-later
using System.Collections.Concurrent;
using System.Diagnostics.Tracing;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Loader;
using Daedalus.Kernels.Vp9;
using Xunit;

namespace Daedalus.Kernels.Tests;

/// <summary>
/// The compiler drops AggressiveInlining without a word when a method grows too large ("too many locals"), and the kernel is three
/// times slower. Here every kernel is compiled anew, in a load context of its own, while the runtime reports failed inlinings.
/// </summary>
public sealed class InliningTests
{
    private const int MaxInstantiations = 512;

    [Fact]
    public void EveryMethodMarkedForInliningIsInlined()
    {
        // Only the optimising compiler inlines; the project switches tiering off.
        Assert.True(AppContext.TryGetSwitch("System.Runtime.TieredCompilation", out var tiered) && !tiered, "tests must run without tiered compilation");
        using var listener = new FailedInlinings();
        var context = new AssemblyLoadContext("inlining");
        Assembly[] assemblies = [context.LoadFromAssemblyPath(typeof(Vp9KernelTable).Assembly.Location), context.LoadFromAssemblyPath(typeof(Vp9InverseTransformKernels).Assembly.Location)];
        var marked = new HashSet<string>();
        var prepared = 0;
        foreach (var type in assemblies.SelectMany(a => a.GetTypes()))
        {
            foreach (var method in Methods(type))
            {
                if ((method.MethodImplementationFlags & MethodImplAttributes.AggressiveInlining) != 0)
                    marked.Add(Name(type.FullName!, method.Name));
            }
        }
        foreach (var assembly in assemblies)
        {
            foreach (var type in assembly.GetTypes())
                prepared += Prepare(assembly, type);
        }
        // Inlining of this one is bound to fail. Events come in order: once it is reported all before it have been.
        RuntimeHelpers.PrepareMethod(typeof(InliningTests).GetMethod(nameof(Sentinel), BindingFlags.NonPublic | BindingFlags.Static)!.MethodHandle);
        Assert.True(listener.Seen.Wait(TimeSpan.FromSeconds(60)), "the runtime reports no failed inlinings");
        Assert.True(prepared > 100, $"only {prepared} methods compiled");
        Assert.NotEmpty(marked);

        var failures = listener.Failures.Where(f => marked.Contains(f.Inlinee)).Select(f => $"{f.Inlinee} into {f.Inliner}: {f.Reason}").Distinct().ToArray();
        Assert.True(failures.Length == 0, string.Join('\n', failures));
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static int Refused(int x) => x + 1;

    private static int Sentinel() => Refused(1);

    private static IEnumerable<MethodBase> Methods(Type type)
    {
        const BindingFlags All = BindingFlags.DeclaredOnly | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Static | BindingFlags.Instance;
        return type.GetMethods(All).Cast<MethodBase>().Concat(type.GetConstructors(All));
    }

    /// <summary>Events name instantiations in brackets, and the types they stand in without assembly.</summary>
    private static string Name(string type, string method)
    {
        var bracket = type.IndexOf('[');
        return (bracket < 0 ? type : type[..bracket]) + "." + method;
    }

    private static int Prepare(Assembly assembly, Type type)
    {
        if (type.IsInterface)
            return 0;
        var count = 0;
        foreach (var typeArguments in Instantiations(assembly, type.IsGenericTypeDefinition ? type.GetGenericArguments() : [], type.MakeGenericType))
        {
            var closed = typeArguments.Length == 0 ? type : type.MakeGenericType(typeArguments);
            foreach (var method in Methods(closed))
            {
                if (method.IsAbstract || method.GetMethodBody() == null)
                    continue;
                if (!method.IsGenericMethodDefinition)
                {
                    RuntimeHelpers.PrepareMethod(method.MethodHandle, Handles(typeArguments));
                    count++;
                    continue;
                }
                foreach (var arguments in Instantiations(assembly, method.GetGenericArguments(), ((MethodInfo)method).MakeGenericMethod))
                {
                    RuntimeHelpers.PrepareMethod(((MethodInfo)method).MakeGenericMethod(arguments).MethodHandle, Handles([.. typeArguments, .. arguments]));
                    count++;
                }
            }
        }
        return count;
    }

    private static RuntimeTypeHandle[] Handles(Type[] types) => Array.ConvertAll(types, t => t.TypeHandle);

    /// <summary>Every choice of the kernels' own structs and the sample types that the constraints admit.</summary>
    private static List<Type[]> Instantiations(Assembly assembly, Type[] parameters, Func<Type[], object> make)
    {
        var all = new List<Type[]> { Array.Empty<Type>() };
        if (parameters.Length == 0)
            return all;
        Type[] values = [.. assembly.GetTypes().Where(t => t is { IsValueType: true, IsGenericTypeDefinition: false, IsEnum: false }), typeof(byte), typeof(ushort), typeof(short), typeof(int), typeof(Vector128<byte>), typeof(Vector256<byte>)];
        foreach (var parameter in parameters)
        {
            var constraints = parameter.GetGenericParameterConstraints().Where(c => c.IsInterface && c.Assembly == assembly).ToArray();
            var own = constraints.Length == 0
                ? values.Where(IsFree)
                : values.Where(t => constraints.All(c => Satisfies(t, c)));
            var generic = constraints.Length == 0 ? [] : GenericCandidates(assembly, values, constraints);
            all = [.. all.SelectMany(head => own.Concat(generic).Select(t => (Type[])[.. head, t])).Take(64 * MaxInstantiations)];
        }
        return [.. all.Where(choice => Admitted(choice, make)).Take(MaxInstantiations)];
    }

    /// <summary>Instantiations with one level of arguments of generic structs that satisfy the constraints.</summary>
    private static Type[] GenericCandidates(Assembly assembly, Type[] values, Type[] constraints)
    {
        var found = new List<Type>();
        foreach (var definition in assembly.GetTypes().Where(t => t is { IsValueType: true, IsGenericTypeDefinition: true }))
        {
            var choices = new List<Type[]> { Array.Empty<Type>() };
            foreach (var parameter in definition.GetGenericArguments())
            {
                var wanted = parameter.GetGenericParameterConstraints().Where(c => c.IsInterface && c.Assembly == assembly).ToArray();
                choices = [.. choices.SelectMany(head => values.Where(t => wanted.Length == 0 ? IsFree(t) : wanted.All(c => Satisfies(t, c))).Select(t => (Type[])[.. head, t]))];
            }
            foreach (var choice in choices.Where(c => Admitted(c, definition.MakeGenericType)))
            {
                var closed = definition.MakeGenericType(choice);
                if (constraints.All(c => Satisfies(closed, c)))
                    found.Add(closed);
            }
        }
        return [.. found];
    }

    /// <summary>What stands in for a parameter without a constraint of the kernels' own.</summary>
    private static bool IsFree(Type type) => type.IsPrimitive || type == typeof(Vector128<byte>) || type == typeof(Vector256<byte>);

    /// <summary>A constraint that mentions another parameter is met by any of its instantiations; the runtime tells the rest.</summary>
    private static bool Satisfies(Type type, Type constraint) => constraint.IsGenericType
        ? type.GetInterfaces().Any(i => i.IsGenericType && i.GetGenericTypeDefinition() == constraint.GetGenericTypeDefinition())
        : constraint.IsAssignableFrom(type);

    private static bool Admitted(Type[] choice, Func<Type[], object> make)
    {
        try
        {
            return make(choice) != null;
        }
        catch (ArgumentException)
        {
            return false;
        }
        catch (TypeLoadException)
        {
            return false;
        }
    }

    private sealed record Failure(string Inlinee, string Inliner, string Reason);

    /// <summary>Collects MethodJitInliningFailed (JIT keyword 0x1000).</summary>
    private sealed class FailedInlinings : EventListener
    {
        internal readonly ConcurrentQueue<Failure> Failures = new();
        internal readonly ManualResetEventSlim Seen = new();

        protected override void OnEventSourceCreated(EventSource eventSource)
        {
            if (eventSource.Name == "Microsoft-Windows-DotNETRuntime")
                EnableEvents(eventSource, EventLevel.Verbose, (EventKeywords)0x1000);
        }

        protected override void OnEventWritten(EventWrittenEventArgs eventData)
        {
            if (eventData.EventName == null || !eventData.EventName.StartsWith("MethodJitInliningFailed", StringComparison.Ordinal))
                return;
            var names = eventData.PayloadNames!;
            string Get(string name) => eventData.Payload![names.IndexOf(name)]?.ToString() ?? "";
            var inlinee = Name(Get("InlineeNamespace"), Get("InlineeName"));
            if (inlinee.EndsWith("InliningTests.Refused", StringComparison.Ordinal))
                Seen.Set();
            else
                Failures.Enqueue(new Failure(inlinee, Get("InlinerNamespace") + "." + Get("InlinerName"), Get("FailReason")));
        }
    }
}
