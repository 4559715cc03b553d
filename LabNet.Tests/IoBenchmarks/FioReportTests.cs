using System.Text;
using LabNet.Core.IoBenchmarks;

namespace LabNet.Tests.IoBenchmarks;

[Trait("suite", "unit")]
public sealed class FioReportTests
{
    private static readonly byte[] Recorded = File.ReadAllBytes(Path.Join(Repository.Root, "LabNet.Tests", "Recordings", "guest-x86_64", "fio-mixed.json"));

    [Fact]
    public void A_report_of_a_real_guest_is_read_with_both_directions_apart()
    {
        Assert.True(FioReport.TryParse(Recorded, out var report, out _));
        Assert.Equal(("fio-3.33", 0), (report.Version, report.Error));
        Assert.Equal((2371, 17990989, 69229630), (report.Read.Operations, report.Read.LatencyMeanNs, report.Read.LatencyMaxNs));
        Assert.Equal((12386304, 48496640, 61079552, 66846720), (report.Read.P50Ns, report.Read.P95Ns, report.Read.P99Ns, report.Read.P999Ns));
        Assert.Equal((1023, 20000813, 14876672), (report.Write.Operations, report.Write.LatencyMeanNs, report.Write.P50Ns));
        Assert.Equal(2371 * 4096, report.Read.Bytes);
        Assert.Equal(2371 * 1000.0 / report.Read.RuntimeMs, report.Read.Iops);
        Assert.Equal(report.Read.Iops * 4096, report.Read.BytesPerSecond, precision: 6);
    }

    [Fact]
    public void Lines_of_fios_own_before_the_report_are_left_out()
    {
        Assert.True(FioReport.TryParse((byte[])[.. "note: both iodepth >= 1 and {psync} are selected\nfio: terminating on signal 15\n"u8, .. Recorded], out var report, out _));
        Assert.Equal(2371, report.Read.Operations);
    }

    [Fact]
    public void A_report_that_is_cut_anywhere_is_none()
    {
        var text = Recorded.AsSpan().TrimEnd("\n "u8);
        for (var length = 0; length < text.Length; length += 7)
        {
            Assert.False(FioReport.TryParse(text[..length], out _, out var mistake));
            Assert.NotEmpty(mistake);
        }
    }

    [Theory]
    [InlineData("", "it holds no JSON")]
    [InlineData("fio: engine nosuch not loadable", "it holds no JSON")]
    [InlineData("{}", "missing or not what fio 3 writes")]
    [InlineData("""{"fio version": "x", "jobs": []}""", "it has not exactly one job")]
    [InlineData("""{"fio version": "x", "jobs": [null]}""", "it has not exactly one job")]
    [InlineData("""{"fio version": null, "jobs": []}""", "missing or not what fio 3 writes")]
    public void What_is_no_report_says_why(string output, string expected)
    {
        Assert.False(FioReport.TryParse(Encoding.UTF8.GetBytes(output), out _, out var mistake));
        Assert.Contains(expected, mistake, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0, "", 1000, "1", "0 is fine", true)]
    [InlineData(5, "\"percentile\": {\"50.000000\": 1, \"95.000000\": 2, \"99.000000\": 3, \"99.900000\": 4}", 1000, "1.5e3", "", true)]
    [InlineData(5, "\"percentile\": {\"50.000000\": 1, \"95.000000\": 2, \"99.000000\": 3}", 1000, "1", "read lacks percentiles", false)]
    [InlineData(5, "\"percentile\": {\"50.000000\": -1, \"95.000000\": 2, \"99.000000\": 3, \"99.900000\": 4}", 1000, "1", "read lacks percentiles", false)]
    [InlineData(5, "", 1000, "1", "read lacks percentiles", false)]
    [InlineData(5, "", 0, "1", "read has requests and no time", false)]
    [InlineData(-5, "", 1000, "1", "read has a number below zero", false)]
    [InlineData(5, "", 1000, "-1", "read has a latency that is none", false)]
    [InlineData(5, "", 1000, "1e300", "read has a latency that is none", false)]
    [InlineData(5, "", 1000, "NaN", "missing or not", false)]
    public void Numbers_that_cannot_be_are_refused(long ios, string percentile, long runtime, string mean, string expected, bool isReport)
    {
        var comma = percentile.Length == 0 ? "" : ",";
        var side = $$"""{"io_bytes": 4096, "total_ios": {{ios}}, "runtime": {{runtime}}, "lat_ns": {"mean": {{mean}}, "max": 7{{comma}} {{percentile}} } }""";
        var nothing = """{"io_bytes": 0, "total_ios": 0, "runtime": 0, "lat_ns": {"mean": 0.0, "max": 0}}""";
        var output = $$"""{"fio version": "fio-3.33\u001b[31m<b>", "jobs": [{"error": 0, "read": {{side}}, "write": {{nothing}}}]}""";
        Assert.Equal(isReport, FioReport.TryParse(Encoding.UTF8.GetBytes(output), out var report, out var mistake));
        Assert.Contains(mistake is null ? "" : expected, mistake ?? "", StringComparison.Ordinal);
        if (report is not null)
        {
            Assert.Equal(("fio-3.3331mb", 0.0), (report.Version, report.Write.Iops));
        }
    }

    [Fact]
    public void A_report_that_nobody_could_have_written_is_not_read_to_the_end() =>
        Assert.False(FioReport.TryParse((byte[])[.. Recorded, .. new byte[1024 * 1024]], out _, out _));
}
