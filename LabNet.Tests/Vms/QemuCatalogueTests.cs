using LabNet.Core.Qmp;
using LabNet.Core.Vms;

namespace LabNet.Tests.Vms;

[Trait("suite", "unit")]
public sealed class QemuCatalogueTests
{
    private static readonly QemuBuild Old = new("x86_64", new Version(7, 2, 22), "");

    private readonly QemuCatalogue _catalogue = new();

    [Fact]
    public async Task Those_who_ask_meanwhile_share_one_fetch_and_later_ones_its_result()
    {
        var fetched = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        var fetches = 0;
        var asking = Enumerable.Range(0, 20).Select(_ => ReadAsync(() => Fetch(fetched.Task))).ToList();
        fetched.SetResult("schema");
        var values = await Task.WhenAll(asking);
        Assert.All(values, value => Assert.Same(values[0], value));
        Assert.Same(values[0], await ReadAsync(() => Fetch(fetched.Task)));
        Assert.Equal(1, fetches);

        Task<string> Fetch(Task<string> task)
        {
            Interlocked.Increment(ref fetches);
            return task;
        }
    }

    [Fact]
    public async Task A_fetch_that_fails_is_told_to_who_began_it_and_the_others_ask_by_their_own_connection()
    {
        var lost = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        var first = ReadAsync(() => lost.Task);
        var second = ReadAsync(() => Task.FromResult("by the second"));
        lost.SetException(new QmpDisconnectedException("gone"));
        await Assert.ThrowsAsync<QmpDisconnectedException>(() => first);
        Assert.Equal("by the second", await second);
        Assert.Equal("by the second", await ReadAsync(() => throw new InvalidOperationException("is kept")));
    }

    [Fact]
    public async Task Whoever_stops_waiting_leaves_the_fetch_to_the_others()
    {
        using var cancellation = new CancellationTokenSource();
        var fetched = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        var first = _catalogue.ReadAsync(Old, () => fetched.Task, cancellation.Token);
        var second = ReadAsync(() => Task.FromResult("never asked"));
        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);
        fetched.SetResult("schema");
        Assert.Equal("schema", await second);
    }

    [Fact]
    public async Task Each_build_has_its_own_and_only_some_are_kept()
    {
        for (var micro = 0; micro < 100; micro++)
        {
            var build = Old with { Version = new Version(8, 0, micro) };
            Assert.Equal($"{micro}", await _catalogue.ReadAsync(build, () => Task.FromResult($"{micro}"), TestContext.Current.CancellationToken));
            await ReadAsync(() => Task.FromResult("old"));
        }

        Assert.InRange(_catalogue.Count, 1, QemuCatalogue.BuildsMax * 2);
        Assert.Equal("old", await ReadAsync(() => throw new InvalidOperationException("is kept")));
        Assert.NotSame("old", await _catalogue.ReadAsync(Old with { Arch = "aarch64" }, () => Task.FromResult("arm"), TestContext.Current.CancellationToken));
    }

    private Task<string> ReadAsync(Func<Task<string>> fetch) => _catalogue.ReadAsync(Old, fetch, TestContext.Current.CancellationToken);
}
