using LabNet.Core.Faults;
using LabNet.Core.Feed;
using LabNet.Core.Hosts;
using LabNet.Core.Labs;
using LabNet.Core.Qmp;
using LabNet.Core.Recovery;
using LabNet.Core.Snapshots;
using LabNet.Core.Storage;
using LabNet.Core.Traffic;
using LabNet.Core.Vms;
using Microsoft.Extensions.Logging.Abstractions;

namespace LabNet.Tests.Vms;

/// <summary>A lab in a folder of its own, with real QEMU; whatever still runs at the end is killed by its own pid.</summary>
internal sealed class LabOnThisMachine : IAsyncDisposable
{
    public static readonly Actor Tester = new("tester", Role.Admin, "test");

    private readonly Lab _lab;
    private readonly string _folder;
    private bool _keepsSnapshots;
    private string? _pciFolder;
    private Host? _host;
    private Task _relayStarts = Task.CompletedTask;
    private readonly QmpOptions _qmp;
    private Database? _database;
    private OperationRegistry? _operations;

    private LabOnThisMachine(Lab lab, string folder, QmpOptions qmp, TimeProvider time)
    {
        Time = time;
        _lab = lab;
        _folder = folder;
        _qmp = qmp;
    }

    /// <summary>The lab's state folder.</summary>
    public string Folder => _folder;

    public TimeProvider Time { get; }

    public LiveFeed Feed { get; private set; } = null!;

    public VmRegistry Vms { get; private set; } = null!;

    public OperationRegistry Operations => _operations!;

    public SnapshotRegistry Snapshots { get; private set; } = null!;

    public FaultRegistry Faults { get; private set; } = null!;

    public FaultStore FaultStore { get; private set; } = null!;

    public ChaosStore Plans { get; private set; } = null!;

    public ChaosRuns Chaos { get; private set; } = null!;

    public RecoveryRegistry Recovery { get; private set; } = null!;

    public RecoveryStore Incidents { get; private set; } = null!;

    /// <param name="keepsSnapshots">Whether snapshots are compared with what QEMU says: it is then asked after each connect.</param>
    /// <param name="pciFolder">With the builds of custom PCI devices; null for none.</param>
    public static LabOnThisMachine Open(string labFile, QmpOptions? qmp = null, TimeProvider? time = null, bool keepsSnapshots = false, string? pciFolder = null)
    {
        var folder = Directory.CreateTempSubdirectory("labnet-test-").FullName;
        var reading = LabFile.Parse(labFile, folder, new HashSet<ImageName> { ImageName.Parse("debian") });
        Assert.Empty(reading.Mistakes);
        var lab = new LabOnThisMachine(reading.Lab!, folder, qmp ?? new QmpOptions(), time ?? TimeProvider.System) { _keepsSnapshots = keepsSnapshots, _pciFolder = pciFolder };
        lab.OpenSessions();
        return lab;
    }

    public Host Host => _host!;

    public RelayKeeper Relay { get; private set; } = null!;

    public LinkImpairments Impairments { get; private set; } = null!;

    public VmSession Vm(string name) => Vms.Find(VmName.Parse(name))!;

    /// <summary>What a new LabNet.Web finds after the old one is gone: the files and the QEMU processes, nothing else.</summary>
    public async Task ReplaceLabNetAsync()
    {
        await CloseSessionsAsync();
        OpenSessions();
    }

    /// <summary>LabNet goes away, its VMs stay; they are killed when this is disposed.</summary>
    public Task CloseLabNetAsync() => CloseSessionsAsync();

    /// <summary>Until vm-run.sh has written down how a QEMU ended that no LabNet sees.</summary>
    public Task UntilEndIsNotedAsync(string vm) => _host!.ReadExitAsync(Vm(vm).Paths, CancellationToken.None);

    public async Task<Operation> DoAsync(string vm, VmAction action)
    {
        var operation = await Vm(vm).BeginAsync(action, Tester, TestContext.Current.CancellationToken);
        return await EndAsync(operation);
    }

