using LabNet.Core.Qmp;
using LabNet.Core.Vms;

namespace LabNet.Core.Recovery;

/// <summary>
/// Finds crashes in the states that a VM goes through, one after the other. An end that somebody asked for is none, and neither is a QEMU that
/// ended before it had spoken: that is a start that failed, and whoever started it is told.
/// </summary>
internal sealed class CrashWatch
{
    private VmState? _before;
    private CrashKind? _standing;
    private DateTimeOffset? _lost;
    private bool _spoke;

    /// <summary>Null for a state that is no new crash.</summary>
    public CrashSign? See(VmState state, DateTimeOffset now)
    {
        var before = _before;
        _before = state;
        switch (state.Process)
        {
            case VmProcessState.Exited exit:
                return SeeEnd(before, exit);
            case VmProcessState.Starting or VmProcessState.Off:
                (_spoke, _standing, _lost) = (false, null, null);
                return null;
            case VmProcessState.Running { Adopted: true } when before?.Process is not VmProcessState.Running:
                _spoke = true;
                break;
        }

        _spoke |= state.Connection is QmpLinkState.Connected;
        _lost = state.Connection is QmpLinkState.Lost lost ? lost.Since : null;
        return SeeRunState(state.RunState, now);
    }

    private CrashSign? SeeEnd(VmState? before, VmProcessState.Exited exit)
    {
        var (isNew, spoke, at) = (before?.Process is not VmProcessState.Exited known || known != exit, _spoke, _lost);
        (_spoke, _standing, _lost) = (false, null, null);

        // A LabNet that begins finds an end that nobody was there to tell: what it has not seen start had spoken.
        return isNew && !exit.Expected && (spoke || before?.Process is null or VmProcessState.Off) ? CrashSign.OfExit(exit, at ?? exit.At) : null;
    }

    /// <summary>While the connection is lost nobody knows the run state; the same panic is not told again when it is back.</summary>
    private CrashSign? SeeRunState(RunState? state, DateTimeOffset now)
    {
        if (state is null)
        {
            return null;
        }

        var kind = CrashKinds.Of(state);
        var isNew = kind is not null && kind != _standing;
        _standing = kind;
        return isNew ? CrashSign.OfRunState(kind!.Value, now) : null;
    }
}
