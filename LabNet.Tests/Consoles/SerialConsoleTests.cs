using System.Text;
using LabNet.Core.Consoles;

namespace LabNet.Tests.Consoles;

[Trait("suite", "fake")]
[Collection(Alone.Name)]
public sealed class SerialConsoleTests : IAsyncLifetime
{
    private const int ChunkBytesMax = 48 * 1024;

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("labnet-console-");
    private readonly CancellationTokenSource _stopping = new();
    private FakeConsole _qemu = null!;
    private SerialConsole _console = null!;
    private Task _loop = Task.CompletedTask;

    private string LogPath => Path.Join(_folder.FullName, "console.log");

    public async ValueTask InitializeAsync()
    {
        _qemu = new FakeConsole(Path.Join(_folder.FullName, "console.sock"));
        _console = Open();
        _loop = _console.RunLoopAsync(_stopping.Token);
        await _qemu.AcceptAsync();
        SpinWait.SpinUntil(() => _console.IsConnected);
    }

    public async ValueTask DisposeAsync()
    {
        await EndAsync();
        _qemu.Dispose();
        _stopping.Dispose();
        _folder.Delete(recursive: true);
    }

    [Fact]
    public async Task Every_viewer_sees_everything_from_the_oldest_byte_on()
    {
        await _qemu.WriteAsync("boot\r\n");
        var early = ReadUntilAsync(from: null, "login: ");
        await _qemu.WriteAsync("login: ");
        Assert.Equal("boot\r\nlogin: ", (await early).Text);
        Assert.Equal("boot\r\nlogin: ", (await ReadUntilAsync(from: null, "login: ")).Text);
    }

    [Fact]
    public async Task A_viewer_that_comes_back_misses_nothing_and_sees_nothing_twice()
    {
        await _qemu.WriteAsync("one ");
        var (_, position) = await ReadUntilAsync(from: null, "one ");
        await _qemu.WriteAsync("two");
        Assert.Equal("two", (await ReadUntilAsync(position, "two")).Text);
    }

    [Fact]
    public async Task A_position_of_another_LabNet_begins_with_the_oldest_byte()
    {
        await _qemu.WriteAsync("kept");
        await ReadUntilAsync(from: null, "kept");
        Assert.Equal("kept", (await ReadUntilAsync(new ConsolePosition("another", 2), "kept")).Text);
    }

    [Fact]
    public async Task A_hundred_MiB_are_drained_while_a_viewer_stands_still_and_it_is_told_what_it_missed()
    {
        await using var still = _console.ReadAllAsync(from: null, ChunkBytesMax, TestContext.Current.CancellationToken).GetAsyncEnumerator(TestContext.Current.CancellationToken);
        await _qemu.WriteAsync("start");
        Assert.True(await still.MoveNextAsync());

        var flood = new byte[1024 * 1024];
        new Random(1).NextBytes(flood);
        var before = GC.GetTotalMemory(forceFullCollection: true);
        for (var turn = 0; turn < 100; turn++)
        {
            await _qemu.WriteAsync(flood);
        }

        await _qemu.WriteAsync("THE END");
        await ReadUntilAsync(from: null, "THE END");
        var grown = GC.GetTotalMemory(forceFullCollection: true) - before;
        Assert.True(grown < 8 * 1024 * 1024, $"{grown} bytes more are held.");

        Assert.True(await still.MoveNextAsync());
        Assert.Equal((100L * flood.Length) + "start".Length + "THE END".Length - ConsoleHistory.KeptBytesMax, still.Current.At.Offset);
        Assert.Equal(still.Current.At.Offset - "start".Length, still.Current.MissedBytes);
    }

    [Fact]
    public async Task What_two_people_type_at_once_is_not_mixed_within_a_key_sequence()
    {
        const int Each = 500;
        var ann = Task.Run(() => TypeMany("\u001b[A\u001b[B"), TestContext.Current.CancellationToken);
        var bob = Task.Run(() => TypeMany("é€😀-"), TestContext.Current.CancellationToken);
        await Task.WhenAll(ann, bob);
        var typed = await _qemu.ReadAsync(Each * (6 + 10));
        Assert.Equal("", typed.Replace("\u001b[A\u001b[B", "", StringComparison.Ordinal).Replace("é€😀-", "", StringComparison.Ordinal));

        void TypeMany(string keys)
        {
            for (var turn = 0; turn < Each; turn++)
            {
                _console.Type(Encoding.UTF8.GetBytes(keys));
            }
        }
    }

