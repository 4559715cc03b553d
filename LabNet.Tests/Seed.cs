namespace LabNet.Tests;

/// <summary>
/// Random numbers that a failed run can have again: the seed is printed, and <c>LABNET_TEST_SEED</c> sets it.
/// </summary>
internal static class Seed
{
    public static Random Print(out int seed)
    {
        seed = int.TryParse(Environment.GetEnvironmentVariable("LABNET_TEST_SEED"), out var given) ? given : Random.Shared.Next();
        TestContext.Current.TestOutputHelper?.WriteLine($"LABNET_TEST_SEED={seed}");
        return new Random(seed);
    }

    public static Random Print() => Print(out _);
}
