using LabNet.Core.Devices;
using LabNet.Core.Qmp;
using LabNet.Core.Storage;
using LabNet.Core.Vms;
using Microsoft.AspNetCore.Components;

namespace LabNet.Web.Dashboard.Vm;

/// <summary>An object of QEMU's tree: what hangs below it, and its properties with their values. Each is read when it is opened.</summary>
public sealed partial class QomBrowser : IDisposable
{
    private readonly CancellationTokenSource _leaving = new();
    private IReadOnlySet<string> _settable = new HashSet<string>();
    private string? _settableOf;
    private string? _editing;
    private string _text = "";
    private string? _mistake;
    private bool _setting;

    [Inject]
    private TimeProvider Time { get; set; } = default!;

    [Inject]
    private NavigationManager Navigation { get; set; } = default!;

    [Parameter, EditorRequired]
    public VmSession Session { get; set; } = default!;

    [Parameter, EditorRequired]
    public VmState State { get; set; } = default!;

    /// <summary>Who looks; an admin can set what QEMU lets be set.</summary>
    [Parameter, EditorRequired]
    public Actor Actor { get; set; } = default!;

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

    public void Dispose()
    {
        _leaving.Cancel();
        _leaving.Dispose();
    }

    protected override void OnParametersSet()
    {
        if (_settableOf is not null && _settableOf != Path)
        {
            (_settableOf, _settable) = (null, new HashSet<string>());
            StopEditing();
        }
    }

    private async Task<GuestReading<QomObject>> ReadAsync(TimeSpan maxAge, CancellationToken cancellationToken)
    {
        var path = Path;
        var read = await QomObject.ReadAsync(Session, path, cancellationToken);
        if (Actor.Role >= Role.Admin && _settableOf != path)
        {
            _settable = await read.FindSettableAsync(Session, cancellationToken);
            _settableOf = path;
        }

        return new GuestReading<QomObject>(read, Time.GetUtcNow());
    }

    private void Edit(QomProperty property) => (_editing, _text, _mistake) = (property.Name, property.Value ?? "", null);

    private void StopEditing() => (_editing, _mistake) = (null, null);

    private async Task SetAsync(QomProperty property)
    {
        if (property.Parse(_text, out _mistake) is not { } value || _setting)
        {
            return;
        }

        _setting = true;
        try
        {
            await Session.SetPropertyAsync(Path, property.Name, value, Actor, _leaving.Token);
            StopEditing();
        }
        catch (Exception e) when (e is QmpException or ForbiddenException or DatabaseException)
        {
            _mistake = e.Message;
        }
        finally
        {
            _setting = false;
        }
    }

    private string Address(string path) => Navigation.GetUriWithQueryParameter("qom", path);

    private string Join(string name) => Path.EndsWith('/') ? Path + name : $"{Path}/{name}";

    private static string Plural(int count, string one, string? many = null) => count == 1 ? $"1 {one}" : $"{count} {many ?? one + "s"}";
}
