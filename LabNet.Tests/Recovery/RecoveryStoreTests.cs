using LabNet.Core.Feed;
using LabNet.Core.Labs;
using LabNet.Core.Recovery;
using LabNet.Core.Storage;

namespace LabNet.Tests.Recovery;

[Trait("suite", "unit")]
public sealed class RecoveryStoreTests : IAsyncLifetime
{
    private readonly TestFolder _folder = new();
    private Database _database = null!;
    private RecoveryStore _store = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync()
    {
        _database = Database.Open(_folder.File("lab.db"), "lab", "FULL");
        _store = new RecoveryStore(_database);
        return ValueTask.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        await _database.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task An_incident_is_read_as_it_was_kept_with_its_evidence()
    {
        var incident = SampleIncident.Of("x86") with { Process = "7 8 9", Operation = "op", DumpBytes = 12 };
        await _store.AddAsync(incident, SampleIncident.Evidence, Cancellation);
        var read = _store.Find(incident.Id)!;
        Assert.Equal(incident with { Steps = read.Steps }, read);
        Assert.Equal(incident.Steps.AsEnumerable(), read.Steps);
        var evidence = _store.FindEvidence(incident.Id)!;
        Assert.Equal(SampleIncident.Evidence.Console, evidence.Console);
        Assert.Equal(SampleIncident.Evidence.TraceEvents, evidence.TraceEvents);
        Assert.Equal(SampleIncident.Evidence.QmpEvents, evidence.QmpEvents);
        Assert.Null(_store.FindEvidence("none"));
    }

    [Fact]
    public async Task The_newest_incidents_are_kept_and_one_that_goes_on_is_never_let_go()
    {
        var goesOn = SampleIncident.Of("x86", IncidentOutcome.Recovering);
        await _store.AddAsync(goesOn, SampleIncident.Evidence, Cancellation);
        for (var number = 1; number <= RecoveryStore.IncidentsMax + 2; number++)
        {
            await _store.AddAsync(SampleIncident.Of("arm", after: TimeSpan.FromSeconds(number)), SampleIncident.Evidence, Cancellation);
        }

        var all = _store.Read(vm: null);
        Assert.Equal(RecoveryStore.IncidentsMax + 1, all.Count);
        Assert.Equal(SampleIncident.At + TimeSpan.FromSeconds(RecoveryStore.IncidentsMax + 2), all[0].At);
        Assert.False(await _store.DeleteAsync(goesOn.Id, Cancellation));
        await _store.UpdateAsync(goesOn with { Outcome = IncidentOutcome.Left }, Cancellation);
        Assert.True(await _store.DeleteAsync(goesOn.Id, Cancellation));
        Assert.Empty(_store.Read(VmName.Parse("x86")));
    }

    [Fact]
    public async Task A_policy_and_an_open_breaker_outlive_LabNet()
    {
        var vm = VmName.Parse("x86");
        Assert.Equal(RecoveryStanding.AtFirst, _store.FindStanding(vm));
        var policy = new RecoveryPolicy(RecoveryAction.Restore, "before \"x\" 🙂") { BudgetTimes = 2, OnHang = true, MemoryDump = true, HangSeconds = 77, BudgetSeconds = 99 };
        var open = new RecoveryBreaker([SampleIncident.At], SampleIncident.At, "because");
        await _store.SaveStandingAsync(vm, new RecoveryStanding(policy, open), Cancellation);
        var read = _store.FindStanding(vm);
        Assert.Equal(policy, read.Policy);
        Assert.Equal((open.OpenSince, open.WhyOpen, SampleIncident.At), (read.Breaker.OpenSince, read.Breaker.WhyOpen, Assert.Single(read.Breaker.Attempts)));
    }

    [Fact]
    public void A_crash_is_a_flag_at_its_own_time_and_what_became_of_it_another_one()
    {
        var goesOn = SampleIncident.Of("x86", IncidentOutcome.Recovering);
        var (began, ended) = (new IncidentChanged(goesOn, IsNew: true).Note!, new IncidentChanged(SampleIncident.Of("x86")).Note!);
        Assert.Equal((EventKind.Incident, "qemu-killed", (long?)SampleIncident.At.ToUnixTimeNs()), (began.Kind, began.Name, began.TimeNs));
        Assert.Equal((EventKind.Incident, "recovered", (long?)null), (ended.Kind, ended.Name, ended.TimeNs));
        Assert.Null(new IncidentChanged(goesOn).Note);
    }
}
