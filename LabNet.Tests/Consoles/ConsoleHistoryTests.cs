using LabNet.Core.Consoles;

namespace LabNet.Tests.Consoles;

[Trait("suite", "unit")]
public sealed class ConsoleHistoryTests
{
    [Fact]
    public void What_is_kept_are_the_newest_bytes_each_at_its_position()
    {
        var random = Seed.Print(out var seed);
        var history = new ConsoleHistory();
        var written = new List<byte>();
        for (var turn = 0; turn < 60; turn++)
        {
            var bytes = new byte[random.Next(turn % 10 == 9 ? 2 * ConsoleHistory.KeptBytesMax : 60_000)];
            random.NextBytes(bytes);
            history.Append(bytes);
            written.AddRange(bytes);
            Assert.Equal(written.Count, history.End);
            Assert.Equal(Math.Max(0, written.Count - ConsoleHistory.KeptBytesMax), history.Start);

            var position = random.NextInt64(history.End + 1);
            var buffer = new byte[random.Next(100_000)];
            var count = history.Read(position, buffer, out var at);
            Assert.Equal(Math.Max(position, history.Start), at);
            Assert.Equal(Math.Min(buffer.Length, history.End - at), count);
            Assert.True(buffer.AsSpan(0, count).SequenceEqual(written.Skip((int)at).Take(count).ToArray()), $"seed {seed}");
        }
    }

    [Fact]
    public async Task Who_waits_is_told_of_the_next_byte_and_of_the_end()
    {
        var history = new ConsoleHistory();
        var first = history.WaitForMoreAsync(0, TestContext.Current.CancellationToken).AsTask();
        Assert.False(first.IsCompleted);
        history.Append("x"u8);
        Assert.True(await first);

        var second = history.WaitForMoreAsync(1, TestContext.Current.CancellationToken).AsTask();
        Assert.False(second.IsCompleted);
        history.Complete();
        Assert.False(await second);
        Assert.True(await history.WaitForMoreAsync(0, TestContext.Current.CancellationToken));
    }

    [Fact]
    public void A_position_beyond_the_end_reads_nothing()
    {
        var history = new ConsoleHistory();
        history.Append("abc"u8);
        Assert.Equal(0, history.Read(7, new byte[8], out var at));
        Assert.Equal(3, at);
    }

    [Fact]
    public async Task What_the_disk_was_too_slow_for_is_told_in_the_log()
    {
        using var folder = new TestFolder();
        var path = Path.Join(folder.Path, "console.log");
        var history = new ConsoleHistory();
        history.Append(new byte[ConsoleHistory.KeptBytesMax]);
        history.Append("more"u8);
        history.Complete();
        await new ConsoleLog(path).WriteLoopAsync(history, position: 0);
        Assert.StartsWith(
            "\r\n[LabNet: 4 bytes are missing here: they could not be written]\r\n\0", await File.ReadAllTextAsync(path + ".1", TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }
}
