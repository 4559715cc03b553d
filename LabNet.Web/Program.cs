using LabNet.Core.Storage;
using LabNet.Core.Traffic;
using LabNet.Web;
using LabNet.Web.Access;
using LabNet.Web.Api;
using LabNet.Web.Dashboard;
using LabNet.Web.Hubs;
using LabNet.Web.Startup;
using LabNet.Web.Terminal;

if (args is ["check", var labFile])
{
    return LabCheck.Run(labFile);
}

if (args is ["console", var url, var vm])
{
    return await ConsoleCommand.RunAsync(url, vm);
}

if (args is ["relay", var folder])
{
    return RelayProcess.Run(folder);
}

try
{
    var builder = WebApplication.CreateBuilder(args);
    var settings = builder.AddLabNetSettings();
    builder.Services.AddLab(settings);
    builder.Services.AddAccess(settings);
    builder.Services.AddLabNetApi();
    builder.Services.AddLabHub();
    builder.Services.AddDashboard();

    await using var app = builder.Build();
    app.UseDashboardErrorPages();
    app.UseLabNetApi();
    app.UseAccess();
    app.MapStaticAssets().AllowAnonymous();
    app.MapAccess();
    app.MapLabNetApi();
    app.MapLabHub();
    app.MapDashboard();
    await app.RunAsync();
    return 0;
}
catch (Exception e) when (e is LabNetSettingsException or LabFileException or DatabaseException)
{
    Console.Error.WriteLine(e.Message);
    return 2;
}
