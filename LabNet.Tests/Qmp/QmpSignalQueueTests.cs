using System.Text.Json;
using LabNet.Core.Qmp;

namespace LabNet.Tests.Qmp;

[Trait("suite", "unit")]
public sealed class QmpSignalQueueTests
{
    private const int Capacity = 3;

    [Fact]
    public async Task A_gap_stands_between_what_came_before_and_after_it_also_across_a_reconnect()
    {
        var queue = new QmpSignalQueue(Capacity);
        Post(queue, 5);
        queue.Post(new QmpSignal.Disconnected(new QmpDisconnectedException("gone")));
        Post(queue, 2);
        queue.Complete();
        Assert.Equal(["X0", "X1", "X2", "gap 2", "Disconnected", "gap 2"], await ReadAsync(queue));
    }

    [Fact]
    public async Task Failed_attempts_that_nobody_reads_do_not_pile_up()
    {
        var queue = new QmpSignalQueue(Capacity);
        for (var i = 0; i < 1000; i++)
        {
            queue.Post(new QmpSignal.ConnectFailed(new QmpConnectException($"attempt {i}")));
        }

        queue.Complete();
        var signals = await queue.ReadAllAsync(TestContext.Current.CancellationToken).ToListAsync(TestContext.Current.CancellationToken);
        var last = Assert.IsType<QmpSignal.ConnectFailed>(Assert.Single(signals));
        Assert.Equal("attempt 999", last.Reason.Message);
    }

    [Fact]
    public async Task Whatever_the_order_of_posting_and_reading_each_event_is_read_or_counted_in_its_place()
    {
        var random = Seed.Print();
        for (var round = 0; round < LongForm.Rounds(2000); round++)
        {
            var queue = new QmpSignalQueue(Capacity);
            await using var reader = queue.ReadAllAsync(TestContext.Current.CancellationToken).GetAsyncEnumerator(TestContext.Current.CancellationToken);
            var (posted, next, waiting) = (0, 0, 0);
            for (var step = 0; step < 40; step++)
            {
                if (random.Next(3) > 0)
                {
                    Post(queue, 1, posted++);
                    waiting++;
                }
                else if (waiting > 0)
                {
                    Read();
                }
            }

            while (waiting > 0)
            {
                Read();
            }

            Assert.Equal(posted, next);

            void Read()
            {
                var moving = reader.MoveNextAsync();
                Assert.True(moving.IsCompletedSuccessfully && moving.Result);
                var events = reader.Current is QmpSignal.Gap gap ? (int)gap.Events : 1;
                Assert.True(reader.Current is QmpSignal.Gap || ((QmpSignal.Received)reader.Current).Event.Name == $"X{next}");
                next += events;
                waiting -= events;
            }
        }
    }

    private static void Post(QmpSignalQueue queue, int events, int first = 0)
    {
        for (var i = 0; i < events; i++)
        {
            queue.Post(new QmpEvent($"X{first + i}", TimeNs: null, default(JsonElement)));
        }
    }

    private static async Task<List<string>> ReadAsync(QmpSignalQueue queue) =>
        await queue.ReadAllAsync(TestContext.Current.CancellationToken).Select(signal => signal switch
        {
            QmpSignal.Received received => received.Event.Name,
            QmpSignal.Gap gap => $"gap {gap.Events}",
            _ => signal.GetType().Name,
        }).ToListAsync(TestContext.Current.CancellationToken);
}