    [Fact]
    public void A_guest_that_takes_nothing_is_told_and_what_was_typed_is_bounded()
    {
        // A paused guest: QEMU reads no more, the socket's own buffer fills first.
        var keys = new byte[SerialConsole.PendingKeysBytesMax / 4];
        var refusal = Assert.Throws<ConsoleException>(() =>
        {
            for (var turn = 0; turn < 10_000; turn++)
            {
                _console.Type(keys);
            }
        });
        Assert.Contains("may be paused", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Keys_for_a_console_that_is_gone_are_refused()
    {
        _qemu.Dispose();
        Action type = () => _console.Type("x"u8.ToArray());
        Assert.Throws<ConsoleException>(() =>
        {
            for (var turn = 0; turn < int.MaxValue; turn++)
            {
                type();
            }
        });
    }

    [Fact]
    public async Task QEMU_that_comes_back_goes_on_in_the_same_stream()
    {
        await _qemu.WriteAsync("first boot ");
        var (_, position) = await ReadUntilAsync(from: null, "first boot ");
        _qemu.Hangup();
        await _qemu.AcceptAsync();
        await _qemu.WriteAsync("second boot");
        Assert.Equal("second boot", (await ReadUntilAsync(position, "second boot")).Text);
    }

    [Fact]
    public async Task The_log_keeps_the_newest_part_and_the_next_LabNet_goes_on_from_it()
    {
        var line = Encoding.ASCII.GetBytes(new string('x', 1021) + "\r\n");
        for (var turn = 0; turn < 3000; turn++)
        {
            await _qemu.WriteAsync(line);
        }

        await _qemu.WriteAsync("last words");
        await ReadUntilAsync(from: null, "last words");
        await EndAsync();
        var files = _folder.GetFiles("console.log*");
        Assert.True(files.Sum(f => f.Length) is > ConsoleHistory.KeptBytesMax and < (2 * ConsoleHistory.KeptBytesMax) + ChunkBytesMax + 65536);

        _console = Open();
        _console.TellAway();
        var kept = Encoding.ASCII.GetString(_console.ReadKept().Span);
        Assert.True(kept.Length > ConsoleHistory.KeptBytesMax / 2);
        Assert.Contains("last words\r\n[LabNet was away: what the guest wrote between ", kept, StringComparison.Ordinal);
        Assert.EndsWith("UTC was not kept]\r\n", kept, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_log_that_cannot_be_written_holds_up_nobody()
    {
        // A folder where the file should be: every write fails until it is gone.
        Directory.CreateDirectory(LogPath);
        await _qemu.WriteAsync("lost on disk ");
        Assert.Equal("lost on disk ", (await ReadUntilAsync(from: null, "disk ")).Text);
        await EndAsync();
        Directory.Delete(LogPath);
        Assert.Equal("lost on disk ", Encoding.ASCII.GetString(_console.ReadKept().Span));
    }

    private SerialConsole Open() => new(_qemu.OpenAsync, LogPath, TimeProvider.System);

    private async Task EndAsync()
    {
        await _stopping.CancelAsync();
        await _loop;
        await _console.DisposeAsync();
    }

    private async Task<(string Text, ConsolePosition Next)> ReadUntilAsync(ConsolePosition? from, string end)
    {
        var text = new StringBuilder();
        await foreach (var chunk in _console.ReadAllAsync(from, ChunkBytesMax, TestContext.Current.CancellationToken))
        {
            text.Append(Encoding.Latin1.GetString(chunk.Bytes.Span));
            if (text.ToString(Math.Max(0, text.Length - end.Length), Math.Min(end.Length, text.Length)) == end)
            {
                return (text.ToString(), chunk.Next);
            }
        }

        throw new InvalidOperationException("The console ended.");
    }
}
