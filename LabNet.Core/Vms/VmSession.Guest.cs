using System.Text.Json;
using LabNet.Core.GuestAgent;
using LabNet.Core.Labs;
using LabNet.Core.Qmp;

namespace LabNet.Core.Vms;

/// <summary>How long a VM has run.</summary>
/// <param name="QemuSeconds">Since QEMU was started; null of an attached VM, whose QEMU does not tell.</param>
/// <param name="GuestSeconds">Since the guest booted; null where it cannot be asked.</param>
/// <param name="GuestProblem">Why it cannot.</param>
public sealed record VmUptime(double? QemuSeconds, double? GuestSeconds, string? GuestProblem);

/// <summary>
/// What the guest tells by its agent; for every role, and not audited. All who ask share one reading, so that a hundred viewers cost the
/// guest no more than one. A VM that is paused, or stands still otherwise, gives a <see cref="GuestAgentTimeoutException"/> that says so, also
/// where a young answer is at hand.
/// </summary>
public sealed partial class VmSession
{
    /// <summary>A list of processes took 90 to 310 ms; a loaded TCG guest is a hundred times slower.</summary>
    private static readonly TimeSpan GuestReadingTimeout = TimeSpan.FromSeconds(30);

    private readonly SharedReading<GuestProcesses> _guestProcesses;
    private readonly SharedReading<GuestInfo> _guestInfo;
    private readonly SharedReading<GuestNetworkInterface[]> _guestInterfaces;
    private readonly SharedReading<IReadOnlyList<GuestInterrupt>> _guestInterrupts;
    private readonly SharedReading<object> _guestUptime;
    private readonly SharedReading<GuestVitals> _guestVitals;
    private readonly SharedReading<IReadOnlyList<GuestPciFunction>> _guestPci;

    /// <summary>The guest's processes, with the percentage of a processor since the reading before this one.</summary>
    /// <param name="maxAge">An answer that is younger is given again.</param>
    /// <exception cref="GuestAgentException"/>
    public Task<GuestReading<GuestProcesses>> ReadGuestProcessesAsync(TimeSpan maxAge, CancellationToken cancellationToken) =>
        ReadSharedAsync(_guestProcesses, maxAge, ReadProcessesAsync, cancellationToken);

    /// <summary>What the guest is and how it does.</summary>
    /// <inheritdoc cref="ReadGuestProcessesAsync"/>
    public Task<GuestReading<GuestInfo>> ReadGuestInfoAsync(TimeSpan maxAge, CancellationToken cancellationToken) =>
        ReadSharedAsync(_guestInfo, maxAge, (_, ct) => new GuestInfoReader(_agent, _services.Time, ct).ReadAsync(), cancellationToken);

    /// <summary>The guest's network interfaces with their counters.</summary>
    /// <inheritdoc cref="ReadGuestProcessesAsync"/>
    public Task<GuestReading<GuestNetworkInterface[]>> ReadGuestInterfacesAsync(TimeSpan maxAge, CancellationToken cancellationToken) =>
        ReadSharedAsync(_guestInterfaces, maxAge, (_, ct) => _agent.ExecuteAsync(GuestAgentCommands.GetInterfaces, ct), cancellationToken);

    /// <summary>The guest's interrupts, as its kernel counts them.</summary>
    /// <inheritdoc cref="ReadGuestProcessesAsync"/>
    public Task<GuestReading<IReadOnlyList<GuestInterrupt>>> ReadGuestInterruptsAsync(TimeSpan maxAge, CancellationToken cancellationToken) =>
        ReadSharedAsync(_guestInterrupts, maxAge, async (_, ct) => GuestInterrupts.Parse(await _agent.ReadTextAsync("/proc/interrupts", ct)), cancellationToken);

    /// <summary>The PCI functions that the guest sees, with their drivers.</summary>
    /// <inheritdoc cref="ReadGuestProcessesAsync"/>
    public Task<GuestReading<IReadOnlyList<GuestPciFunction>>> ReadGuestPciAsync(TimeSpan maxAge, CancellationToken cancellationToken) => ReadSharedAsync(
        _guestPci, maxAge, async (_, ct) => GuestPciFunctions.Read(await _agent.RunAsync(GuestPciFunctions.Program, _services.Time, ct)), cancellationToken);

