using System.Runtime.CompilerServices;

namespace LabNet.Tests;

/// <summary><c>./infra/lab test --long</c>: random tests run many more rounds. Set by <c>LABNET_TEST_LONG=1</c>.</summary>
internal static class LongForm
{
    /// <summary>As for the suites' budgets, in infra/lab.d/test.sh.</summary>
    public const int Factor = 20;

    public static bool IsOn { get; } = Environment.GetEnvironmentVariable("LABNET_TEST_LONG") == "1";

    public static int Rounds(int shortForm, int longForm) => IsOn ? longForm : shortForm;

    public static int Rounds(int shortForm) => Rounds(shortForm, shortForm * Factor);
}

/// <summary>A test of many rounds; it may take longer in the long form.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class LongFormFactAttribute : FactAttribute
{
    /// <param name="hangMs">The short form's timeout.</param>
    public LongFormFactAttribute(int hangMs, [CallerFilePath] string? sourceFilePath = null, [CallerLineNumber] int sourceLineNumber = -1)
        : base(sourceFilePath, sourceLineNumber) => Timeout = LongForm.Rounds(hangMs);
}
