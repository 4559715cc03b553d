using System.Text;
using LabNet.Core.GuestAgent;
using LabNet.Core.Recovery;
using LabNet.Core.Snapshots;
using LabNet.Core.Vms;
using LabNet.Tests.Vms;

namespace LabNet.Tests.Recovery;

/// <summary>A lab with one VM that crashes.</summary>
internal sealed class CrashLab : IAsyncDisposable
{
    private const string Box = "box";

    private string? _lastIncident;

    private CrashLab(LabOnThisMachine lab) => Lab = lab;

    public LabOnThisMachine Lab { get; }

    public VmSession Vm => Lab.Vm(Box);

    public VmRecovery Recovery => Lab.Recovery.Of(Vm.State.Name);

    public IReadOnlyList<Incident> Incidents => Lab.Incidents.Read(Vm.State.Name);

    private VmSnapshots Snapshots => Lab.Snapshots.Of(Vm.State.Name);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public static async Task<CrashLab> StartAsync(string architecture)
    {
        var lab = new CrashLab(LabOnThisMachine.Open($$"""
            name: crash
            hosts:
              here: { kind: namespace, address: 10.99.8.1 }
            vms:
              {{Box}}: { host: here, arch: {{architecture}}, memory: 256M, cpus: 1, image: debian }
            """, keepsSnapshots: true));
        await lab.StartVmAsync();
        return lab;
    }

    public async Task StartVmAsync()
    {
        Assert.Equal(OperationState.Succeeded, (await Lab.DoAsync(Box, VmAction.Start)).State);
        await UntilAsync(state => state.Agent is GuestAgentState.Answering);
    }

    public Task<VmState> UntilAsync(Func<VmState, bool> wished) => Lab.UntilAsync(Box, wished);

    public Task SetAsync(string policy, Func<RecoveryPolicy, RecoveryPolicy>? change = null)
    {
        var parsed = RecoveryPolicy.Parse(policy, out _)!;
        return Recovery.SetAsync(change?.Invoke(parsed) ?? parsed, LabOnThisMachine.Tester, Cancellation);
    }

    public async Task<Snapshot> TakeAsync(string name)
    {
        await EndAsync(await Snapshots.BeginTakeAsync(name, "", LabOnThisMachine.Tester, Cancellation));
        return Snapshots.Tree.There.Single(snapshot => snapshot.Name == name);
    }

    public async Task DeleteAsync(Snapshot snapshot) => await EndAsync(await Snapshots.BeginDeleteAsync(snapshot, LabOnThisMachine.Tester, Cancellation));

    public void Kill() => Vm.Process!.Kill();

    /// <summary>The next incident, when it is over.</summary>
    public async Task<Incident> NextIncidentAsync()
    {
        using var changes = Lab.Feed.Subscribe(record => record.Item is IncidentChanged);
        await foreach (var record in changes.Snapshot.ToAsyncEnumerable().Concat(changes.ReadAllAsync(Cancellation)))
        {
            if (record.Item is IncidentChanged { Incident: { IsOpen: false } incident } && incident.Id != _lastIncident)
            {
                // It is told a moment before it is written down.
                while (Lab.Incidents.Find(incident.Id) is not { IsOpen: false })
                {
                    await Task.Yield();
                }

                _lastIncident = incident.Id;
                return incident;
            }
        }

        throw new InvalidOperationException("The feed ended.");
    }

    /// <summary>Until an incident has a step with these words.</summary>
    public async Task UntilStepAsync(string words)
    {
        using var changes = Lab.Feed.Subscribe(record => record.Item is IncidentChanged);
        await foreach (var record in changes.Snapshot.ToAsyncEnumerable().Concat(changes.ReadAllAsync(Cancellation)))
        {
            if (record.Item is IncidentChanged changed && changed.Incident.Steps.Any(step => step.Text.Contains(words, StringComparison.Ordinal)))
            {
                return;
            }
        }
    }

    /// <summary>On the disk and in the memory.</summary>
    public Task CountAsync(int number) => InGuestAsync($"echo {number} > /root/count; sync; echo {number} > /dev/shm/count");

    public async Task<int> ReadCountAsync()
    {
        var both = (await InGuestAsync("cat /root/count /dev/shm/count")).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.True(both is [var disk, var memory] && disk == memory, $"disk and memory differ: {string.Join(", ", both)}");
        return int.Parse(both[0]);
    }

    public async Task<string> InGuestAsync(string script)
    {
        var result = await Vm.ExecAsync(new GuestProgram("/bin/sh", ["-c", script]), LabOnThisMachine.Tester, Cancellation);
        Assert.True(result.ExitCode == 0, Encoding.UTF8.GetString(result.Stderr.Span));
        return Encoding.UTF8.GetString(result.Stdout.Span);
    }

    /// <summary>Begins something that goes on when the guest's agent has answered.</summary>
    public Task BeginInGuestAsync(string script) => InGuestAsync($"setsid sh -c '{script}' </dev/null >/dev/null 2>&1 &");

    public ValueTask DisposeAsync() => Lab.DisposeAsync();

    private async Task EndAsync(Operation operation)
    {
        var ended = await Lab.EndAsync(operation);
        Assert.True(ended.State == OperationState.Succeeded, ended.Error);
    }
}
