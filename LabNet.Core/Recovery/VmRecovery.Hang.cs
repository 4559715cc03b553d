using LabNet.Core.Hosts;
using LabNet.Core.Qmp;

namespace LabNet.Core.Recovery;

/// <summary>Looking for hangs, where the policy asks for it.</summary>
public sealed partial class VmRecovery
{
    private static readonly TimeSpan HangPeriod = TimeSpan.FromSeconds(1);

    private async Task HangLoopAsync(CancellationToken cancellationToken)
    {
        var watch = new HangWatch();
        var vcpus = (Pid: 0, Threads: (IReadOnlyList<int>)[]);
        var began = _time.GetTimestamp();
        while (true)
        {
            await Task.Delay(HangPeriod, _time, cancellationToken);
            var (state, policy) = (Vm.State, Standing.Policy);
            if (policy is { OnHang: false } or { Action: RecoveryAction.None } || Vm.Process is not { } process)
            {
                // Whether it has answered counts from the beginning, its silence from when that was asked for.
                watch.See(new HangSample(_time.GetElapsedTime(began), state, IsBusy: true, []), TimeSpan.MaxValue);
                continue;
            }

            if (vcpus.Pid != process.Pid || vcpus.Threads.Count == 0)
            {
                vcpus = (process.Pid, await ReadThreadsAsync(cancellationToken));
            }

            long[] wanted = [.. vcpus.Threads.Select(thread => ProcessUsage.ReadThreadWantedNs(process.Pid, thread)).OfType<long>()];
            var isBusy = !state.Jobs.IsEmpty || state.Faults.Any(fault => fault.BarsSnapshots) || _snapshots.Tree.Step is not null || _operations.RunningOf(state.Name).Count > 0;
            var patience = TimeSpan.FromSeconds(policy.HangSeconds);
            if (watch.See(new HangSample(_time.GetElapsedTime(began), state, isBusy, wanted), patience))
            {
                var seen = $"The guest hangs: its agent has been silent for {policy.HangSeconds} s and more, and a vCPU did not rest for a moment meanwhile.";
                await _signs.Writer.WriteAsync(new CrashSign(CrashKind.Hang, _time.GetUtcNow() - patience, seen), cancellationToken);
            }
        }
    }

    private async Task<IReadOnlyList<int>> ReadThreadsAsync(CancellationToken cancellationToken)
    {
        try
        {
            return [.. (await Vm.ReadAsync(MachineCommands.QueryCpusFast, cancellationToken)).Select(cpu => cpu.ThreadId).Distinct()];
        }
        catch (QmpException)
        {
            // It is asked again in a second; without its threads no guest is said to hang.
            return [];
        }
    }
}
