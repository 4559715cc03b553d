using LabNet.Core.Feed;
using LabNet.Core.Storage;

namespace LabNet.Core.Recovery;

/// <summary>An incident while it goes on. It is told at each step, and written down when it begins and when it ends.</summary>
/// <remarks>Thread-safe.</remarks>
internal sealed class IncidentJournal(Incident incident, RecoveryStore store, LiveFeed feed, TimeProvider time)
{
    private readonly FeedSource _source = new(incident.Vm.ToString());
    private readonly Lock _sync = new();
    private Incident _incident = incident;

    public Incident Incident
    {
        get
        {
            lock (_sync)
            {
                return _incident;
            }
        }
    }

    /// <summary>Milliseconds after the crash.</summary>
    public double MsAt(DateTimeOffset at) => Math.Max(0, (at - Incident.At).TotalMilliseconds);

    /// <summary>Writes down what was kept.</summary>
    /// <param name="isOver">Whether nothing is done about it.</param>
    /// <exception cref="DatabaseException"/>
    public async Task BeginAsync(CrashEvidence evidence, (IncidentOutcome Outcome, string Told)? isOver, CancellationToken cancellationToken)
    {
        Change(one => one with { Times = one.Times with { Kept = MsAt(time.GetUtcNow()) } });
        if (isOver is { } end)
        {
            Change(one => one with { Outcome = end.Outcome, Told = end.Told });
        }

        await store.AddAsync(Incident, evidence, cancellationToken);
        feed.Publish(_source, new IncidentChanged(Incident, IsNew: true));
    }

    public void Note(string step) => Tell(one => one with { Steps = one.Steps.Add(new IncidentStep(time.GetUtcNow(), step)) });

    public void Tell(Func<Incident, Incident> change)
    {
        Change(change);
        feed.Publish(_source, new IncidentChanged(Incident));
    }

    /// <exception cref="DatabaseException">It is told all the same.</exception>
    public async Task EndAsync(IncidentOutcome outcome, string told, ComeBack comeBack = default)
    {
        Change(one => one with
        {
            Outcome = outcome,
            Told = told,
            Times = one.Times with
            {
                Running = comeBack.RunningAt is { } running ? MsAt(running) : null,
                Answers = comeBack.AnswersAt is { } answers ? MsAt(answers) : null,
            },
        });
        feed.Publish(_source, new IncidentChanged(Incident));
        await store.UpdateAsync(Incident, CancellationToken.None);
    }

    private void Change(Func<Incident, Incident> change)
    {
        lock (_sync)
        {
            _incident = change(_incident);
        }
    }
}