    /// <summary>What is measured of a guest again and again.</summary>
    /// <inheritdoc cref="ReadGuestProcessesAsync"/>
    public Task<GuestReading<GuestVitals>> ReadGuestVitalsAsync(TimeSpan maxAge, CancellationToken cancellationToken) =>
        ReadSharedAsync(_guestVitals, maxAge, (_, ct) => _agent.ReadVitalsAsync(ct), cancellationToken);

    /// <summary>The agent's own answer to a command that only reads; not shared, for one person who wants to see it.</summary>
    /// <exception cref="GuestAgentException"/>
    /// <exception cref="InvalidOperationException">The command does not only read.</exception>
    public Task<JsonElement> ReadGuestAsync(string command, CancellationToken cancellationToken)
    {
        var question = GuestAgentCommands.AsItComes(command);
        return WhyGuestCannotAnswer() is { } whyNot ? Task.FromException<JsonElement>(whyNot) : _agent.ExecuteAsync(question, cancellationToken);
    }

    /// <summary>The guest's clock, in nanoseconds since 1970; not shared, for who compares it with another.</summary>
    /// <exception cref="GuestAgentException"/>
    internal Task<long> ReadGuestClockAsync(CancellationToken cancellationToken) =>
        WhyGuestCannotAnswer() is { } whyNot ? Task.FromException<long>(whyNot) : _agent.ExecuteAsync(GuestAgentCommands.GetTime, cancellationToken);

    /// <summary>How long QEMU and the guest have run. A guest that cannot be asked is told as that.</summary>
    /// <param name="maxAge">An answer of the guest that is younger is given again.</param>
    /// <exception cref="QmpDisconnectedException">QEMU does not run, or cannot be reached.</exception>
    public async Task<VmUptime> ReadUptimeAsync(TimeSpan maxAge, CancellationToken cancellationToken)
    {
        if (!_state.IsThere)
        {
            throw new QmpDisconnectedException($"{_state.Name} is not {(_state.Definition is AttachedVm ? "reachable" : "running")}.");
        }

        double? qemuSeconds = _state.Process is VmProcessState.Running process ? QemuSeconds(process) : null;

        try
        {
            var guest = await ReadSharedAsync(
                _guestUptime, maxAge, async (_, ct) => (object)GuestProc.Uptime(await _agent.ReadTextAsync("/proc/uptime", ct)), cancellationToken);
            var since = (_services.Time.GetUtcNow() - guest.At).TotalSeconds;
            return new VmUptime(qemuSeconds, (double)guest.Value + since, GuestProblem: null);
        }
        catch (GuestAgentException e)
        {
            return new VmUptime(qemuSeconds, GuestSeconds: null, e.Message);
        }
    }

    private double QemuSeconds(VmProcessState.Running process) => (_services.Time.GetUtcNow() - process.StartedAt).TotalSeconds;

    private async Task<GuestProcesses> ReadProcessesAsync(GuestReading<GuestProcesses>? before, CancellationToken cancellationToken)
    {
        var result = await _agent.RunAsync(GuestProcessList.Program, _services.Time, cancellationToken);
        return GuestProcessList.Read(result).Since(before?.Value);
    }

    /// <summary>An answer of the QEMU process before this one, or of the connection before, is not given again.</summary>
    private Task<GuestReading<T>> ReadSharedAsync<T>(
        SharedReading<T> reading, TimeSpan maxAge, Func<GuestReading<T>?, CancellationToken, Task<T>> read, CancellationToken cancellationToken)
        where T : class =>
        WhyGuestCannotAnswer() is { } whyNot
            ? Task.FromException<GuestReading<T>>(whyNot)
            : reading.ReadAsync(_state.Definition is AttachedVm ? _connection : _process, maxAge, read, cancellationToken);

    private GuestAgentException? WhyGuestCannotAnswer() =>
        _state.Agent is GuestAgentState.NoSocket ? new GuestAgentUnavailableException($"The lab file names no agent socket for {_state.Name}.")
        : _state.RunState is { } runState && runState != RunState.Running
        ? new GuestAgentTimeoutException($"{_state.Name} is {runState}: its guest answers when it runs again.")
        : null;

    private SharedReading<T> NewReading<T>() where T : class => new(_services.Time, GuestReadingTimeout, _stopping.Token);

    private Task EndGuestReadingsAsync() => Task.WhenAll(
        _guestProcesses.EndAsync(), _guestInfo.EndAsync(), _guestInterfaces.EndAsync(), _guestInterrupts.EndAsync(), _guestUptime.EndAsync(),
        _guestVitals.EndAsync(), _guestPci.EndAsync());
}
