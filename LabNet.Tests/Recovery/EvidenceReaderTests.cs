using LabNet.Core.Feed;
using LabNet.Core.Labs;
using LabNet.Core.Qmp;
using LabNet.Core.Recovery;
using LabNet.Core.Snapshots;
using LabNet.Core.Vms;
using LabNet.Tests.Web;

namespace LabNet.Tests.Recovery;

[Trait("suite", "unit")]
public sealed class EvidenceReaderTests(TestApp app) : IClassFixture<TestApp>
{
    [Fact]
    public async Task What_QEMU_told_last_is_there_and_what_is_not_written_in_time_is_told_as_missing()
    {
        var vm = app.Get<VmRegistry>().Find(VmName.Parse("x86"))!;
        var feed = app.Get<LiveFeed>();
        for (var number = 1; number <= CrashEvidence.QmpEventsMax + 1; number++)
        {
            feed.Publish(new FeedSource("x86"), new QmpEventSeen(new QmpEvent($"EVENT_{number}", TimeNs: number, default)));
        }

        feed.Publish(new FeedSource("arm"), new QmpEventSeen(new QmpEvent("OF_ANOTHER", TimeNs: 1000, default)));
        var sign = new CrashSign(CrashKind.QemuKilled, SampleIncident.At, "gone", new VmProcessState.Exited(137, Expected: false, "it hurts", SampleIncident.At));
        var evidence = await app.Get<EvidenceReader>().ReadAsync(vm, sign, RecoveryPolicy.Default, SnapshotTree.Empty(vm.State.Name), TestRun.Ended);

        Assert.Equal(Enumerable.Range(2, CrashEvidence.QmpEventsMax).Select(number => $"EVENT_{number}"), evidence.QmpEvents.Select(one => one.Name));
        Assert.Equal((137, "it hurts", (string?)null, CrashEvidence.Before), (evidence.ExitStatus, evidence.Stderr, evidence.Head, sign.At - evidence.From));

        // Nothing takes trace events over here.
        Assert.Contains("was not written within 1 s", Assert.Single(evidence.Missing));
    }
}
