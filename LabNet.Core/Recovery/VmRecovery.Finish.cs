using System.Globalization;
using LabNet.Core.Vms;

namespace LabNet.Core.Recovery;

/// <summary>How it ends: the guest answers, or does not, or the VM crashes again.</summary>
public sealed partial class VmRecovery
{
    /// <summary>As long as a guest may boot.</summary>
    private static readonly TimeSpan AnswerPatience = TimeSpan.FromSeconds(120);

    /// <summary>Until the guest answers.</summary>
    private async Task<ComeBack> FollowAsync(ComeBack comeBack, CancellationToken cancellationToken)
    {
        using var changes = _feed.Subscribe(record => record.Source == _source && record.Item is VmChanged);
        try
        {
            await foreach (var record in changes.ReadAllAsync(cancellationToken))
            {
                if (record.Item is VmChanged { State: var state } && (comeBack = comeBack.See(state, _time.GetUtcNow())).AnswersAt is not null)
                {
                    break;
                }
            }
        }
        catch (OperationCanceledException)
        {
            // As far as it came.
        }

        return comeBack;
    }

    private async Task FinishAsync(IncidentJournal journal, string how, ComeBack sofar, CancellationToken cancellationToken)
    {
        using var done = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var following = sofar.AnswersAt is null ? FollowAsync(sofar, done.Token) : Task.FromResult(sofar);
        try
        {
            await FinishAsync(journal, how, following, done, cancellationToken);
        }
        finally
        {
            await done.CancelAsync();
            await following;
        }
    }

    /// <param name="done">Ends <paramref name="following"/>.</param>
    private async Task FinishAsync(IncidentJournal journal, string how, Task<ComeBack> following, CancellationTokenSource done, CancellationToken cancellationToken)
    {
        using var enough = new CancellationTokenSource(AnswerPatience, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(enough.Token, cancellationToken);
        var ending = Vm.WaitUntilAsync(state => !state.IsThere || CrashKinds.Of(state.RunState) is not null, either.Token);
        await Task.WhenAny(following, ending);
        var ended = ending.IsCompletedSuccessfully;
        await either.CancelAsync();
        await done.CancelAsync();
        await ((Task)ending).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        cancellationToken.ThrowIfCancellationRequested();
        var comeBack = await following;
        if (comeBack.AnswersAt is { } answers)
        {
            await EndAsync(journal, IncidentOutcome.Recovered, string.Create(CultureInfo.InvariantCulture, $"{how}; its guest answered {journal.MsAt(answers) / 1000:0.0} s after the crash."), comeBack);
        }
        else if (ended)
        {
            await EndAsync(journal, IncidentOutcome.CrashedAgain, $"{how}, and it ended again before its guest answered.", comeBack);
        }
        else
        {
            await EndAsync(journal, IncidentOutcome.Running, $"{how}; its guest has not answered within {AnswerPatience.TotalSeconds:0} s.", comeBack);
        }
    }

    private Task EndSupersededAsync(IncidentJournal journal) =>
        EndAsync(journal, IncidentOutcome.Superseded, "Somebody else has started it, ended it or changed its state meanwhile, and has it.");

    private async Task EndAsync(IncidentJournal journal, IncidentOutcome outcome, string told, ComeBack comeBack = default)
    {
        await journal.EndAsync(outcome, told, comeBack);
        NoteEndOf(journal.Incident);
        if (outcome is IncidentOutcome.BreakerOpen)
        {
            throw new VmConflictException(told);
        }
    }
}
