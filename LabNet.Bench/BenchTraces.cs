using LabNet.Core.Feed;
using LabNet.Core.Labs;
using LabNet.Core.Storage;
using LabNet.Core.TraceEvents;
using Microsoft.Extensions.DependencyInjection;

namespace LabNet.Bench;

/// <summary>A ring.db of a benchmark's own that takes over logs as LabNet does, without a VM.</summary>
internal sealed class BenchTraces : IAsyncDisposable
{
    /// <summary>As LabNet reads a log.</summary>
    private const int ReadBytes = TraceLogReader.LineBytesMax;

    private readonly string _folder;
    private readonly bool _isKept;
    private readonly ServiceProvider _services;
    private readonly TraceIntake _intake;
    private readonly RingWriter _ring;

    /// <param name="kept">Where ring.db stays behind; else it is laid somewhere and deleted with this.</param>
    public BenchTraces(string? kept = null)
    {
        _isKept = kept is not null;
        _folder = kept ?? Directory.CreateTempSubdirectory("lb-").FullName;
        _services = new ServiceCollection().AddLogging().AddSingleton(TimeProvider.System).AddFeed().AddStorage(_folder).AddTraceCatalogue().BuildServiceProvider();
        _ring = _services.GetRequiredService<RingWriter>();
        Store = new TraceStore(_ring, budgetBytes: long.MaxValue);
        _intake = new TraceIntake(Vm, Catalogue);
        _ring.AddMaintenance(Store.Maintain);
        _ring.Start();
    }

    public static VmName Vm { get; } = VmName.Parse("bench");

    public TraceStore Store { get; }

    public TraceCatalogue Catalogue => _services.GetRequiredService<TraceCatalogue>();

    public long Events => _intake.Reader.Events;

    public long Unparsed => _intake.Reader.Unparsed;

    public long FileBytes => new DirectoryInfo(_folder).EnumerateFiles("ring.db*").Sum(file => file.Length);

    /// <summary>Reads a log to its end, and waits until a query finds all of it.</summary>
    public async Task TakeOverAsync(string path)
    {
        using var log = File.OpenHandle(path);
        var buffer = new byte[ReadBytes];
        long offset = 0;
        for (var length = RandomAccess.Read(log, buffer, offset); length > 0; length = RandomAccess.Read(log, buffer, offset))
        {
            var isEnd = offset + length == RandomAccess.GetLength(log);
            var rest = buffer.AsMemory(0, length);
            int taken;
            do
            {
                taken = _intake.Read(rest.Span, nowNs: 0, isEnd);
                (offset, rest) = (offset + taken, rest[taken..]);
                if (_intake.HasFinished)
                {
                    await HandOnAsync(offset);
                }
            }
            while (taken > 0 && !rest.IsEmpty);
        }

        _intake.Finish();
        await HandOnAsync(offset);
        await _ring.FlushAsync(CancellationToken.None);
    }

    /// <summary>Ends when nothing is left to be rolled up.</summary>
    public async Task SettleAsync()
    {
        var before = -1L;
        while (Store.ReadExtent().SizeBytes is var now && now != before)
        {
            before = now;
            await Task.Delay(TimeSpan.FromSeconds(11));
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _services.DisposeAsync();
        if (!_isKept)
        {
            Directory.Delete(_folder, recursive: true);
        }
    }

    private async Task HandOnAsync(long offset)
    {
        var (finished, growing) = _intake.Take();
        await _ring.WriteAsync(TraceStore.WriteOf(Vm, finished, growing, new TracePosition(1, offset, _intake.Reader.NextSequence)), CancellationToken.None);
    }
}
