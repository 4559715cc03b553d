using System.Collections.Immutable;
using LabNet.Core.Hosts;
using LabNet.Core.Qmp;

namespace LabNet.Core.Vms;

/// <summary>QEMU's trace events: which are on, and the file that they go to.</summary>
public sealed partial class VmSession
{
    private readonly SemaphoreSlim _switchingTraces = new(1, 1);

    /// <summary>Why this VM's trace events cannot be had; null if they can.</summary>
    public string? WhyNoTraces => _state.Definition is Labs.AttachedVm
        ? $"{_state.Name} was started by somebody else, and its log is theirs."
        : Host.WhyNoTraces(Paths) is { } why ? $"There is no place for the trace events of {_state.Name}: {why}." : null;

    /// <summary>The events that fit, with whether they are on.</summary>
    /// <param name="pattern">A name, or a glob.</param>
    /// <exception cref="UnknownTraceEventException">No event has this name.</exception>
    /// <exception cref="QmpException"/>
    public async Task<IReadOnlyList<TraceEventInfo>> ReadTraceEventsAsync(string pattern, CancellationToken cancellationToken)
    {
        try
        {
            return await _qmp.ExecuteAsync(TraceCommands.GetState, new TraceEventNameArguments(pattern), cancellationToken);
        }
        catch (QmpCommandException)
        {
            // QEMU has no other reason to refuse this question.
            throw new UnknownTraceEventException($"QEMU of {_state.Name} has no trace event \"{pattern}\".");
        }
    }

    /// <summary>Switches events on and off, for the actor (operator). What is on is switched on again after each start of the VM.</summary>
    /// <exception cref="ArgumentException">A pattern is none.</exception>
    /// <exception cref="ForbiddenException"/>
    /// <exception cref="VmConflictException">The VM's trace events have no place to go to.</exception>
    /// <exception cref="UnknownTraceEventException">A pattern fits no event; nothing was switched.</exception>
    /// <exception cref="QmpException"/>
    public async Task SwitchTraceEventsAsync(IReadOnlyList<TraceEventSwitch> switches, Actor actor, CancellationToken cancellationToken)
    {
        if (switches.Select(one => one.Mistake()).FirstOrDefault(mistake => mistake is not null) is { } mistake)
        {
            throw new ArgumentException(mistake, nameof(switches));
        }

        var detail = string.Join(", ", switches.Select(one => $"{one.Pattern} {(one.Enabled ? "on" : "off")}"));
        await AuthorizeAsync(actor, Role.Operator, "trace-events", detail, cancellationToken);
        if (WhyNoTraces is { } whyNot)
        {
            throw new VmConflictException(whyNot);
        }

        await _switchingTraces.WaitAsync(cancellationToken);
        try
        {
            foreach (var one in switches)
            {
                if ((await ReadTraceEventsAsync(one.Pattern, cancellationToken)).All(known => !known.IsAvailable))
                {
                    throw new UnknownTraceEventException($"QEMU of {_state.Name} has no trace event that fits \"{one.Pattern}\".");
                }
            }

            foreach (var one in switches)
            {
                await SwitchAsync(one, cancellationToken);
            }

            var all = switches.Aggregate(_state.TraceSwitches, After);
            TraceSwitchFile.Write(Paths.Folder, all);
            Apply(new VmEvent.TraceSwitchesKnown(all));
        }
        finally
        {
            _switchingTraces.Release();
        }
    }

