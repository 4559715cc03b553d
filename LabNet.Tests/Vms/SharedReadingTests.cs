using LabNet.Core.GuestAgent;
using LabNet.Core.Vms;

namespace LabNet.Tests.Vms;

[Trait("suite", "unit")]
public sealed class SharedReadingTests : IAsyncDisposable
{
    private static readonly object Process = new();

    private readonly ManualTimeProvider _time = new();
    private readonly CancellationTokenSource _stopping = new();
    private readonly SharedReading<string> _reading;
    private readonly List<string?> _before = [];
    private TaskCompletionSource<string> _answer = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public SharedReadingTests() => _reading = new SharedReading<string>(_time, TimeSpan.FromSeconds(30), _stopping.Token);

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _reading.EndAsync();
        _stopping.Dispose();
    }

    [Fact]
    public async Task Those_who_ask_meanwhile_share_one_reading_and_a_young_one_is_given_again()
    {
        var asking = Enumerable.Range(0, 10).Select(_ => ReadAsync(TimeSpan.Zero)).ToList();
        _answer.SetResult("one");
        var readings = await Task.WhenAll(asking);
        Assert.All(readings, reading => Assert.Same(readings[0], reading));
        Assert.Equal(_time.GetUtcNow(), readings[0].At);

        _time.Advance(TimeSpan.FromMilliseconds(999));
        Assert.Same(readings[0], await ReadAsync(TimeSpan.FromSeconds(1)));
        _time.Advance(TimeSpan.FromMilliseconds(1));
        _answer = Answered("two");
        Assert.Equal("two", (await ReadAsync(TimeSpan.FromSeconds(1))).Value);
        Assert.Equal([null, "one"], _before);
    }

    [Fact]
    public async Task Whoever_stops_waiting_leaves_the_reading_to_the_others()
    {
        using var cancellation = new CancellationTokenSource();
        var first = ReadAsync(TimeSpan.Zero, cancellation: cancellation.Token);
        var second = ReadAsync(TimeSpan.Zero);
        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);
        _answer.SetResult("one");
        Assert.Equal("one", (await second).Value);
    }

    [Fact]
    public async Task An_error_is_told_to_all_who_waited_and_not_kept()
    {
        var asking = Enumerable.Range(0, 3).Select(_ => ReadAsync(TimeSpan.FromHours(1))).ToList();
        _answer.SetException(new GuestAgentUnavailableException("gone"));
        foreach (var asker in asking)
        {
            await Assert.ThrowsAsync<GuestAgentUnavailableException>(() => asker);
        }

        _answer = Answered("one");
        Assert.Equal("one", (await ReadAsync(TimeSpan.FromHours(1))).Value);
    }

    [Fact]
    public async Task What_another_QEMU_told_is_not_given_again()
    {
        _answer.SetResult("one");
        await ReadAsync(TimeSpan.FromHours(1));
        _answer = Answered("two");
        Assert.Equal("two", (await ReadAsync(TimeSpan.FromHours(1), of: new object())).Value);
        Assert.Equal([null, null], _before);
    }

    [Fact]
    public async Task A_reading_that_takes_too_long_is_a_time_out()
    {
        var asking = ReadAsync(TimeSpan.Zero);
        await _time.UntilTimerIsSetAsync(TimeSpan.FromSeconds(30));
        _time.Advance(TimeSpan.FromSeconds(30));
        Assert.Contains("30 s", (await Assert.ThrowsAsync<GuestAgentTimeoutException>(() => asking)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_reading_ends_with_its_session()
    {
        var asking = ReadAsync(TimeSpan.Zero);
        await _stopping.CancelAsync();
        await Assert.ThrowsAsync<GuestAgentUnavailableException>(() => asking);
        await _reading.EndAsync();
    }

    private static TaskCompletionSource<string> Answered(string value)
    {
        var answer = new TaskCompletionSource<string>();
        answer.SetResult(value);
        return answer;
    }

    private Task<GuestReading<string>> ReadAsync(TimeSpan maxAge, object? of = null, CancellationToken? cancellation = null) => _reading.ReadAsync(
        of ?? Process,
        maxAge,
        (before, ct) =>
        {
            lock (_before)
            {
                _before.Add(before?.Value);
            }

            return _answer.Task.WaitAsync(ct);
        },
        cancellation ?? TestContext.Current.CancellationToken);
}
