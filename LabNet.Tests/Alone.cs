namespace LabNet.Tests;

/// <summary>For tests that measure the memory of the whole process: no other test runs meanwhile.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class Alone
{
    public const string Name = "alone";
}
