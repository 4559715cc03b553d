using System.Globalization;
using Microsoft.AspNetCore.Components;

namespace LabNet.Web.Dashboard.Times;

/// <summary>
/// How long something has lasted, ticking. The server's clock gives the start and the browser's only counts on, so that a clock that is
/// wrong in the browser shows no wrong time.
/// </summary>
public sealed partial class Elapsed
{
    private DateTimeOffset? _since;
    private long _elapsedMs;

    [Inject]
    private TimeProvider Time { get; set; } = default!;

    [Parameter, EditorRequired]
    public DateTimeOffset Since { get; set; }

    /// <summary>Written as "12 s ago" instead of "00:00:12".</summary>
    [Parameter]
    public bool Ago { get; set; }

    private string Title => Since.UtcDateTime.ToString("'since' yyyy-MM-dd HH:mm:ss 'UTC'", CultureInfo.InvariantCulture);

    private string Text => Ago ? DurationText.Ago(TimeSpan.FromMilliseconds(_elapsedMs)) : DurationText.Clock(TimeSpan.FromMilliseconds(_elapsedMs));

    protected override void OnParametersSet()
    {
        // Only then: an attribute that changed with every render would be sent with every render.
        if (_since != Since)
        {
            _since = Since;
            _elapsedMs = Math.Max(0, (long)(Time.GetUtcNow() - Since).TotalMilliseconds);
        }
    }
}
