using System.Text;
using LabNet.Core.Labs;

namespace LabNet.Tests.Labs;

[Trait("suite", "unit")]
public sealed class VmPathsTests
{
    [Fact]
    public void Everything_of_a_VM_is_in_its_folder()
    {
        var paths = VmPaths.In("/run/labnet/demo/x86/");
        Assert.Equal("/run/labnet/demo/x86", paths.Folder);
        Assert.Equal("/run/labnet/demo/x86/control.sock", paths.ControlSocket);
        Assert.Equal("/run/labnet/demo/x86/disk.qcow2", paths.Disk);
        Assert.Equal(VmPaths.In("/run/labnet/demo/x86"), paths);
    }

    [Fact]
    public void A_socket_path_may_have_107_bytes_and_no_more()
    {
        // "/control.sock", "/metrics.sock" and "/console.sock" have 13 bytes; é has two.
        var fits = "/" + new string('a', 107 - 13 - 1 - 2) + "é";
        Assert.Equal(107, Encoding.UTF8.GetByteCount(VmPaths.In(fits).ConsoleSocket));

        var refusal = Assert.Throws<PathTooLongException>(() => VmPaths.In(fits + "b"));
        Assert.Contains("1 bytes too long for a UNIX socket (107 at most)", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_relative_folder_is_refused() => Assert.Throws<ArgumentException>(() => VmPaths.In("run/x86"));
}