    /// <summary>Takes back what was said of these patterns, for the actor (operator); the other switches then count as if it never was. Nothing happens without any.</summary>
    /// <exception cref="ForbiddenException"/>
    /// <exception cref="QmpException"/>
    public async Task ForgetTraceSwitchesAsync(IReadOnlyCollection<string> patterns, Actor actor, CancellationToken cancellationToken)
    {
        await AuthorizeAsync(actor, Role.Operator, "trace-events", string.Join(", ", patterns.Select(pattern => $"{pattern} forgotten")), cancellationToken);
        await _switchingTraces.WaitAsync(cancellationToken);
        try
        {
            var forgotten = _state.TraceSwitches.Where(one => patterns.Contains(one.Pattern)).ToList();
            var left = _state.TraceSwitches.RemoveRange(forgotten);
            if (forgotten.Count == 0)
            {
                return;
            }

            // Off first: an event that another switch has on is on again after it.
            foreach (var one in forgotten.Select(one => one with { Enabled = false }).Concat(left))
            {
                await SwitchAsync(one, cancellationToken);
            }

            left = left.Any(one => one.Enabled) ? left : [];
            TraceSwitchFile.Write(Paths.Folder, left);
            Apply(new VmEvent.TraceSwitchesKnown(left));
        }
        finally
        {
            _switchingTraces.Release();
        }
    }

    /// <summary>
    /// Does something while QEMU traces nothing. What is to be on stays as it is told, and is on again afterwards; whoever switches events waits
    /// meanwhile. A LabNet that ends in between switches it on at its next start.
    /// </summary>
    /// <exception cref="QmpException">Not everything could be switched off, or on again.</exception>
    internal async Task WithoutTraceEventsAsync(Func<Task> work, CancellationToken cancellationToken)
    {
        await _switchingTraces.WaitAsync(cancellationToken);
        try
        {
            foreach (var one in _state.TraceSwitches.Where(one => one.Enabled))
            {
                await SwitchAsync(one with { Enabled = false }, cancellationToken);
            }

            await work();
        }
        finally
        {
            try
            {
                foreach (var one in _state.TraceSwitches)
                {
                    await SwitchAsync(one, CancellationToken.None);
                }
            }
            catch (QmpDisconnectedException)
            {
                // When it is reached again it is told again.
            }
            finally
            {
                _switchingTraces.Release();
            }
        }
    }

    /// <summary>QEMU goes on in a new log; some of its threads may still end a line in the one before.</summary>
    /// <exception cref="QmpException"/>
    internal async Task BeginTraceLogAsync(CancellationToken cancellationToken)
    {
        var path = Paths.TraceLog(Host.TakeTraceLogNumber(Paths));
        await _qmp.ExecuteAsync(HumanMonitorCommands.Execute, HumanMonitorLine.LogFile(path), cancellationToken);
    }

    /// <summary>The log that QEMU is started with; null where there is no place for one.</summary>
    private string? TakeTraceLog() => WhyNoTraces is null ? Paths.TraceLog(Host.TakeTraceLogNumber(Paths)) : null;

    private void ReadTraceSwitches() => Apply(new VmEvent.TraceSwitchesKnown(TraceSwitchFile.Read(Paths.Folder)));

    /// <summary>A QEMU that has just been started has all events off, and whoever else talks to it can have switched some.</summary>
    private async Task RestoreTraceEventsAsync(CancellationToken cancellationToken)
    {
        if (_state.TraceSwitches.IsEmpty || WhyNoTraces is not null)
        {
            return;
        }

        await _switchingTraces.WaitAsync(cancellationToken);
        try
        {
            foreach (var one in _state.TraceSwitches)
            {
                await SwitchAsync(one, cancellationToken);
            }
        }
        catch (QmpCommandException e)
        {
            // Another QEMU than the one that knew the event.
            LogNotRead(_state.Name, e.Message);
        }
        finally
        {
            _switchingTraces.Release();
        }
    }

    private async Task SwitchAsync(TraceEventSwitch one, CancellationToken cancellationToken) => await _qmp.ExecuteAsync(
        TraceCommands.SetState, new TraceEventSetStateArguments(one.Pattern, one.Enabled, IgnoreUnavailable: true), cancellationToken);

    /// <summary>The last word on a pattern counts; where nothing is on any more, nothing has to be switched.</summary>
    private static ImmutableArray<TraceEventSwitch> After(ImmutableArray<TraceEventSwitch> before, TraceEventSwitch next)
    {
        var all = next.Pattern == "*" ? [next] : before.RemoveAll(one => one.Pattern == next.Pattern).Add(next);
        return all.Any(one => one.Enabled) ? all : [];
    }
}
