
namespace LabNet.Tests.Dashboard;

public sealed class Serve
{
    [Fact(Explicit = true)]
    public async Task Now()
    {
        await using var host = await DashboardHost.StartAsync(Labs.CrossArch(), port: 5999);
        Screenshots.RunBoth(host);
        await Task.Delay(TimeSpan.FromMinutes(30), TestContext.Current.CancellationToken);
    }
}
