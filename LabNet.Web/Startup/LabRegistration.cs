using LabNet.Core.Devices;
using LabNet.Core.Faults;
using LabNet.Core.Feed;
using LabNet.Core.History;
using LabNet.Core.Hosts;
using LabNet.Core.IoBenchmarks;
using LabNet.Core.Labs;
using LabNet.Core.Metrics;
using LabNet.Core.Recovery;
using LabNet.Core.Snapshots;
using LabNet.Core.Storage;
using LabNet.Core.TraceEvents;
using LabNet.Core.Traffic;
using LabNet.Core.Vms;
using LabNet.Core.Workbench;

namespace LabNet.Web.Startup;

/// <summary>A lab file that cannot be carried out; the message has every mistake.</summary>
public sealed class LabFileException(string path, IEnumerable<LabFileMistake> mistakes)
    : Exception(string.Join('\n', mistakes.Select(mistake => mistake.Line == 0 ? $"{path}: {mistake}" : $"{path}:{mistake}")));

public static class LabRegistration
{
    /// <summary>Everything of LabNet.Core for the lab of the settings' lab file.</summary>
    /// <exception cref="LabFileException"/>
    public static IServiceCollection AddLab(this IServiceCollection services, LabNetSettings settings)
    {
        var reading = LabFile.Read(settings.LabFile, LabCheck.KnownImages);
        if (!reading.TryGetLab(out var lab))
        {
            throw new LabFileException(settings.LabFile, reading.Mistakes);
        }

        lab = lab.WithTransport(settings.AutoTransport);
        return services
            .AddSingleton(TimeProvider.System)
            .AddFeed()
            .AddStorage(settings.StateFolder)
            .AddHosts(new HostSettings(settings.StateFolder, settings.InfraFolder, settings.GuestsFolder, settings.GuestRelease, Machine: null) { PciFolder = settings.PciFolder })
            .AddVms(lab, settings.RawQmp)
            .AddTraffic()
            .AddHistory()
            .AddMetricsPump()
            .AddTraceEvents()
            .AddDevices()
            .AddWorkbench()
            .AddSnapshots()
            .AddRecovery()
            .AddFaults()
            .AddChaos()
            .AddIoBenchmarks()
            .AddHostedService<HistoryService>()
            .AddHostedService<LabService>();
    }
}
