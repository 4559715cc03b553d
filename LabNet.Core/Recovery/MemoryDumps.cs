using System.Globalization;
using System.Text.Json;
using LabNet.Core.Qmp;
using LabNet.Core.Vms;

namespace LabNet.Core.Recovery;

/// <summary>The memories of guests that died, as ELF cores in the VM's folder; for gdb and crash.</summary>
public static class MemoryDumps
{
    /// <summary>Of a VM; each is as large as its memory.</summary>
    public const int KeptMax = 2;

    /// <summary>A core has some headers beside the memory.</summary>
    private const long HeaderBytesMax = 16 << 20;

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    /// <summary>The file of an incident's dump, whether it is there or not.</summary>
    public static string PathOf(VmSession vm, string incident) => Path.Join(FolderOf(vm), incident + ".elf");

    /// <summary>Lets QEMU write the guest's memory, and lets the oldest dumps go.</summary>
    /// <returns>How many bytes; or why there is none.</returns>
    internal static async Task<(long? Bytes, string? WhyNot)> TakeAsync(VmSession vm, string incident, TimeProvider time, CancellationToken cancellationToken)
    {
        var path = PathOf(vm, incident);
        try
        {
            Directory.CreateDirectory(FolderOf(vm));
            Trim(vm, KeptMax - 1);
            var (needed, free) = ((vm.State.MemoryBytes ?? 0) + HeaderBytesMax, new DriveInfo(FolderOf(vm)).AvailableFreeSpace);
            if (free < needed)
            {
                return (null, string.Create(CultureInfo.InvariantCulture, $"The disk has {free / 1e6:0} MB left, and the guest's memory needs {needed / 1e6:0} MB."));
            }

            using var patience = new CancellationTokenSource(Patience, time);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, patience.Token);
            using var events = vm.WatchQmpEvents();
            await vm.ExecuteAsync(DumpCommands.DumpGuestMemory, new DumpArguments(Paging: false, $"file:{path}", Detach: true), either.Token);
            var completed = await events.ReadAllAsync(either.Token).Select(record => (record.Item as QmpEventSeen)?.Event).FirstAsync(e => e?.Name == "DUMP_COMPLETED", either.Token);
            if (completed!.Data.ValueKind == JsonValueKind.Object && completed.Data.TryGetProperty("error", out var error))
            {
                File.Delete(path);
                return (null, $"QEMU could not write it: {error.GetString()}");
            }

            return (new FileInfo(path).Length, null);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return (null, $"QEMU did not say within {Patience.TotalSeconds:0} s that it was written.");
        }
        catch (Exception e) when (e is QmpException or IOException or UnauthorizedAccessException)
        {
            return (null, e.Message);
        }
    }

    /// <exception cref="IOException"/>
    internal static void Delete(VmSession vm, string incident)
    {
        if (Directory.Exists(FolderOf(vm)))
        {
            File.Delete(PathOf(vm, incident));
        }
    }

    private static string FolderOf(VmSession vm) => Path.Join(vm.Paths.Folder, "memory-dumps");

    /// <summary>By their names, which sort by time.</summary>
    private static void Trim(VmSession vm, int kept)
    {
        foreach (var old in Directory.GetFiles(FolderOf(vm), "*.elf").Order(StringComparer.Ordinal).SkipLast(kept))
        {
            File.Delete(old);
        }
    }
}
