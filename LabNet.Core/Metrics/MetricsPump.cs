using LabNet.Core.Feed;
using LabNet.Core.Labs;
using LabNet.Core.Vms;
using Microsoft.Extensions.Logging;

namespace LabNet.Core.Metrics;

/// <summary>Measures every VM of the lab, once a second, and ten times while somebody looks at it.</summary>
public sealed class MetricsPump : IAsyncDisposable
{
    private readonly CancellationTokenSource _stopping = new();
    private readonly PumpMeter _meter = new();
    private readonly IReadOnlyList<(VmName Vm, VmSampler Sampler)> _samplers;
    private Task _loops = Task.CompletedTask;

    public MetricsPump(VmRegistry vms, LiveFeed feed, TimeProvider time, ILogger<MetricsPump> logger) =>
        _samplers = [.. vms.Vms.Select(vm => (vm.State.Name, new VmSampler(vm, vms.Lab, feed, time, _meter, logger)))];

    public PumpHealth Health => _meter.Read();

    /// <summary>The VMs take their turns spread over the second.</summary>
    public void Start() => _loops = Task.WhenAll(_samplers.Select((one, place) => Task.Run(
        () => one.Sampler.SampleLoopAsync(TimeSpan.FromSeconds((double)place / _samplers.Count), _stopping.Token), CancellationToken.None)));

    /// <summary>These VMs are measured ten times a second until what is returned, and what every other viewer has, is disposed.</summary>
    public IDisposable Look(IReadOnlyCollection<VmName> vms) => new Viewer([.. _samplers.Where(one => vms.Contains(one.Vm)).Select(one => one.Sampler)]);

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _loops;
        _stopping.Dispose();
    }

    private sealed class Viewer : IDisposable
    {
        private readonly IReadOnlyList<VmSampler> _seen;
        private int _gone;

        public Viewer(IReadOnlyList<VmSampler> seen)
        {
            _seen = seen;
            Look(+1);
        }

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _gone, 1) == 0)
            {
                Look(-1);
            }
        }

        private void Look(int more)
        {
            foreach (var sampler in _seen)
            {
                sampler.Look(more);
            }
        }
    }
}
