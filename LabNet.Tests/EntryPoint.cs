using LabNet.Tests.Storage;

namespace LabNet.Tests;

/// <summary>The tests, and the program that some of them start to kill it.</summary>
internal static class EntryPoint
{
    public static Task<int> Main(string[] args) => args is [RingLoad.Verb, .. var rest] ? RingLoad.RunAsync(rest) : RunTestsAsync(args);

    /// <summary>As xunit's own entry point does it; apart, so that the other program loads nothing of xunit.</summary>
    private static Task<int> RunTestsAsync(string[] args) => args.Any(static arg => arg is "--server" or "--internal-msbuild-node")
        ? Xunit.MicrosoftTestingPlatform.TestPlatformTestFramework.RunAsync(args, SelfRegisteredExtensions.AddSelfRegisteredExtensions)
        : Xunit.Runner.InProc.SystemConsole.ConsoleRunner.Run(args);
}
