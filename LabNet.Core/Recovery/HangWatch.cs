using LabNet.Core.Qmp;
using LabNet.Core.Vms;

namespace LabNet.Core.Recovery;

/// <summary>What is looked at once a second where hangs count as crashes.</summary>
/// <param name="At">Of a clock that nobody sets.</param>
/// <param name="IsBusy">Whether something is under way that may keep a guest from answering: a job, a snapshot, a fault, any operation.</param>
/// <param name="WantedNs">By vCPU: how long its thread has run on a CPU of the host or waited for one.</param>
internal sealed record HangSample(TimeSpan At, VmState State, bool IsBusy, IReadOnlyList<long> WantedNs);

/// <summary>
/// Tells a guest that hangs from one that is busy, paused, booting or idle: its agent had answered and does not any more, and all that time a
/// vCPU never slept. A vCPU that waits for a crowded host to run it does not sleep either, so a busy host makes no guest look idle.
/// </summary>
internal sealed class HangWatch
{
    private const double Spinning = 0.9;

    private readonly Queue<HangSample> _silent = new();
    private bool _answered;

    /// <summary>Whether it hangs, for the first time since it last did anything else.</summary>
    public bool See(HangSample sample, TimeSpan patience)
    {
        var state = sample.State;
        if (state.RunState != RunState.Running || state.Agent is GuestAgentState.Closed or GuestAgentState.NoSocket)
        {
            // It stands still, or boots: a guest that boots has its agent's port closed.
            _answered = false;
        }
        else if (state.Agent is GuestAgentState.Answering)
        {
            _answered = true;
        }

        if (!_answered || state.Agent is GuestAgentState.Answering || sample.IsBusy || sample.WantedNs.Count == 0)
        {
            _silent.Clear();
            return false;
        }

        _silent.Enqueue(sample);
        while (_silent.Count > 1 && sample.At - _silent.ElementAt(1).At >= patience)
        {
            _silent.Dequeue();
        }

        if (!HasSpun(_silent.Peek(), sample, patience))
        {
            return false;
        }

        _answered = false;
        _silent.Clear();
        return true;
    }

    private static bool HasSpun(HangSample first, HangSample last, TimeSpan patience)
    {
        var elapsed = last.At - first.At;
        return elapsed >= patience && first.WantedNs.Count == last.WantedNs.Count
            && first.WantedNs.Zip(last.WantedNs).Any(one => one.Second - one.First >= Spinning * elapsed.TotalNanoseconds);
    }
}
