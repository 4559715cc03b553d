using LabNet.Core.IoBenchmarks;

namespace LabNet.Tests.IoBenchmarks;

[Trait("suite", "unit")]
public sealed class IoBenchmarkRequestTests
{
    private static readonly IoBenchmarkRequest Good = new("vda", "rand-read-4k", Seconds: 10, Repeats: 5, Label: "before");

    [Fact]
    public void Each_mistake_says_what_is_allowed()
    {
        Assert.Null(Good.Mistake());
        Assert.Equal(
            "profile: there is no \"fast\"; there are rand-read-4k, rand-write-4k, rand-read-4k-qd32, rand-write-4k-qd32, seq-read-1m, seq-write-1m, mixed-70-30-4k.",
            (Good with { Profile = "fast" }).Mistake());
        Assert.Equal("seconds: 0 is not from 1 to 60.", (Good with { Seconds = 0 }).Mistake());
        Assert.Equal("seconds: 61 is not from 1 to 60.", (Good with { Seconds = 61 }).Mistake());
        Assert.Equal("repeats: 31 is not from 1 to 30.", (Good with { Repeats = 31 }).Mistake());
        Assert.Equal("repeats: -1 is not from 1 to 30.", (Good with { Repeats = -1 }).Mistake());
        Assert.StartsWith("label:", (Good with { Label = new string('x', 65) }).Mistake(), StringComparison.Ordinal);
        Assert.StartsWith("label:", (Good with { Label = "a\nb" }).Mistake(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("1vda")]
    [InlineData("vda/../x")]
    [InlineData("vda x")]
    [InlineData("é")]
    public void What_QEMU_takes_for_no_id_names_no_disk(string device) =>
        Assert.StartsWith("device:", (Good with { Device = device }).Mistake(), StringComparison.Ordinal);

    [Fact]
    public void Writing_to_the_disk_itself_has_to_be_asked_for_twice()
    {
        var writes = Good with { Device = "d1", Profile = "rand-write-4k", Target = IoTarget.Disk };
        Assert.Equal("destroys: rand-write-4k on the disk itself destroys what is on d1. If that is meant, say \"destroys\": \"d1\".", writes.Mistake());
        Assert.Equal("destroys: it names \"d2\", and the device is d1.", (writes with { Destroys = "d2" }).Mistake());
        Assert.Null((writes with { Destroys = "d1" }).Mistake());
        Assert.NotNull((writes with { Profile = "mixed-70-30-4k" }).Mistake());
        Assert.Null((writes with { Profile = "seq-read-1m" }).Mistake());
        Assert.Equal("destroys: seq-read-1m on a disk destroys nothing; leave it out.", (writes with { Profile = "seq-read-1m", Destroys = "d1" }).Mistake());
        Assert.Equal("destroys: rand-write-4k on a file destroys nothing; leave it out.", (writes with { Target = IoTarget.File, Destroys = "d1" }).Mistake());
    }

    [Fact]
    public void A_profile_that_only_reads_is_made_unable_to_write()
    {
        foreach (var profile in IoProfile.All)
        {
            var arguments = FioCommand.Measure("abc", profile, IoTarget.Disk, "/dev/vdb", "libaio", seconds: 3).Arguments;
            Assert.Equal(!profile.Writes, arguments.Contains("--readonly"));
            Assert.DoesNotContain("--allow_mounted_write=1", arguments);
            Assert.True(profile.Reads || profile.Writes);
        }
    }

    [Fact]
    public void The_command_line_is_the_profile()
    {
        var program = FioCommand.Measure("abc", IoProfile.Find("mixed-70-30-4k")!, IoTarget.File, "/var/tmp/labnet-io-abc", "psync", seconds: 3);
        Assert.Equal("fio", program.Path);
        Assert.Equal(
            "--name=labnet-io-abc --filename=/var/tmp/labnet-io-abc --size=64M --rw=randrw --rwmixread=70 --bs=4096 --iodepth=1 --ioengine=psync --direct=1 "
            + "--overwrite=1 --time_based --runtime=3 --randrepeat=0 --norandommap --thread --lat_percentiles=1 --clat_percentiles=0 "
            + "--percentile_list=50:95:99:99.9 --eta=never --output-format=json",
            string.Join(' ', program.Arguments));
        Assert.DoesNotContain(FioCommand.Measure("abc", IoProfile.All[0], IoTarget.Disk, "/dev/vdb", "libaio", 1).Arguments, argument => argument.StartsWith("--size", StringComparison.Ordinal));
        Assert.Equal("labnet-io-abc\n/var/tmp/labnet-io-abc\n", System.Text.Encoding.UTF8.GetString(FioCommand.End("abc", "/var/tmp/labnet-io-abc").Input!.Value.Span));
        Assert.Equal("/labnet-io-abc", FioCommand.FileIn("/", "abc"));
    }

    [Fact]
    public void An_engine_is_one_that_stands_in_the_list_by_itself()
    {
        const string List = "Available IO engines:\n\tcpuio\n\tpsync\n\tlibaio2\n";
        Assert.True(FioCommand.HasEngine(List, "psync"));
        Assert.False(FioCommand.HasEngine(List, "libaio"));
    }
}
