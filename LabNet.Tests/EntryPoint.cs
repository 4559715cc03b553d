using LabNet.Tests.Storage;

namespace LabNet.Tests;

/// <summary>The tests, and the programs that some of them start.</summary>
internal static class EntryPoint
{
    public static async Task<int> Main(string[] args) => args switch
    {
        [RingLoad.Verb, .. var rest] => await RingLoad.RunAsync(rest),
        [LockHolder.Verb, var path] => LockHolder.Run(path),
        _ => await RunTestsAsync(args),
    };

    /// <summary>As xunit's own entry point does it; apart, so that the other programs load nothing of xunit.</summary>
    private static Task<int> RunTestsAsync(string[] args) => args.Any(static arg => arg is "--server" or "--internal-msbuild-node")
        ? Xunit.MicrosoftTestingPlatform.TestPlatformTestFramework.RunAsync(args, SelfRegisteredExtensions.AddSelfRegisteredExtensions)
        : Xunit.Runner.InProc.SystemConsole.ConsoleRunner.Run(args);
}
