using LabNet.Core.Labs;

namespace LabNet.Tests.Consoles;

/// <summary>What LabNet takes for a QEMU that runs already: its process note (this test's own process) and its console's socket.</summary>
internal static class FakeVm
{
    private const int StartTimeField = 22;
    private const int StateField = 3;

    public static FakeConsole Prepare(VmPaths paths)
    {
        Directory.CreateDirectory(paths.Folder);
        var stat = File.ReadAllText("/proc/self/stat");
        var start = stat[(stat.LastIndexOf(')') + 2)..].Split(' ')[StartTimeField - StateField];
        var boot = File.ReadAllText("/proc/sys/kernel/random/boot_id").Trim();
        File.WriteAllText(Path.Join(paths.Folder, "pid"), $"{Environment.ProcessId} {start} {boot}\n");
        return new FakeConsole(paths.ConsoleSocket);
    }
}
