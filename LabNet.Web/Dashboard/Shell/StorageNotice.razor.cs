using LabNet.Core.Feed;
using LabNet.Core.History;
using Microsoft.AspNetCore.Components;

namespace LabNet.Web.Dashboard.Shell;

/// <summary>Says on every page when the history cannot be written.</summary>
public sealed partial class StorageNotice : IAsyncDisposable
{
    private FeedSubscription? _changes;
    private Task _loop = Task.CompletedTask;

    [Inject]
    private LiveFeed Feed { get; set; } = default!;

    private string? Problem { get; set; }

    protected override void OnInitialized()
    {
        var changes = Feed.Subscribe(record => record.Item is StorageChanged, capacity: 16);
        changes.Snapshot.ToList().ForEach(Take);
        if (RendererInfo.IsInteractive)
        {
            _changes = changes;
            _loop = FollowLoopAsync(changes);
        }
        else
        {
            changes.Dispose();
        }
    }

    public async ValueTask DisposeAsync()
    {
        _changes?.Dispose();
        await _loop;
    }

    private async Task FollowLoopAsync(FeedSubscription changes)
    {
        await foreach (var record in changes.ReadAllAsync(CancellationToken.None))
        {
            Take(record);
            StateHasChanged();
        }
    }

    private void Take(FeedRecord record)
    {
        if (record.Item is StorageChanged { Health: var health })
        {
            Problem = health.Problem;
        }
    }
}
