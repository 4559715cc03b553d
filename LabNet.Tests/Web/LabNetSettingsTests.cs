using LabNet.Web;
using Microsoft.Extensions.Configuration;

namespace LabNet.Tests.Web;

[Trait("suite", "unit")]
public sealed class LabNetSettingsTests : IDisposable
{
    private readonly string _labFile = Path.GetTempFileName();

    public void Dispose() => File.Delete(_labFile);

    [Fact]
    public void By_default_only_this_machine_is_listened_to()
    {
        var settings = Read([]);
        Assert.Equal(["http://127.0.0.1:5000"], settings.Urls);
        Assert.Equal(["127.0.0.1", "localhost", "[::1]"], settings.Hosts);
        Assert.EndsWith("/labnet", settings.StateFolder, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("http://0.0.0.0:5000")]
    [InlineData("http://[::]:5000")]
    [InlineData("http://*:5000")]
    [InlineData("http://192.168.2.117:5000")]
    [InlineData("http://labhost:5000")]
    public void Plain_http_that_others_can_reach_needs_an_explicit_word(string url)
    {
        Assert.StartsWith($"LabNet:Urls: {url} can be reached from other machines", MistakeOf(new() { ["LabNet:Urls"] = url }), StringComparison.Ordinal);
        Assert.Equal([url], Read(new() { ["LabNet:Urls"] = url, ["LabNet:AllowPlainHttp"] = "true" }).Urls);
    }

    [Fact]
    public void The_usual_ASP_NET_setting_of_the_addresses_is_checked_in_the_same_way() =>
        Assert.StartsWith("LabNet:Urls: http://0.0.0.0:80 can be reached", MistakeOf(new() { ["urls"] = "http://0.0.0.0:80" }), StringComparison.Ordinal);

    [Theory]
    [InlineData("http://localhost:5000")]
    [InlineData("http://127.0.0.2:5000")]
    [InlineData("http://[::1]:5000")]
    [InlineData("https://0.0.0.0:5001")]
    [InlineData("http://unix:/run/labnet/web.sock")]
    public void What_is_safe_needs_none(string url) => Assert.Equal([url], Read(new() { ["LabNet:Urls"] = url }).Urls);

    [Fact]
    public void The_names_that_are_listened_to_and_those_allowed_are_answered()
    {
        var settings = Read(new() { ["LabNet:Urls"] = "https://lab.example:5001;https://0.0.0.0:5002", ["LabNet:AllowedHosts"] = "lab; fd00::1" });
        Assert.Equal(["lab.example", "lab", "[fd00::1]", "localhost", "127.0.0.1", "[::1]"], settings.Hosts);
    }

    [Fact]
    public void All_mistakes_are_told_at_once()
    {
        var exception = Assert.Throws<LabNetSettingsException>(() => LabNetSettings.Read(Configuration(new()
        {
            ["LabNet:LabFile"] = "/nowhere/lab.yaml",
            ["LabNet:Urls"] = "ftp://x;http://0.0.0.0:1",
            ["LabNet:AllowPlainHttp"] = "yes",
            ["LabNet:AllowedHosts"] = "a b",
            ["LabNet:Colour"] = "red",
            ["Kestrel:Endpoints:Http:Url"] = "http://*:80",
        })));
        Assert.Equal(
            [
                "LabNet:LabFile: there is no file /nowhere/lab.yaml.",
                "Kestrel:Endpoints",
                "LabNet:AllowPlainHttp: \"yes\" is neither true nor false.",
                "LabNet:Urls: \"ftp://x\" is no address",
                "LabNet:Urls: http://0.0.0.0:1 can be reached",
                "LabNet:AllowedHosts: \"a b\" is no host name",
                "LabNet:Colour is not known; known are StateFolder, LabFile, Urls, AllowedHosts, AllowPlainHttp, ",
            ],
            exception.Mistakes,
            (start, mistake) => mistake.StartsWith(start, StringComparison.Ordinal));
        Assert.All(exception.Mistakes, mistake => Assert.Contains(mistake, exception.Message, StringComparison.Ordinal));
    }

    [Fact]
    public void A_missing_lab_file_is_told() => Assert.Equal(
        "LabNet:LabFile is missing: the path of the lab file.",
        MistakeOf(new() { ["LabNet:LabFile"] = null }));

    private string MistakeOf(Dictionary<string, string?> values) => Assert.Single(Assert.Throws<LabNetSettingsException>(() => Read(values)).Mistakes);

    private LabNetSettings Read(Dictionary<string, string?> values)
    {
        values.TryAdd("LabNet:LabFile", _labFile);
        return LabNetSettings.Read(Configuration(values));
    }

    private static IConfiguration Configuration(Dictionary<string, string?> values) => new ConfigurationBuilder().AddInMemoryCollection(values).Build();
}
