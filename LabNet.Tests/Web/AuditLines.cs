using Dapper;
using LabNet.Core.Storage;

namespace LabNet.Tests.Web;

internal static class AuditLines
{
    public static IReadOnlyList<string> Of(TestApp app, string action)
    {
        using var reader = app.Get<Database>().OpenReader();
        return [.. reader.Query<string>(
            "SELECT actor || ' ' || action || ' ' || result || ' ' || detail FROM audit WHERE action = @action ORDER BY seq", new { action })];
    }
}