    /// <summary>The operation when it has ended.</summary>
    public async Task<Operation> EndAsync(Operation operation) => (await _operations!.WaitAsync(operation.Id, TestContext.Current.CancellationToken))!;

    public async Task<VmState> UntilAsync(string vm, Func<VmState, bool> wished)
    {
        using var changes = Feed.Subscribe(record => record.Item is VmChanged && record.Source.Name == vm);
        await foreach (var record in changes.Snapshot.ToAsyncEnumerable().Concat(changes.ReadAllAsync(TestContext.Current.CancellationToken)))
        {
            var state = ((VmChanged)record.Item).State;
            if (wished(state))
            {
                return state;
            }
        }

        throw new InvalidOperationException("The feed ended.");
    }

    public async ValueTask DisposeAsync()
    {
        var vms = Vms.Vms.Select(vm => vm.Paths).Where(paths => QemuProcess.ReadFrom(paths) is not null).ToList();
        await CloseSessionsAsync();
        if (QemuProcess.ReadFrom(Host.RelayFolder) is { } relay)
        {
            relay.Kill();
            vms.Add(VmPaths.In(Host.RelayFolder));
        }

        vms.ForEach(paths => QemuProcess.ReadFrom(paths)?.Kill());

        // vm-run.sh writes into the folder until it has noted how QEMU ended.
        await Task.WhenAll(vms.Select(paths => _host!.ReadExitAsync(paths, CancellationToken.None)));
        Directory.Delete(_folder, recursive: true);
    }

    private void OpenSessions()
    {
        Feed = new LiveFeed(Time);
        _database = Database.Open(Path.Join(_folder, "lab.db"), "lab", "FULL");
        _operations = new OperationRegistry(
            new OperationStore(_database, Time), Feed, Time, NullLogger<OperationRegistry>.Instance);
        var options = new HostSettings(_folder, Path.Join(Repository.Root, "infra"), Repository.GuestsFolder, Repository.GuestRelease, Machine: null) { PciFolder = _pciFolder };
        _host = new Host(options, Time, NullLogger<Host>.Instance);
        var services = new VmServices(
            _host,
            Feed,
            _operations,
            new AuditLog(_database, Feed, Time),
            _qmp,
            BootTimeout: TimeSpan.FromSeconds(120),
            Time,
            NullLoggerFactory.Instance);
        Vms = new VmRegistry(_lab, services);
        Vms.Open();
        Relay = new RelayKeeper(_lab, _host, Feed, Time, NullLogger<RelayKeeper>.Instance);
        _relayStarts = Relay.StartAsync(CancellationToken.None);
        Impairments = new LinkImpairments(_lab, _host, new RelayControl(_host, Time));
        FaultStore = new FaultStore(_database);
        Faults = new FaultRegistry(Vms, FaultStore, Feed, Time, NullLogger<FaultRegistry>.Instance);
        Faults.Start();
        Plans = new ChaosStore(_database);
        Chaos = new ChaosRuns(Vms, Faults, Plans, _operations, new AuditLog(_database, Feed, Time), Feed, Time, NullLogger<ChaosRuns>.Instance);
        Snapshots = new SnapshotRegistry(Vms, new SnapshotStore(_database), Feed, Time, NullLogger<SnapshotRegistry>.Instance);
        if (_keepsSnapshots)
        {
            Snapshots.Start();
        }

        Incidents = new RecoveryStore(_database);
        Recovery = new RecoveryRegistry(Vms, Snapshots, Incidents, new EvidenceReader(history: null, Time), _operations, Feed, Time, NullLogger<RecoveryRegistry>.Instance);
        Recovery.Start();
    }

    private async Task CloseSessionsAsync()
    {
        if (_database is null)
        {
            return;
        }

        await Chaos.DisposeAsync();
        await _relayStarts;
        await Relay.DisposeAsync();
        await Recovery.DisposeAsync();
        await Snapshots.DisposeAsync();
        await Faults.DisposeAsync();
        await Vms.DisposeAsync();
        await _operations!.DisposeAsync();
        await _database.DisposeAsync();
        _database = null;
    }
}
