using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;

namespace LabNet.Core.Labs;

/// <param name="Line">From 1; 0 where the file as a whole is meant.</param>
/// <param name="Column">From 1, in UTF-16 units; 0 where the file as a whole is meant.</param>
/// <param name="Message">What is wrong and what is allowed, in words for the file's author. It may quote the file: untrusted text.</param>
public readonly record struct LabFileMistake(int Line, int Column, string Message)
{
    public override string ToString() => Line == 0 ? Message : $"{Line}:{Column}: {Message}";
}

/// <summary>What reading a lab file gave: a lab, or everything that is wrong with the file, in the file's order.</summary>
public sealed class LabFileReading
{
    internal LabFileReading(Lab lab) => (Lab, Mistakes) = (lab, []);

    internal LabFileReading(ImmutableArray<LabFileMistake> mistakes) => Mistakes = mistakes;

    /// <summary>Null exactly when there are mistakes.</summary>
    public Lab? Lab { get; }

    public ImmutableArray<LabFileMistake> Mistakes { get; }

    public bool TryGetLab([NotNullWhen(true)] out Lab? lab)
    {
        lab = Lab;
        return lab is not null;
    }
}
