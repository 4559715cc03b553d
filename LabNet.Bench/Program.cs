using LabNet.Bench;

// One line a benchmark: its name, what it measures, how it is run.
(string Name, string Measures, Func<BenchArguments, Task<int>> Run)[] benchmarks =
[
    (QmpRoundtrip.Name, QmpRoundtrip.Measures, QmpRoundtrip.RunAsync),
    (BootBench.Name, BootBench.Measures, BootBench.RunAsync),
    (PagesBench.Name, PagesBench.Measures, PagesBench.RunAsync),
    (ConsoleFloodBench.Name, ConsoleFloodBench.Measures, ConsoleFloodBench.RunAsync),
    (PumpBench.Name, PumpBench.Measures, PumpBench.RunAsync),
    (MetricStoreBench.Name, MetricStoreBench.Measures, MetricStoreBench.RunAsync),
    (HubBench.Name, HubBench.Measures, HubBench.RunAsync),
    (EventBench.Name, EventBench.Measures, EventBench.RunAsync),
    (DevicesBench.Name, DevicesBench.Measures, DevicesBench.RunAsync),
    (HotPlugBench.Name, HotPlugBench.Measures, HotPlugBench.RunAsync),
    (SnapshotsBench.Name, SnapshotsBench.Measures, SnapshotsBench.RunAsync),
    (RecoveryBench.Name, RecoveryBench.Measures, RecoveryBench.RunAsync),
    (FaultsBench.Name, FaultsBench.Measures, FaultsBench.RunAsync),
    (TraceStoreBench.Name, TraceStoreBench.Measures, TraceStoreBench.RunAsync),
    (TraceQueryBench.Name, TraceQueryBench.Measures, TraceQueryBench.RunAsync),
    (TraceLiveBench.Name, TraceLiveBench.Measures, TraceLiveBench.RunAsync),
    (TraceBurstBench.Name, TraceBurstBench.Measures, TraceBurstBench.RunAsync),
    (TraceCostBench.Name, TraceCostBench.Measures, TraceCostBench.RunAsync),
    (TimelineBench.Name, TimelineBench.Measures, TimelineBench.RunAsync),
    (CaptureBench.Name, CaptureBench.Measures, CaptureBench.RunAsync),
    (ChartsBench.Name, ChartsBench.Measures, ChartsBench.RunAsync),
    (RemoteReadBench.Name, RemoteReadBench.Measures, RemoteReadBench.RunAsync),
    (RelayBench.Name, RelayBench.Measures, RelayBench.RunAsync),
    (DiskDifferenceBench.Name, DiskDifferenceBench.Measures, DiskDifferenceBench.RunAsync),
];

if (args is [var name, .. var options] && Array.Find(benchmarks, b => b.Name == name) is { Run: { } run })
{
    if (BenchArguments.TryParse(options, out var arguments, out var mistake))
    {
        return await run(arguments);
    }

    Console.Error.WriteLine(mistake);
    return 2;
}

Console.Error.WriteLine("usage: LabNet.Bench NAME [--seconds N] [--rounds N]");
foreach (var benchmark in benchmarks)
{
    Console.Error.WriteLine($"  {benchmark.Name,-16} {benchmark.Measures}");
}

return 2;
