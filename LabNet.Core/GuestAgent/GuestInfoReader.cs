using System.Collections.Immutable;
using System.Globalization;
using LabNet.Core.Qmp;

namespace LabNet.Core.GuestAgent;

/// <summary>Asks for one <see cref="GuestInfo"/>, part by part.</summary>
internal sealed class GuestInfoReader(GuestAgentClient agent, TimeProvider time, CancellationToken cancellationToken)
{
    private readonly SortedDictionary<string, string> _missing = new(StringComparer.Ordinal);

    /// <exception cref="GuestAgentException">The agent does not answer, or what it answers makes no sense.</exception>
    public async Task<GuestInfo> ReadAsync()
    {
        var hostName = await PartAsync(nameof(GuestInfo.HostName), () => AskAsync(GuestAgentCommands.GetHostName));
        var os = await PartAsync(nameof(GuestInfo.OperatingSystem), () => AskAsync(GuestAgentCommands.GetOsInfo));
        var zone = await PartAsync(nameof(GuestInfo.TimeZone), () => AskAsync(GuestAgentCommands.GetTimeZone));
        var users = await PartAsync(nameof(GuestInfo.Users), () => AskAsync(GuestAgentCommands.GetUsers));
        var uptime = await PartAsync(nameof(GuestInfo.UptimeSeconds), async () => (object)GuestProc.Uptime(await ReadFileAsync("/proc/uptime")));
        var load = await PartAsync(nameof(GuestInfo.Load), async () => GuestProc.Load(await ReadFileAsync("/proc/loadavg")));
        var memory = await PartAsync(nameof(GuestInfo.Memory), async () => GuestProc.Memory(await ReadFileAsync("/proc/meminfo")));
        var fileSystems = await FileSystemsAsync();
        var info = await PartAsync(nameof(GuestInfo.Agent), () => AskAsync(GuestAgentCommands.GetAgentInfo));
        var clock = await PartAsync(nameof(GuestInfo.Clock), ClockAsync);
        return new GuestInfo(
            hostName?.HostName,
            os,
            zone,
            users is null ? null : [.. users],
            uptime as double?,
            load,
            memory,
            fileSystems,
            info,
            clock,
            _missing.ToImmutableSortedDictionary(StringComparer.Ordinal));
    }

    /// <summary>The agent leaves out what is on no block device, such as a 9p share; an agent that knows none at all has no sizes.</summary>
    private async Task<ImmutableArray<GuestFileSystem>?> FileSystemsAsync()
    {
        const string Name = nameof(GuestInfo.FileSystems);
        var told = await PartAsync(Name, () => AskAsync(GuestAgentCommands.GetFileSystems));
        var refusal = _missing.GetValueOrDefault(Name);
        var mounted = await PartAsync(Name, async () => GuestProc.Mounts(await ReadFileAsync("/proc/mounts")).ToArray());
        if (told is null && mounted is null)
        {
            return null;
        }

        // One of the two is enough.
        _missing.Remove(Name);
        if (refusal is not null)
        {
            _missing["FileSystemSizes"] = refusal;
        }

        var known = (told ?? []).Select(fileSystem => fileSystem.Mountpoint).ToHashSet(StringComparer.Ordinal);
        return [.. (told ?? []).Concat((mounted ?? []).Where(fileSystem => known.Add(fileSystem.Mountpoint))).OrderBy(f => f.Mountpoint, StringComparer.Ordinal)];
    }

    private async Task<GuestClock> ClockAsync()
    {
        var before = time.GetUtcNow();
        var began = time.GetTimestamp();
        var ns = await AskAsync(GuestAgentCommands.GetTime);
        var roundTrip = time.GetElapsedTime(began);
        var guestMs = ns / 1_000_000.0;
        var hostMs = (before - DateTimeOffset.UnixEpoch + (roundTrip / 2)).TotalMilliseconds;
        return new GuestClock(Math.Round(guestMs - hostMs, 3), Math.Round(roundTrip.TotalMilliseconds, 3));
    }

