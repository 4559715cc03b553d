using System.Diagnostics;

namespace LabNet.Tests.Snapshots;

/// <summary>qemu-img and qemu-io, run to their end.</summary>
internal static class QemuTools
{
    public static string Img(params string[] arguments) => Run("qemu-img", arguments);

    /// <param name="image">A qcow2 file.</param>
    /// <param name="commands">In qemu-io's words; one that fails fails the test.</param>
    public static void Io(string image, IEnumerable<string> commands)
    {
        var said = Run("qemu-io", ["-f", "qcow2", .. commands.SelectMany(command => (string[])["-c", command]), image]);
        Assert.DoesNotContain("failed", said, StringComparison.Ordinal);
    }

    /// <summary>The disk as a guest reads it in one state.</summary>
    /// <param name="tag">A snapshot; null for the active state.</param>
    public static byte[] ReadDisk(string image, string? tag, string into)
    {
        string[] state = tag is null ? [] : ["-l", $"snapshot.name={tag}"];
        Img(["convert", "-f", "qcow2", .. state, "-O", "raw", image, into]);
        var bytes = File.ReadAllBytes(into);
        File.Delete(into);
        return bytes;
    }

    private static string Run(string program, string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo("timeout", ["60", program, .. arguments]) { RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false })!;
        var errors = process.StandardError.ReadToEndAsync();
        var said = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, $"{program} {string.Join(' ', arguments)}: {said}{errors.Result}");
        return said;
    }
}
