using System.Globalization;
using System.Net.Sockets;
using LabNet.Core.Hosts;
using LabNet.Core.Labs;
using LabNet.Core.Qmp;
using LabNet.Core.Vms;

namespace LabNet.Core.Faults;

/// <summary>
/// QEMU's gdb server, which alone lets some vCPUs run and others not. QEMU says <c>running</c> throughout. The lift is QMP's stop and cont: they
/// let all go on, whoever holds the debugger's socket, also when that died.
/// </summary>
internal sealed class VcpuPauseInjector(VmSession vm, VcpuPauseFault spec, TimeProvider time) : Injector(vm)
{
    /// <summary>Of query-chardev: QEMU has one gdb server, whose backend has always this name.</summary>
    private const string GdbChardev = "gdb";

    /// <summary>A main loop that does not answer for so long will not serve a debugger either.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    /// <summary>Between two looks at the thread's CPU time.</summary>
    private static readonly TimeSpan LookPeriod = TimeSpan.FromMilliseconds(50);

    /// <summary>What a thread that stands still may use of it: it is woken for the looks of others.</summary>
    private const double Still = 0.05;

    private RspConnection? _gdb;

    /// <summary>Why it cannot be had with this VM; null if it can.</summary>
    public static string? WhyNever(VmState state) =>
        state.Definition is AttachedVm ? $"LabNet did not start {state.Name}: its QEMU's gdb server is for whoever did."
        : state.Cpus == 1 ? $"{state.Name} has one vCPU: pause stops that."
        : null;

    public override async Task<string?> PrepareAsync(CancellationToken cancellationToken)
    {
        await ThrowUnlessGuestRunsAsync(cancellationToken);
        if (WhyNever(Vm.State) is { } whyNever)
        {
            throw new VmConflictException(whyNever);
        }

        if (spec.Vcpu >= Vm.State.Cpus)
        {
            throw new VmConflictException($"{Name} has no vCPU {spec.Vcpu}; it has {Vm.State.Cpus}, from 0.");
        }

        var chardevs = await Vm.ReadAsync(MachineCommands.QueryChardev, cancellationToken);
        return chardevs.All(one => one.Label != GdbChardev)
            ? null
            : throw new VmConflictException($"Somebody debugs {Name}: its QEMU has one gdb server, and that is in use.");
    }

    public override async Task<Sight> InjectAsync(Fault fault, CancellationToken cancellationToken)
    {
        await ThrowUnlessGuestRunsAsync(cancellationToken);
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(Patience);
        try
        {
            _gdb = new RspConnection(await Vm.OpenGdbAsync(patience.Token));
            await VcpuHold.BeginAsync(_gdb, spec.Vcpu, patience.Token);
        }
        catch (SocketException e)
        {
            throw new RspException($"QEMU's gdb server cannot be reached: {e.Message}", e);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new RspException($"QEMU's gdb server has not answered within {Patience.TotalSeconds:0} s.");
        }

        // QEMU carries out what the debugger sends when it has read it, so this answer comes after that.
        var status = await Vm.ReadAsync(RunStateCommands.QueryStatus, cancellationToken);
        return status.Running
            ? new Sight(EffectSeen: false, "The other vCPUs run; the thread has not been looked at yet.")
            : throw new RspException($"QEMU's gdb server did not let the other vCPUs go on: the guest is {status.Status}.");
    }

    public override async Task StayAsync(Fault fault, Action<Sight> see, CancellationToken cancellationToken)
    {
        var cpus = await Vm.ReadAsync(MachineCommands.QueryCpusFast, cancellationToken);
        if (Vm.Process is not { } process || cpus.FirstOrDefault(cpu => cpu.CpuIndex == spec.Vcpu) is not { } held)
        {
            return;
        }

        while (true)
        {
            var (began, before) = (time.GetTimestamp(), ProcessUsage.ReadThreadCpuNs(process.Pid, held.ThreadId));
            await Task.Delay(LookPeriod, time, cancellationToken);
            var (elapsed, after) = (time.GetElapsedTime(began), ProcessUsage.ReadThreadCpuNs(process.Pid, held.ThreadId));
            if (after - before <= Still * elapsed.TotalNanoseconds)
            {
                see(new Sight(EffectSeen: true, string.Create(
                    CultureInfo.InvariantCulture, $"Its thread used {(after - before) / 1e6:0.00} ms of a CPU in {elapsed.TotalMilliseconds:0} ms, while QEMU said running.")));
                return;
            }
        }
    }

    public override async Task<string?> LiftAsync(Fault fault, CancellationToken cancellationToken)
    {
        string? seen = null;
        if (Vm.State.RunState == RunState.Running || (await Vm.ReadAsync(RunStateCommands.QueryStatus, cancellationToken)).Running)
        {
            var replies = await Vm.ExecuteAsync([RunStateCommands.Stop, RunStateCommands.Cont, RunStateCommands.QueryStatus], cancellationToken);
            replies.Read(RunStateCommands.Stop);
            replies.Read(RunStateCommands.Cont);
            seen = $"QEMU let all vCPUs go on; it says that the guest is {replies.Read(RunStateCommands.QueryStatus).Status}.";
        }

        if (_gdb is not null)
        {
            await _gdb.DisposeAsync();
            _gdb = null;
        }

        await Vm.CloseGdbAsync(cancellationToken);
        return seen ?? "The guest stands still as a whole, and all its vCPUs go on with it.";
    }
}
