using LabNet.Core.Feed;
using LabNet.Core.Labs;
using LabNet.Core.Metrics;
using LabNet.Core.Storage;
using LabNet.Core.Vms;

namespace LabNet.Web.Api;

/// <summary>Everything that is measured, for Prometheus.</summary>
public static class PrometheusEndpoint
{
    public const string Path = "/metrics";

    private const string Gauge = "gauge";
    private const string Counter = "counter";

    internal static void Map(IEndpointRouteBuilder routes) => routes.MapGet(Path, GetMetrics).WithTags("Metrics")
        .RequireAuthorization(Access.AccessPolicies.Viewer)
        .Produces<string>(StatusCodes.Status200OK, "text/plain");

    /// <summary>The newest of each series of the VMs that are measured, and how LabNet itself does, in Prometheus' text format.</summary>
    internal static IResult GetMetrics(VmRegistry vms, LiveFeed feed, RingWriter ring, MetricsPump pump, MetricRecorder recorder, TimeProvider time)
    {
        var text = new PrometheusText();
        WriteStates(text, vms);
        WriteSamples(text, vms, feed, time.GetUnixTimeNs());
        WriteRing(text, ring.Health);
        WriteFeed(text, feed);
        WritePump(text, pump.Health, recorder);
        return Results.Text(text.ToString(), PrometheusText.ContentType);
    }

    private static void WriteStates(PrometheusText text, VmRegistry vms)
    {
        text.Metric("labnet_vm_up", Gauge, "1 if QEMU is connected and the vCPUs run.");
        foreach (var state in vms.Vms.Select(vm => vm.State))
        {
            var up = state.Connection is QmpLinkState.Connected && state.RunState == Core.Qmp.RunState.Running;
            text.Sample("labnet_vm_up", up ? 1 : 0, Labels(state.Definition));
        }

        text.Metric("labnet_vm_guest_agent_up", Gauge, "1 if the guest's agent answers.");
        foreach (var state in vms.Vms.Select(vm => vm.State))
        {
            text.Sample("labnet_vm_guest_agent_up", state.Agent is GuestAgentState.Answering ? 1 : 0, Labels(state.Definition));
        }
    }

    private static void WriteSamples(PrometheusText text, VmRegistry vms, LiveFeed feed, long nowNs)
    {
        var samples = vms.Vms.Select(vm => (vm.State.Definition, Sample: feed.Find<MetricsSampled>(new FeedSource(vm.State.Name.ToString()), "metrics")?.Sample))
            .Where(vm => vm.Sample?.IsPresent(nowNs) == true).ToList();
        foreach (var metric in MetricCatalogue.All)
        {
            var isCounter = metric.Kind == MetricKind.Counter;
            var begun = false;
            foreach (var (vm, sample) in samples)
            {
                for (var place = 0; place < sample!.Layout.Keys.Length; place++)
                {
                    var key = sample.Layout.Keys[place];
                    var value = sample.Newest[place];
                    if (key.Definition != metric || double.IsNaN(value))
                    {
                        continue;
                    }

                    if (!begun)
                    {
                        begun = true;
                        text.Metric(metric.PrometheusName, isCounter ? Counter : Gauge, metric.Help);
                    }

                    text.Sample(metric.PrometheusName, value * metric.PrometheusFactor, key.LabelValue is { } label ? [.. Labels(vm), (metric.Label!, label)] : Labels(vm));
                }
            }
        }
    }

    private static void WriteRing(PrometheusText text, RingWriterHealth ring) => text
        .Single("labnet_ring_writable", Gauge, "1 if the history can be written.", ring.Problem is null ? 1 : 0)
        .Single("labnet_ring_queued_writes", Gauge, "Writes that wait for a batch.", ring.QueuedWrites)
        .Single("labnet_ring_batches_total", Counter, "Batches committed.", ring.Batches)
        .Single("labnet_ring_writes_total", Counter, "Writes in them.", ring.Writes)
        .Single("labnet_ring_refused_writes_total", Counter, "Writes left out because of a mistake in themselves.", ring.RefusedWrites)
        .Single("labnet_ring_last_batch_seconds", Gauge, "How long the last batch took to commit.", ring.LastBatchMs / 1000)
        .Single("labnet_ring_last_batch_writes", Gauge, "Writes in the last batch.", ring.LastBatchWrites);

    private static void WriteFeed(PrometheusText text, LiveFeed feed)
    {
        var health = feed.Health;
        text.Single("labnet_feed_records_total", Counter, "Records that the feed carried.", health.Published)
            .Single("labnet_feed_missed_records_total", Counter, "Records that subscribers were too slow for; each was told of its gap.", health.Missed)
            .Single("labnet_feed_subscriptions", Gauge, "Who reads the feed.", health.Subscriptions)
            .Single("labnet_feed_waiting_records_max", Gauge, "Records that wait for the slowest of them.", health.WaitingMax);
    }

    private static void WritePump(PrometheusText text, PumpHealth pump, MetricRecorder recorder) => text
        .Single("labnet_pump_samples_total", Counter, "Samples of all VMs.", pump.Samples)
        .Single("labnet_pump_skipped_turns_total", Counter, "Turns that were over before they could begin.", pump.SkippedTurns)
        .Single("labnet_pump_missed_samples_total", Counter, "Samples that were not written because the disk did not take them.", recorder.Missed)
        .Metric("labnet_pump_lateness_seconds", Gauge, "How long after its turn a sample began, of the newest ones.")
        .Sample("labnet_pump_lateness_seconds", pump.LatenessP50Ms / 1000, ("quantile", "0.5"))
        .Sample("labnet_pump_lateness_seconds", pump.LatenessP99Ms / 1000, ("quantile", "0.99"))
        .Sample("labnet_pump_lateness_seconds", pump.LatenessMaxMs / 1000, ("quantile", "1"))
        .Metric("labnet_pump_sample_seconds", Gauge, "How long a sample took, waiting for QEMU included, of the newest ones.")
        .Sample("labnet_pump_sample_seconds", pump.SampleP50Ms / 1000, ("quantile", "0.5"))
        .Sample("labnet_pump_sample_seconds", pump.SampleP99Ms / 1000, ("quantile", "0.99"));

    private static (string, string)[] Labels(LabVm vm) =>
        [("vm", vm.Name.ToString()), ("host", vm.Host.ToString()), ("arch", vm.Architecture.Word())];
}
