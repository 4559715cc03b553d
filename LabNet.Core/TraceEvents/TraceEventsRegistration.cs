using LabNet.Core.Hosts;
using LabNet.Core.Storage;
using Microsoft.Extensions.DependencyInjection;

namespace LabNet.Core.TraceEvents;

public static class TraceEventsRegistration
{
    /// <summary>Of Debian's package qemu-system-common, for all of its QEMUs.</summary>
    internal const string Declarations = "/usr/share/qemu/trace-events-all";

    /// <summary>Needs the VMs, the feed and the storage. Takes over nothing until <see cref="TracePump.Start"/>.</summary>
    public static IServiceCollection AddTraceEvents(this IServiceCollection services) => services
        .AddTraceCatalogue()
        .AddSingleton(s => new TraceStore(s.GetRequiredService<RingWriter>()))
        .AddSingleton<TracePump>();

    /// <summary>The events that this machine's QEMU declares, and those of the custom PCI devices, whether they are built yet or not.</summary>
    public static IServiceCollection AddTraceCatalogue(this IServiceCollection services) => services.AddSingleton(provider =>
    {
        string?[] files = [Declarations, provider.GetService<HostSettings>() is { } host ? Path.Join(host.InfraFolder, "..", "pci-device", "src", "trace-events") : null];
        return TraceCatalogue.Parse(string.Join('\n', files.Where(file => File.Exists(file)).Select(file => File.ReadAllText(file!))));
    });
}
