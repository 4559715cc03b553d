using LabNet.Core.Qmp;

namespace LabNet.Core.Vms;

/// <summary>Which QEMU it is, as it says itself.</summary>
/// <param name="Arch">The guest's architecture: there is a binary for each.</param>
/// <param name="Package">The distribution's package text, may be empty.</param>
public sealed record QemuBuild(string Arch, Version Version, string Package);

/// <summary>What <c>query-qmp-schema</c> returned.</summary>
public sealed class QemuSchema(ReadOnlyMemory<byte> raw)
{
    private readonly Lazy<QmpSchema> _parsed = new(() => QmpSchema.Parse(raw));

    /// <summary>As QEMU sent it, about 200 KB.</summary>
    public ReadOnlyMemory<byte> Raw { get; } = raw;

    /// <exception cref="QmpProtocolException">It cannot be understood.</exception>
    public QmpSchema Parsed => _parsed.Value;
}

/// <summary>What <c>qom-list-types</c> returned.</summary>
public sealed class QemuTypes(ReadOnlyMemory<byte> raw)
{
    private readonly Lazy<ObjectTypeInfo[]> _parsed = new(() => QmpValue.Read(raw, QomCommands.ListTypes));

    /// <summary>As QEMU sent it.</summary>
    public ReadOnlyMemory<byte> Raw { get; } = raw;

    /// <exception cref="QmpProtocolException">It cannot be understood.</exception>
    public IReadOnlyList<ObjectTypeInfo> Parsed => _parsed.Value;
}

/// <summary>
/// What is the same for every VM of one QEMU build, and dear to ask: its schema (33 to 63 ms, during which QEMU's main loop stands still)
/// and its types (72 ms). Each is fetched once; those who ask meanwhile wait for the same fetch.
/// </summary>
/// <remarks>Thread-safe. A fetch belongs to nobody: whoever stops waiting leaves it to the others.</remarks>
public sealed class QemuCatalogue
{
    /// <summary>A machine has two or three QEMUs; a binary that is exchanged again and again must not fill the memory.</summary>
    internal const int BuildsMax = 8;

    private readonly Lock _sync = new();
    private readonly Dictionary<(QemuBuild, Type), Entry> _entries = [];
    private long _asked;

    /// <summary>What is kept, or what <paramref name="fetch"/> gives; a fetch that fails is not kept.</summary>
    /// <param name="fetch">Has to end by itself; it is not cancelled.</param>
    public async Task<T> ReadAsync<T>(QemuBuild build, Func<Task<T>> fetch, CancellationToken cancellationToken) where T : class
    {
        while (true)
        {
            var (task, isMine) = FindOrBegin(build, fetch);
            try
            {
                return await task.WaitAsync(cancellationToken);
            }
            catch (QmpException) when (!isMine)
            {
                // That was another VM's connection. This one's may be good.
            }
            finally
            {
                if (task.IsCompleted && !task.IsCompletedSuccessfully)
                {
                    Forget(build, task);
                }
            }
        }
    }

    internal int Count
    {
        get
        {
            lock (_sync)
            {
                return _entries.Count;
            }
        }
    }

    private (Task<T> Task, bool IsMine) FindOrBegin<T>(QemuBuild build, Func<Task<T>> fetch) where T : class
    {
        lock (_sync)
        {
            var key = (build, typeof(T));
            _asked++;
            if (_entries.TryGetValue(key, out var known) && known.Task is Task<T> { IsFaulted: false, IsCanceled: false } task)
            {
                _entries[key] = known with { LastAsked = _asked };
                return (task, false);
            }

            // Not under the lock: the first part of a fetch runs at once.
            task = Task.Run(fetch, CancellationToken.None);
            _entries[key] = new Entry(task, _asked);
            if (_entries.Count > BuildsMax * 2)
            {
                _entries.Remove(_entries.MinBy(entry => entry.Value.LastAsked).Key);
            }

            return (task, true);
        }
    }

    private void Forget<T>(QemuBuild build, Task<T> task) where T : class
    {
        lock (_sync)
        {
            if (_entries.TryGetValue((build, typeof(T)), out var known) && known.Task == task)
            {
                _entries.Remove((build, typeof(T)));
            }
        }
    }

    private sealed record Entry(Task Task, long LastAsked);
}
