// SPDX-License-Identifier: LGPL-2.1-or-later
namespace Daedalus.Tool;

/// <summary>An option of a command.</summary>
/// <param name="Name">Without dashes; one letter has one dash, others have two.</param>
/// <param name="Value">What its value is called ("FILE" and "DIR" complete as such), or null: a flag.</param>
/// <param name="Summary">One line.</param>
/// <param name="Values">The only values it takes; empty: any.</param>
internal sealed record Option(string Name, string? Value, string Summary, params string[] Values)
{
    /// <summary>As it is written.</summary>
    public string Dashed => (Name.Length == 1 ? "-" : "--") + Name;
}

/// <summary>A command: the one source of what is parsed, helped with, completed and printed in the manual.</summary>
/// <param name="Name">What it is called by.</param>
/// <param name="Arguments">What follows beside options, as in a usage line.</param>
/// <param name="Summary">One line.</param>
/// <param name="Description">Paragraphs.</param>
/// <param name="Options">What it takes, without what all take.</param>
/// <param name="Differences">What exit code 1 means; null: it is not used.</param>
/// <param name="Run">Does it; the exit code.</param>
internal sealed record Command(string Name, string Arguments, string Summary, string[] Description, Option[] Options, string? Differences, Func<CommandLine, int> Run)
{
    /// <summary>Takes <see cref="CommandTable.DecodeOptions"/> too.</summary>
    public bool Decodes { get; init; }

    /// <summary>Everything after the first argument belongs to it, dashes or not.</summary>
    public bool TakesRest { get; init; }

    /// <summary>The only arguments it takes; empty: files.</summary>
    public string[] ArgumentValues { get; init; } = [];

    /// <summary>Command lines worth showing, without the program's name, each with what it does.</summary>
    public (string Line, string Meaning)[] Examples { get; init; } = [];

    /// <summary>All options, its own first.</summary>
    public IEnumerable<Option> AllOptions => [.. Options, .. Decodes ? CommandTable.DecodeOptions : [], CommandTable.Help];

    /// <summary>The first line of its help.</summary>
    public string Usage => $"daedalusctl {Name} [OPTION…]{(Arguments.Length > 0 ? " " + Arguments : "")}";
}
