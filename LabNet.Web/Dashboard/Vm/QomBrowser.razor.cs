using LabNet.Core.Devices;
using LabNet.Core.Vms;
using Microsoft.AspNetCore.Components;

namespace LabNet.Web.Dashboard.Vm;

/// <summary>An object of QEMU's tree: what hangs below it, and its properties with their values. Each is read when it is opened.</summary>
public sealed partial class QomBrowser
{
    [Inject]
    private TimeProvider Time { get; set; } = default!;

    [Inject]
    private NavigationManager Navigation { get; set; } = default!;

    [Parameter, EditorRequired]
    public VmSession Session { get; set; } = default!;

    [Parameter, EditorRequired]
    public VmState State { get; set; } = default!;

    /// <summary>Absolute.</summary>
    [Parameter, EditorRequired]
    public string Path { get; set; } = "/";

    /// <summary>The way from the root to here.</summary>
    private IEnumerable<(string Name, string Path)> Steps
    {
        get
        {
            yield return ("/", "/");
            var names = Path.Split('/', StringSplitOptions.RemoveEmptyEntries);
            for (var depth = 1; depth <= names.Length; depth++)
            {
                yield return (names[depth - 1], $"/{string.Join('/', names[..depth])}");
            }
        }
    }

    private async Task<GuestReading<QomObject>> ReadAsync(TimeSpan maxAge, CancellationToken cancellationToken) =>
        new(await QomObject.ReadAsync(Session, Path, cancellationToken), Time.GetUtcNow());

    private string Address(string path) => Navigation.GetUriWithQueryParameter("qom", path);

    private string Join(string name) => Path.EndsWith('/') ? Path + name : $"{Path}/{name}";

    private static string Plural(int count, string one, string? many = null) => count == 1 ? $"1 {one}" : $"{count} {many ?? one + "s"}";
}
