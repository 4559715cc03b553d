using System.Diagnostics;
using LabNet.Core.Labs;
using LabNet.Core.Storage;
using LabNet.Core.TraceEvents;
using LabNet.Tests.Vms;
using Microsoft.Extensions.Logging.Abstractions;

namespace LabNet.Tests.TraceEvents;

/// <summary>A lab whose trace events are taken over, by a LabNet that can be ended and begun anew.</summary>
internal sealed class TracedLab : IAsyncDisposable
{
    private readonly TraceCatalogue _catalogue;
    private readonly List<string> _mounted = [];
    private RingWriter _ring = null!;

    private TracedLab(LabOnThisMachine lab, TraceCatalogue catalogue) => (Lab, _catalogue) = (lab, catalogue);

    public LabOnThisMachine Lab { get; }

    public TraceStore Store { get; private set; } = null!;

    public TracePump Pump { get; private set; } = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <param name="pciFolder">With the builds of custom PCI devices; null for none.</param>
    public static TracedLab Open(string labFile, TraceCatalogue catalogue, string? pciFolder = null)
    {
        var lab = new TracedLab(LabOnThisMachine.Open(labFile, keepsSnapshots: pciFolder is not null, pciFolder: pciFolder), catalogue);
        foreach (var vm in lab.Lab.Vms.Vms)
        {
            Directory.CreateDirectory(vm.Paths.TraceFolder);
        }

        lab.Begin();
        return lab;
    }

    /// <summary>As infra/lab does it, before the VM is started.</summary>
    public async Task MountAsync(string vm, string size)
    {
        var folder = Lab.Vm(vm).Paths.TraceFolder;
        await RunAsync("mount", "-t", "tmpfs", "-o", $"size={size}", "labnet-trace", folder);
        _mounted.Add(folder);
    }

    /// <summary>LabNet's taking over ends.</summary>
    public async Task EndAsync()
    {
        await Pump.DisposeAsync();
        await _ring.DisposeAsync();
    }

    /// <summary>And begins anew, with what is in the files.</summary>
    public void Begin(long budgetBytes = TraceStore.BudgetBytes)
    {
        _ring = new RingWriter(Database.Open(Path.Join(Lab.Folder, "ring.db"), "ring", "NORMAL"), setAside: null, TimeProvider.System, NullLogger<RingWriter>.Instance);
        Store = new TraceStore(_ring, budgetBytes);
        Pump = new TracePump(Lab.Vms, Lab.Feed, Store, _ring, _catalogue, TimeProvider.System, NullLogger<TracePump>.Instance);
        Pump.Open();
        _ring.Start();
        Pump.Start();
    }

    /// <summary>The newest; all 0 before the first event.</summary>
    public TraceEventsSeen Seen(string vm)
    {
        using var subscription = Lab.Feed.Subscribe(record => record.Item is TraceEventsSeen && record.Source.Name == vm);
        return subscription.Snapshot.Select(record => (TraceEventsSeen)record.Item).LastOrDefault() ?? new TraceEventsSeen(0, 0, 0, 0, 0, IsFull: false, TimesFull: 0);
    }

    public async Task UntilAsync(string vm, Func<TraceEventsSeen, bool> wished)
    {
        using var subscription = Lab.Feed.Subscribe(record => record.Item is TraceEventsSeen && record.Source.Name == vm);
        await foreach (var record in subscription.Snapshot.ToAsyncEnumerable().Concat(subscription.ReadAllAsync(Cancellation)))
        {
            if (record.Item is TraceEventsSeen seen && wished(seen))
            {
                return;
            }
        }
    }

    /// <summary>Waits until everything up to a number is where a query finds it.</summary>
    public async Task StoredAsync(string vm, long sequence)
    {
        await UntilAsync(vm, seen => seen.HandedOnSequence >= sequence);
        await _ring.FlushAsync(Cancellation);
    }

    /// <summary>Waits until what is stored keeps to a budget.</summary>
    public async Task KeptWithinAsync(long budgetBytes)
    {
        while (Store.ReadExtent().SizeBytes > budgetBytes)
        {
            await _ring.FlushAsync(Cancellation);
        }
    }

    /// <summary>All that is stored, oldest first.</summary>
    public List<TraceEvent> Read(string vm) => [.. Store.Read(new TraceQuery(VmName.Parse(vm), int.MaxValue)).Reverse()];

    public async ValueTask DisposeAsync()
    {
        await EndAsync();
        foreach (var vm in Lab.Vms.Vms)
        {
            // A file system that is in use stays: QEMU goes first.
            vm.Process?.Kill();
        }

        foreach (var folder in _mounted)
        {
            await RunAsync("umount", "--lazy", folder);
        }

        await Lab.DisposeAsync();
    }

    private static async Task RunAsync(string program, params string[] arguments)
    {
        using var process = Process.Start(program, arguments);
        await process.WaitForExitAsync(CancellationToken.None);
        Assert.Equal(0, process.ExitCode);
    }
}
