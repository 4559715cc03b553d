using System.Diagnostics;
using LabNet.Core.RemoteDevices;

namespace LabNet.Bench;

/// <summary>
/// A guest that does nothing but read a register of labnet-remote, whose behaviour is in this process. From one question to the next the read and one turn of
/// the guest's loop take their time: a bound from above for what a read takes.
/// </summary>
internal static class RemoteReadBench
{
    public const string Name = "remote-read";
    public const string Measures = "how long a guest's read of a PCI device in another process takes (x86_64 by TCG, device in C#)";

    private const int WarmUpReads = 20_000;
    private const int RomBytes = 64 << 10;
    private const int ResetVector = RomBytes - 16;

    /// <summary>
    /// In protected mode: BAR 0 of 00:03.0 to 0xe0000000, its memory space on, then <c>l: mov (%ebx),%eax; jmp l</c>. Firmware, as it
    /// stands at 0xf0000.
    /// </summary>
    private const string Loop = "fa2e660f011640000f20c00c010f22c066ea18000f00080066b810008ed8b810180080bb000000e066baf80cef93b2fcef93b004b2f8efb006b2fcee8b03ebfc" +
        "170046000f000000000000000000ffff0000009acf00ffff00000092cf00";

    private const string JumpToStart = "ea000000f0";

    public static async Task<int> RunAsync(BenchArguments arguments)
    {
        var folder = Directory.CreateTempSubdirectory("labnet-bench-");
        try
        {
            var plugin = Path.Join(await BuildAsync(), "labnet-pci.so");
            var rom = new byte[RomBytes];
            Convert.FromHexString(Loop).CopyTo(rom, 0);
            Convert.FromHexString(JumpToStart).CopyTo(rom, ResetVector);
            await File.WriteAllBytesAsync(Path.Join(folder.FullName, "rom"), rom);
            Console.WriteLine("round    reads   least  median     p95     p99    most   (µs)");
            List<double> medians = [];
            for (var round = 1; round <= arguments.Rounds; round++)
            {
                var intervals = await MeasureAsync(folder.FullName, plugin, TimeSpan.FromSeconds(arguments.Seconds));
                double At(double part) => intervals[(int)((intervals.Count - 1) * part)] * 1e6 / Stopwatch.Frequency;
                medians.Add(At(0.5));
                Console.WriteLine($"{round,5} {intervals.Count,8} {At(0),7:0.0} {At(0.5),7:0.0} {At(0.95),7:0.0} {At(0.99),7:0.0} {At(1),7:0}");
            }

            Console.WriteLine($"median of the rounds' medians: {medians.Order().ElementAt(medians.Count / 2):0.0} µs");
            return 0;
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static async Task<List<long>> MeasureAsync(string folder, string plugin, TimeSpan length)
    {
        var socket = Path.Join(folder, "device");
        File.Delete(socket);
        using var qemu = Process.Start("qemu-system-x86_64",
        [
            "-plugin", $"file={plugin}", "-M", "q35", "-accel", "tcg", "-m", "64M", "-display", "none", "-nodefaults", "-bios", Path.Join(folder, "rom"),
            "-chardev", $"socket,id=peer,path={socket},server=on,wait=off", "-device", "labnet-remote,chardev=peer,addr=3",
        ]);
        try
        {
            using var ended = new CancellationTokenSource();
            var device = new ReadTimes(length);
            var serving = new RemoteDeviceServer(device, socket, TimeProvider.System).RunAsync(ended.Token);
            await await Task.WhenAny(device.Measured, serving, Task.Delay(TimeSpan.FromMinutes(1) + length));
            await ended.CancelAsync();
            await ((Task)serving).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            return device.Measured.IsCompletedSuccessfully ? device.Intervals() : throw new InvalidOperationException("The guest does not read the device.");
        }
        finally
        {
            qemu.Kill();
            await qemu.WaitForExitAsync();
        }
    }

    private static async Task<string> BuildAsync()
    {
        using var build = Process.Start(new ProcessStartInfo("infra/pci/build.sh") { RedirectStandardOutput = true, UseShellExecute = false })!;
        var folder = await build.StandardOutput.ReadToEndAsync();
        await build.WaitForExitAsync();
        return build.ExitCode == 0 ? folder.Trim() : throw new InvalidOperationException("The devices cannot be built; run this from the repository's root.");
    }

    private sealed class ReadTimes(TimeSpan length) : RemoteDevice
    {
        private readonly List<long> _at = new(1 << 20);
        private readonly TaskCompletionSource _measured = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Measured => _measured.Task;

        /// <summary>Ticks of <see cref="Stopwatch"/>, in ascending order.</summary>
        public List<long> Intervals() => [.. _at.Skip(WarmUpReads).Zip(_at.Skip(WarmUpReads + 1), (one, next) => next - one).Order()];

        protected override ulong Read(ulong offset, int size)
        {
            var now = Stopwatch.GetTimestamp();
            if (!_measured.Task.IsCompleted)
            {
                _at.Add(now);
                if (_at.Count > WarmUpReads + 1 && Stopwatch.GetElapsedTime(_at[WarmUpReads], now) >= length)
                {
                    _measured.SetResult();
                }
            }

            return 0;
        }
    }
}