    /// <summary>What the agent refuses is missing; that it does not answer at all is told by the whole.</summary>
    private async Task<T?> PartAsync<T>(string name, Func<Task<T>> read) where T : class
    {
        try
        {
            return await read();
        }
        catch (GuestAgentCommandException e)
        {
            _missing[name] = e.Message;
            return null;
        }
    }

    private Task<TReturn> AskAsync<TReturn>(QmpCommand<TReturn> command) => agent.ExecuteAsync(command, cancellationToken);

    private Task<string> ReadFileAsync(string path) => agent.ReadTextAsync(path, cancellationToken);
}

/// <summary>Files of the guest's /proc (proc(5)).</summary>
internal static class GuestProc
{
    private const int BytesPerKib = 1024;

    /// <summary>What the kernel tells of itself by a mount, and no place to keep files.</summary>
    private static readonly HashSet<string> KernelTypes =
    [
        "autofs", "binfmt_misc", "bpf", "cgroup", "cgroup2", "configfs", "debugfs", "devpts", "devtmpfs", "efivarfs", "fusectl", "hugetlbfs",
        "mqueue", "nsfs", "proc", "pstore", "ramfs", "rootfs", "rpc_pipefs", "securityfs", "selinuxfs", "sysfs", "tracefs",
    ];

    /// <summary><c>uptime = SECONDS " " IDLE-SECONDS</c>.</summary>
    public static double Uptime(string text) => Number(text.Split(' ')[0], "/proc/uptime");

    /// <summary><c>loadavg = ONE " " FIVE " " FIFTEEN " " …</c>.</summary>
    public static GuestLoad Load(string text) => text.Split(' ') is [var one, var five, var fifteen, ..]
        ? new GuestLoad(Number(one, "/proc/loadavg"), Number(five, "/proc/loadavg"), Number(fifteen, "/proc/loadavg"))
        : throw Unreadable("/proc/loadavg");

    /// <summary><c>meminfo = { NAME ":" BLANKS KIB " kB" }</c>.</summary>
    public static GuestMemory Memory(string text)
    {
        var values = new Dictionary<string, long>(StringComparer.Ordinal);
        foreach (var line in text.Split('\n'))
        {
            if (line.Split(':', 2) is [var name, var value] && long.TryParse(value.Replace("kB", "", StringComparison.Ordinal), out var kib))
            {
                values[name] = kib * BytesPerKib;
            }
        }

        return values.TryGetValue("MemTotal", out var total)
            ? new GuestMemory(total, Of("MemFree"), Of("MemAvailable"), Of("Buffers"), Of("Cached"), Of("SwapTotal"), Of("SwapFree"))
            : throw Unreadable("/proc/meminfo");

        long Of(string name) => values.GetValueOrDefault(name);
    }

    /// <summary><c>mounts = { SOURCE " " MOUNTPOINT " " TYPE " " … }</c>; blanks, tabs, line feeds and backslashes are octal (fstab(5)).</summary>
    public static IEnumerable<GuestFileSystem> Mounts(string text) =>
        from line in text.Split('\n')
        let fields = line.Split(' ')
        where fields.Length >= 3 && !KernelTypes.Contains(fields[2])
        select new GuestFileSystem(Unescaped(fields[0]), Unescaped(fields[1]), fields[2]);

    private static string Unescaped(string field)
    {
        var parts = field.Split('\\');
        return string.Concat(parts.Skip(1).Select(Part).Prepend(parts[0]));

        static string Part(string part) => part.Length >= 3 && part[..3].All(c => c is >= '0' and <= '7')
            ? (char)(((part[0] - '0') * 64) + ((part[1] - '0') * 8) + (part[2] - '0')) + part[3..]
            : "\\" + part;
    }

    private static double Number(string text, string file) =>
        double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number)
            ? number
            : throw Unreadable(file);

    private static GuestAgentUnavailableException Unreadable(string file) => new($"The guest's {file} cannot be understood.");
}
