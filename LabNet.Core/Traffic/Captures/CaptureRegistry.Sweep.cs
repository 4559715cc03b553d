using LabNet.Core.Feed;
using LabNet.Core.Labs;
using LabNet.Core.Qmp;
using LabNet.Core.Vms;

namespace LabNet.Core.Traffic;

/// <summary>What a capture left in QEMU that nobody knows of any more.</summary>
public sealed partial class CaptureRegistry
{
    private async Task SweepLoopAsync(FeedSubscription changes, CancellationToken cancellationToken)
    {
        var connected = new HashSet<VmName>();
        using (changes)
        {
            try
            {
                await foreach (var record in changes.Snapshot.ToAsyncEnumerable().Concat(changes.ReadAllAsync(cancellationToken)))
                {
                    if (record.Item is not VmChanged { State: var state })
                    {
                        continue;
                    }

                    if (state.Connection is not QmpLinkState.Connected)
                    {
                        connected.Remove(state.Name);
                    }
                    else if (connected.Add(state.Name) && state.Definition is StartedVm)
                    {
                        await SweepAsync(Vm(state.Name), cancellationToken);
                    }
                }
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
            }
        }
    }

    private async Task SweepAsync(VmSession vm, CancellationToken cancellationToken)
    {
        try
        {
            // Nobody begins one between the look and the removal.
            await _changing.WaitAsync(cancellationToken);
            try
            {
                var known = _running.Values.SelectMany(one => one.Run.Capture.Parts).Where(part => part.End is null).Select(part => part.Dump).ToHashSet(StringComparer.Ordinal);
                var left = await vm.ReadDumpsAsync(cancellationToken);
                foreach (var dump in left.Where(dump => dump.StartsWith(DumpPrefix, StringComparison.Ordinal) && !known.Contains(dump)))
                {
                    await vm.RemoveDumpAsync(dump, cancellationToken);
                }
            }
            finally
            {
                _changing.Release();
            }
        }
        catch (QmpException e)
        {
            LogNotSwept(vm.State.Name, e.Message);
        }
    }
}
