using System.Diagnostics;
using System.Globalization;
using LabNet.Core.Labs;

namespace LabNet.Tests.Labs;

/// <summary>The installed QEMU takes the command lines as they are and puts every device where they say.</summary>
[Trait("suite", "qemu")]
public sealed class QemuAcceptanceTests : IDisposable
{
    private readonly TestFolder _temporary = new();

    public void Dispose() => _temporary.Dispose();

    [Theory]
    [InlineData(Architecture.X86_64, false)]
    [InlineData(Architecture.Aarch64, false)]
    [InlineData(Architecture.X86_64, true)]
    [InlineData(Architecture.Aarch64, true)]
    public async Task QEMU_accepts_the_line_and_every_device_sits_where_it_says(Architecture guest, bool media)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(TimeSpan.FromSeconds(50));
        var launch = Prepare(guest, media);
        var arguments = WithoutTaps(QemuCommandLine.Build(launch));

        await using var qemu = await PausedQemu.StartAsync(guest.QemuBinary(), arguments, _temporary.Path, limit.Token);

        var buses = (await qemu.ExecuteAsync("query-pci", limit.Token))!.AsArray();
        var found = buses[0]!["devices"]!.AsArray()
            .Where(device => (string)device!["qdev_id"]! != "")
            .Select(device => $"{device!["qdev_id"]} at {(int)device["slot"]!}.{(int)device["function"]!}");
        Assert.Equal(Asked(arguments).Order(), found.Order());
        string[] sockets = ["agent.sock", "console.sock", "control.sock", "metrics.sock", "user.sock"];
        Assert.Equal(sockets, Directory.GetFiles(launch.Paths.Folder, "*.sock").Select(Path.GetFileName).Order());
        Assert.Equal("", await qemu.QuitAsync(limit.Token));
    }

    /// <summary>In a folder whose name has a comma, so that QEMU's own parser judges the escaping.</summary>
    private QemuLaunch Prepare(Architecture guest, bool media)
    {
        var folder = Directory.CreateDirectory(Path.Combine(_temporary.Path, "a,b")).FullName;
        var launch = SampleLaunch.Of(guest, folder: folder, image: folder, share: folder);
        File.WriteAllBytes(launch.Image.Kernel, Kernel());
        File.WriteAllBytes(launch.Image.Initrd, new byte[4096]);
        using var make = Process.Start("qemu-img", ["create", "-q", "-f", "qcow2", launch.Paths.Disk, "64M"]);
        make.WaitForExit();
        Assert.Equal(0, make.ExitCode);
        return media ? WithMedia(launch, folder) : launch;
    }

    private static QemuLaunch WithMedia(QemuLaunch launch, string folder)
    {
        var image = Path.Combine(folder, "cd.iso");
        File.WriteAllBytes(image, new byte[2048]);
        Nic WithTftp(Nic nic) => nic is UserNic user ? user with { TftpFolder = folder } : nic;
        return launch with { Vm = launch.Vm with { Cdrom = image, Nics = [.. launch.Vm.Nics.Select(WithTftp)] } };
    }

    /// <summary>The least that q35 takes for a bzImage (Linux' boot protocol 2.12); virt takes anything.</summary>
    private static byte[] Kernel()
    {
        var kernel = new byte[65_536];
        kernel[0x1f1] = 4;                              // setup_sects
        "HdrS"u8.CopyTo(kernel.AsSpan(0x202));          // header
        kernel[0x206] = 0x0c;                           // version 2.12
        kernel[0x207] = 0x02;
        kernel[0x211] = 1;                              // loadflags: loaded high
        BitConverter.TryWriteBytes(kernel.AsSpan(0x22c), int.MaxValue);     // initrd_addr_max
        BitConverter.TryWriteBytes(kernel.AsSpan(0x238), 2047);             // cmdline_size
        return kernel;
    }

    /// <summary>A tap needs a prepared host; the devices behind it are the same.</summary>
    private static List<string> WithoutTaps(IEnumerable<string> arguments) =>
        [.. arguments.Select(argument => argument.Split(',') is ["tap", var id, ..] ? $"user,{id}" : argument)];

    private static IEnumerable<string> Asked(IReadOnlyList<string> arguments) =>
        from pair in arguments.Zip(arguments.Skip(1))
        where pair.First == "-device" && pair.Second.Contains(",bus=pcie.0,", StringComparison.Ordinal)
        let fields = pair.Second.Split(',').Skip(1).Select(field => field.Split('=')).ToDictionary(field => field[0], field => field[1])
        select $"{fields["id"]} at {int.Parse(fields["addr"][2..], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture)}.0";
}
