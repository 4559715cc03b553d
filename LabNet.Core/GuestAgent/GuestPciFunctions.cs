using System.Collections.Immutable;
using System.Text;

namespace LabNet.Core.GuestAgent;

/// <summary>A PCI function as the guest's kernel has it.</summary>
/// <param name="Address">As Linux names it, such as <c>0000:00:03.0</c>.</param>
/// <param name="Driver">The driver that is bound to it; null for none.</param>
/// <param name="Names">What the driver made of it: network interfaces and disks, such as <c>eth0</c> and <c>vda</c>.</param>
/// <param name="MsiInterrupts">The numbers of its message-signalled interrupts, as in /proc/interrupts.</param>
/// <param name="Config">The first 256 bytes of its configuration space, as the guest reads them; fewer where the guest gives fewer.</param>
public sealed record GuestPciFunction(
    string Address, string? Driver, ImmutableArray<string> Names, ImmutableArray<int> MsiInterrupts, ReadOnlyMemory<byte> Config);

/// <summary>
/// Reads what the guest sees on its PCI buses by one program. What the shell prints, in this order (sysfs-bus-pci, head(1)):
/// <code>
/// path   = "/sys/bus/pci/…" LF                 (those that a pattern found; a pattern that found none stands there itself)
/// end    = LF
/// config = "==> /sys/bus/pci/devices/" ADDRESS "/config &lt;==" LF BYTES LF
/// </code>
/// The shell's own patterns cost no process each, which an emulated guest would feel.
/// </summary>
internal static class GuestPciFunctions
{
    private const string Devices = "/sys/bus/pci/devices/";
    private const string Drivers = "/sys/bus/pci/drivers/";
    private const int ConfigBytes = 256;

    /// <summary>The guest's kernel decides how many there are; a page shows no more.</summary>
    private const int FunctionsMax = 4096;

    private static readonly byte[] HeadBegin = "==> "u8.ToArray();
    private static readonly byte[] HeadEnd = " <==\n"u8.ToArray();

    public static readonly GuestProgram Program = new("/bin/sh", ["-c", $$"""
        cd {{Devices}} || exit
        printf '%s\n' {{Devices}}* {{Drivers}}*/0000:* {{Devices}}*/msi_irqs/* {{Devices}}*/net/* {{Devices}}*/virtio*/net/* \
          {{Devices}}*/virtio*/block/* {{Devices}}*/nvme/nvme*/nvme*n* {{Devices}}*/host*/target*/*/block/* {{Devices}}*/virtio*/host*/target*/*/block/*
        echo
        exec head -v -c {{ConfigBytes}} {{Devices}}*/config
        """]);

    /// <exception cref="GuestAgentCommandException">The guest has no PCI, or no such programs; in its words.</exception>
    public static IReadOnlyList<GuestPciFunction> Read(GuestExecResult result) => result.ExitCode == 0
        ? Parse(result.Stdout.Span)
        : throw new GuestAgentCommandException(
            "guest-exec", "GenericError", $"The guest's PCI functions cannot be listed: {Encoding.UTF8.GetString(result.Stderr.Span).Trim()}");

    public static IReadOnlyList<GuestPciFunction> Parse(ReadOnlySpan<byte> output)
    {
        var end = output.IndexOf("\n\n"u8);
        var paths = Encoding.UTF8.GetString(end < 0 ? output : output[..end]).Split('\n');
        var found = new Dictionary<string, Builder>(StringComparer.Ordinal);
        foreach (var path in paths)
        {
            if (found.Count < FunctionsMax && Rest(path, Devices) is [var address] && IsAddress(address))
            {
                found[address] = new Builder();
            }
        }

        foreach (var path in paths)
        {
            Take(path, found);
        }

        ReadConfigs(end < 0 ? [] : output[(end + 2)..], found);
        return [.. found.OrderBy(one => one.Key, StringComparer.Ordinal).Select(one => one.Value.Build(one.Key))];
    }

    private static void Take(string path, Dictionary<string, Builder> found)
    {
        if (Rest(path, Drivers) is [var driver, var bound] && found.TryGetValue(bound, out var function))
        {
            function.Driver = driver;
        }
        else if (Rest(path, Devices) is [var address, .., var kind, var name] && !name.Contains('*', StringComparison.Ordinal) && found.TryGetValue(address, out function))
        {
            if (kind == "msi_irqs" && int.TryParse(name, out var irq))
            {
                function.MsiInterrupts.Add(irq);
            }
            else if (kind is "net" or "block" || (kind.StartsWith("nvme", StringComparison.Ordinal) && name.StartsWith(kind, StringComparison.Ordinal)))
            {
                function.Names.Add(name);
            }
        }
    }

    private static void ReadConfigs(ReadOnlySpan<byte> output, Dictionary<string, Builder> found)
    {
        while (output.StartsWith(HeadBegin) && output.IndexOf(HeadEnd) is > 0 and var nameEnd)
        {
            var path = Encoding.UTF8.GetString(output[HeadBegin.Length..nameEnd]);
            output = output[(nameEnd + HeadEnd.Length)..];

            // The bytes may be anything, so that they are counted; the next head tells where fewer came.
            var length = Math.Min(ConfigBytes, output.Length);
            if (output[length..] is not [(byte)'\n', ..] && output.IndexOf("\n==> "u8) is >= 0 and var next)
            {
                length = Math.Min(length, next);
            }

            if (Rest(path, Devices) is [var address, "config"] && found.TryGetValue(address, out var function))
            {
                function.Config = output[..length].ToArray();
            }

            output = output[length..].TrimStart((byte)'\n');
        }
    }

    private static string[] Rest(string path, string folder) => path.StartsWith(folder, StringComparison.Ordinal) ? path[folder.Length..].Split('/') : [];

    /// <summary>DOMAIN:BUS:SLOT.FUNCTION.</summary>
    private static bool IsAddress(string text) => text.Length is >= 12 and <= 16 && text.All(c => char.IsAsciiHexDigitLower(c) || c is ':' or '.');

    private sealed class Builder
    {
        public string? Driver { get; set; }

        public List<string> Names { get; } = [];

        public List<int> MsiInterrupts { get; } = [];

        public ReadOnlyMemory<byte> Config { get; set; }

        public GuestPciFunction Build(string address) => new(address, Driver, [.. Names.Distinct(StringComparer.Ordinal)], [.. MsiInterrupts.Order()], Config);
    }
}
