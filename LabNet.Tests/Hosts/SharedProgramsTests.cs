using LabNet.Core.Hosts;
using LabNet.Tests.Labs;
using Microsoft.Extensions.Logging.Abstractions;

namespace LabNet.Tests.Hosts;

/// <summary>LabNet's own programs get into the lab's shares, and nothing of the user's gets lost.</summary>
[Trait("suite", "unit")]
public sealed class SharedProgramsTests : IDisposable
{
    private const string Program = "scapy_send.py";
    private readonly TestFolder _folder = new();
    private readonly Host _host;

    public SharedProgramsTests()
    {
        Directory.CreateDirectory(_folder.File("infra/share"));
        Ship("one");
        _host = new Host(new HostSettings(_folder.File("state"), _folder.File("infra"), "", "", Machine: null), TimeProvider.System, NullLogger<Host>.Instance);
    }

    private string Placed => _folder.File($"state/shares/workspace/{Program}");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_program_is_put_where_none_is_and_put_back_when_it_was_deleted()
    {
        Assert.Equal(_folder.File("state/shares/workspace"), Prepare());
        Assert.Equal("one", File.ReadAllText(Placed));
        Assert.Single(Directory.GetFileSystemEntries(_folder.File("state/shares/workspace")));
        File.Delete(Placed);
        Prepare();
        Assert.Equal("one", File.ReadAllText(Placed));
    }

    [Fact]
    public void A_newer_program_takes_the_place_of_the_one_that_LabNet_put_there()
    {
        Prepare();
        Ship("two!");
        Prepare();
        Assert.Equal("two!", File.ReadAllText(Placed));
    }

    [Theory]
    [InlineData("mine")]
    [InlineData("0ne")]
    [InlineData("")]
    public void A_program_that_was_changed_stays_whatever_comes(string changed)
    {
        Prepare();
        File.WriteAllText(Placed, changed);
        Prepare();
        Ship("two!");
        Prepare();
        Assert.Equal(changed, File.ReadAllText(Placed));
    }

    [Fact]
    public void A_file_of_that_name_that_LabNet_never_put_there_stays()
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Placed)!);
        File.WriteAllText(Placed, "theirs");
        Prepare();
        Assert.Equal("theirs", File.ReadAllText(Placed));
    }

    [Fact]
    public void A_link_is_not_written_through_and_a_folder_is_no_obstacle()
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Placed)!);
        var elsewhere = _folder.Write("elsewhere", [1]);
        File.CreateSymbolicLink(Placed, elsewhere);
        Prepare();
        Assert.Equal([1], File.ReadAllBytes(elsewhere));
        File.Delete(Placed);
        File.CreateSymbolicLink(Placed, _folder.File("nowhere"));
        Prepare();
        Assert.False(File.Exists(_folder.File("nowhere")));
        File.Delete(Placed);
        Directory.CreateDirectory(Placed);
        Prepare();
        Assert.Empty(Directory.GetFileSystemEntries(Placed));
    }

    [Fact]
    public void A_share_that_takes_nothing_does_not_keep_a_VM_from_starting()
    {
        Directory.CreateDirectory(_folder.File("state/shares/workspace/.scapy_send.py.new"));
        Assert.Equal(_folder.File("state/shares/workspace"), Prepare());
        Assert.False(Path.Exists(Placed));
    }

    [Fact]
    public void A_folder_of_the_users_own_gets_nothing()
    {
        var own = Directory.CreateDirectory(_folder.File("own")).FullName;
        Assert.Equal(own, _host.PrepareShare(SampleLab.ReadVm($"share: {own}")));
        Assert.Empty(Directory.GetFileSystemEntries(own));
    }

    private string? Prepare() => _host.PrepareShare(SampleLab.ReadVm("share: workspace"));

    private void Ship(string text) => File.WriteAllText(_folder.File($"infra/share/{Program}"), text);
}
