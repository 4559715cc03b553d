using System.Text;
using LabNet.Core.Metrics;
using LabNet.Tests.Qmp;
using LabNet.Tests.Vms;
using Microsoft.Extensions.Logging.Abstractions;

namespace LabNet.Tests.Metrics;

[Trait("suite", "fake")]
public sealed class MetricsPumpCrowdTests
{
    private const int Vms = 200;

    [Fact(Timeout = 60_000)]
    public async Task Two_hundred_VMs_that_appear_at_once_are_all_measured()
    {
        var qemus = Enumerable.Range(0, Vms).Select(_ => new ScriptedQemu()).ToList();
        qemus.ForEach(qemu => qemu.Answer("query-blockstats", Recording.Return("7.2-x86_64", "query-blockstats")));
        var labFile = new StringBuilder("name: crowd\nhosts:\n  here: { kind: namespace, address: 10.97.0.1 }\nvms:\n");
        for (var i = 0; i < Vms; i++)
        {
            labFile.AppendLine($"  v{i}: {{ host: here, arch: x86_64, attach: {{ qmp: {qemus[i].Path} }} }}");
        }

        await using (var lab = LabOnThisMachine.Open(labFile.ToString()))
        {
            await using var pump = new MetricsPump(lab.Vms, lab.Feed, lab.Time, NullLogger<MetricsPump>.Instance);
            using var samples = lab.Feed.Subscribe(record => record.Item is MetricsSampled);
            pump.Start();
            var measured = new HashSet<string>();
            await foreach (var record in samples.ReadAllAsync(TestContext.Current.CancellationToken))
            {
                var rate = ((MetricsSampled)record.Item).Sample[new MetricKey(MetricCatalogue.BlockRead, "d0")];
                Assert.False(rate < 0);
                if (rate >= 0 && measured.Add(record.Source.Name) && measured.Count == Vms)
                {
                    break;
                }
            }
        }

        foreach (var qemu in qemus)
        {
            await qemu.DisposeAsync();
        }
    }
}
