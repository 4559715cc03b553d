using LabNet.Core.GuestAgent;
using LabNet.Core.Qmp;
using LabNet.Core.Vms;
using LabNet.Web.Dashboard.Vm;
using Microsoft.AspNetCore.Components;

namespace LabNet.Web.Dashboard.Live;

/// <summary>
/// A part of a page that is read from a VM again and again while it is looked at. It says how old it is, and keeps what it had when a
/// reading fails, with the reason.
/// </summary>
public sealed partial class Reading<TValue> : IAsyncDisposable
{
    /// <summary>Whatever is at hand is shown at once, with its age; the next reading is a fresh one.</summary>
    private static readonly TimeSpan AnyAge = TimeSpan.FromDays(1);

    private readonly CancellationTokenSource _leaving = new();
    private readonly SemaphoreSlim _ask = new(0);
    private GuestReading<TValue>? _told;
    private string? _problem;
    private string? _whyNotBefore;
    private bool _saidOpen;
    private Task _readLoop = Task.CompletedTask;

    /// <summary>Whom <see cref="Said"/> is asked; needed with it only.</summary>
    [Parameter]
    public VmSession? Session { get; set; }

    [Parameter, EditorRequired]
    public string Title { get; set; } = "";

    /// <summary>Reads it. The first argument is how old a reading may be that is at hand already.</summary>
    [Parameter, EditorRequired]
    public Func<TimeSpan, CancellationToken, Task<GuestReading<TValue>>> Ask { get; set; } = default!;

    [Parameter]
    public TimeSpan Period { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>Why it cannot be asked at the moment; null where it can.</summary>
    [Parameter, EditorRequired]
    public string? WhyNot { get; set; }

    /// <summary>What QEMU, or else the guest's agent, is asked for this part.</summary>
    [Parameter]
    public IReadOnlyList<QemuQuestion> Said { get; set; } = [];

    /// <summary>Over the page's whole width.</summary>
    [Parameter]
    public bool Wide { get; set; }

    /// <summary>Stands in the part's head.</summary>
    [Parameter]
    public RenderFragment? Tools { get; set; }

    [Parameter, EditorRequired]
    public RenderFragment<TValue> ChildContent { get; set; } = default!;

    protected override void OnParametersSet()
    {
        if (_whyNotBefore is not null && WhyNot is null)
        {
            _ask.Release();
        }

        _whyNotBefore = WhyNot;
    }

    protected override void OnAfterRender(bool firstRender)
    {
        if (firstRender)
        {
            _readLoop = ReadLoopAsync();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _leaving.CancelAsync();
        await _readLoop;
        _leaving.Dispose();
        _ask.Dispose();
    }

    private async Task ReadLoopAsync()
    {
        var maxAge = AnyAge;
        try
        {
            while (true)
            {
                if (WhyNot is null)
                {
                    await ReadAsync(maxAge);
                    maxAge = maxAge == AnyAge ? TimeSpan.Zero : Period / 2;
                    StateHasChanged();
                }

                await _ask.WaitAsync(maxAge == TimeSpan.Zero ? TimeSpan.FromMilliseconds(100) : Period, _leaving.Token);
            }
        }
        catch (OperationCanceledException) when (_leaving.IsCancellationRequested)
        {
            // The viewer went to another page.
        }
        catch (Exception e)
        {
            await DispatchExceptionAsync(e);
        }
    }

    private async Task ReadAsync(TimeSpan maxAge)
    {
        try
        {
            _told = await Ask(maxAge, _leaving.Token);
            _problem = null;
        }
        catch (Exception e) when (e is QmpException or GuestAgentException)
        {
            _problem = e.Message;
        }
    }

    /// <summary>The kernel's errors, and some of QEMU's, have no full stop.</summary>
    private static string Sentence(string text) => text.Length > 0 && text[^1] is '.' or '!' or '?' ? text : text + ".";
}
