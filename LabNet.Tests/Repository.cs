namespace LabNet.Tests;

/// <summary>The checkout that the tests run from, and what was built for it.</summary>
internal static class Repository
{
    public static string Root { get; } = FindRoot();

    public static string GuestsFolder { get; } = InCache("guests");

    /// <summary>With the builds of custom PCI devices.</summary>
    public static string PciFolder { get; } = InCache("pci");

    public static string GuestRelease { get; } = Environment.GetEnvironmentVariable("LABNET_DEBIAN_RELEASE") ?? NewestRelease();

    public static string At(string path) => Path.Join(Root, path);

    private static string InCache(string folder) => Path.Join(
        Environment.GetEnvironmentVariable("LABNET_CACHE")
            ?? Path.Join(Environment.GetEnvironmentVariable("XDG_CACHE_HOME") ?? Path.Join(Environment.GetEnvironmentVariable("HOME"), ".cache"), "labnet"),
        folder);

    private static string FindRoot()
    {
        var folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Join(folder, "LabNet.sln")))
        {
            folder = Path.GetDirectoryName(folder) ?? throw new InvalidOperationException("The tests do not run inside a checkout of LabNet.");
        }

        return folder;
    }

    private static string NewestRelease() =>
        File.ReadLines("/etc/os-release").FirstOrDefault(line => line.StartsWith("VERSION_CODENAME=", StringComparison.Ordinal))?.Split('=')[1] ?? "bookworm";
}
