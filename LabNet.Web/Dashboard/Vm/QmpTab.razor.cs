using System.Collections.Immutable;
using LabNet.Core.Qmp;
using LabNet.Core.Storage;
using LabNet.Core.Vms;
using LabNet.Web.Dashboard.Live;
using Microsoft.AspNetCore.Components;
using Microsoft.JSInterop;

namespace LabNet.Web.Dashboard.Vm;

/// <summary>QEMU's monitor protocol by hand: what the commands take comes from the schema of this very QEMU.</summary>
public sealed partial class QmpTab : IAsyncDisposable
{
    /// <summary>Well below what a circuit takes in one message.</summary>
    private const int LineCharsMax = 16_000;
    private const int CandidatesShown = 40;
    private const int ExchangesKept = 50;
    private const int AnswerCharsMax = 100_000;
    private static readonly QmpShellCompletion Nothing = new(0, 0, []);

    private readonly CancellationTokenSource _leaving = new();
    private readonly List<Exchange> _exchanges = [];
    private ElementReference _input;
    private BrowserPart? _shell;
    private DotNetObjectReference<QmpTab>? _self;
    private QmpSchema? _schema;
    private string? _schemaProblem;
    private Task _loading = Task.CompletedTask;
    private string _line = "";
    private QmpShellCompletion _completion = Nothing;
    private QmpSchemaCommand? _command;
    private ImmutableArray<QmpSchemaLine> _arguments = [];
    private IReadOnlyList<QmpShellMistake> _mistakes = [];
    private bool _sending;

    [Inject]
    private IJSRuntime JavaScript { get; set; } = default!;

    [Inject]
    private TimeProvider Time { get; set; } = default!;

    [Parameter, EditorRequired]
    public VmSession Session { get; set; } = default!;

    [Parameter, EditorRequired]
    public VmState State { get; set; } = default!;

    [Parameter, EditorRequired]
    public Actor Actor { get; set; } = default!;

    private string? WhyNotSend => !Session.AllowsRawQmp ? "Raw QMP is off."
        : _sending ? "The last command has not been answered yet."
        : VmAsking.WhyNotQemu(State);

    protected override Task OnParametersSetAsync()
    {
        if (_schema is null && _loading.IsCompleted && Actor.Role >= Role.Admin && RendererInfo.IsInteractive)
        {
            _loading = LoadAsync();
        }

        return _loading;
    }

    protected override Task OnAfterRenderAsync(bool firstRender) =>
        firstRender && Actor.Role >= Role.Admin ? OpenAsync() : Task.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        await _leaving.CancelAsync();
        if (_shell is not null)
        {
            await _shell.DisposeAsync();
        }

        _self?.Dispose();
        _leaving.Dispose();
    }

    /// <summary>The line as it stands in the browser.</summary>
    [JSInvokable]
    public void Typed(string line, int cursor)
    {
        _line = line.Length <= LineCharsMax ? line : line[..LineCharsMax];
        if (_schema is { } schema)
        {
            _completion = QmpShellLine.Complete(_line, Math.Clamp(cursor, 0, _line.Length), schema);
            _mistakes = [];
            var command = schema.FindCommand(_line.TrimStart().Split(' ', '{')[0]);
            if (command?.Name != _command?.Name)
            {
                _command = command;
                _arguments = command?.DescribeArguments() ?? [];
            }
        }

        StateHasChanged();
    }

    /// <summary>What Tab puts into the line: what all candidates begin with, or the first of them if that is there already.</summary>
    [JSInvokable]
    public async Task<Replacement?> Complete(string line, int cursor)
    {
        await _loading;
        Typed(line, cursor);
        var candidates = _completion.Candidates;
        if (candidates.IsEmpty)
        {
            return null;
        }

        var common = candidates[0].Text;
        foreach (var candidate in candidates)
        {
            common = common[..common.Zip(candidate.Text).TakeWhile(pair => pair.First == pair.Second).Count()];
        }

        var typed = Math.Max(0, Math.Min(cursor, _line.Length) - _completion.Start);
        return new Replacement(_completion.Start, _completion.Length, common.Length > typed ? common : candidates[0].Text);
    }

    /// <summary>What was sent: 0 for the last, 1 for the one before, …</summary>
    [JSInvokable]
    public string? Recall(int back) => back >= 0 && back < _exchanges.Count ? _exchanges[back].Line : null;

    /// <returns>Whether it was sent, so that the line can be emptied.</returns>
    [JSInvokable]
    public async Task<bool> Send(string line)
    {
        await _loading;
        Typed(line, line.Length);
        if (_line.Trim().Length == 0 || WhyNotSend is not null || _schema is not { } schema)
        {
            return false;
        }

        var reading = QmpShellLine.Parse(_line, schema);
        _mistakes = reading.Mistakes;
        if (_mistakes.Count > 0)
        {
            StateHasChanged();
            return false;
        }

        _sending = true;
        StateHasChanged();
        var started = Time.GetTimestamp();
        var (answer, failed) = await ExecuteAsync(reading);
        _exchanges.Insert(0, new Exchange(_line.Trim(), answer, failed, Time.GetElapsedTime(started), Time.GetUtcNow()));
        _exchanges.RemoveRange(Math.Min(_exchanges.Count, ExchangesKept), Math.Max(0, _exchanges.Count - ExchangesKept));
        _sending = false;
        StateHasChanged();
        return true;
    }

    private Task OpenAsync()
    {
        _self = DotNetObjectReference.Create(this);
        _shell = new BrowserPart(JavaScript, Time, "./Dashboard/Vm/QmpTab.razor.js");
        return _shell.OpenAsync(_input, _self);
    }

    private async Task LoadAsync()
    {
        _schemaProblem = VmAsking.WhyNotQemu(State);
        if (_schemaProblem is not null)
        {
            return;
        }

        try
        {
            _schema = (await Session.ReadSchemaAsync(_leaving.Token)).Parsed;
            Typed(_line, _line.Length);
        }
        catch (QmpException e)
        {
            _schemaProblem = e.Message;
        }
        catch (OperationCanceledException) when (_leaving.IsCancellationRequested)
        {
            // The viewer went to another page.
        }
    }

    private async Task<(string Answer, bool Failed)> ExecuteAsync(QmpShellReading reading)
    {
        try
        {
            var returned = await Session.ExecuteRawQmpAsync(reading.Command, reading.Arguments, Actor, _leaving.Token);
            return (JsonText.Indented(returned, AnswerCharsMax), false);
        }
        catch (QmpCommandException e)
        {
            return ($"{e.ErrorClass}: {e.Description}", true);
        }
        catch (Exception e) when (e is QmpException or ArgumentException or ForbiddenException or RawQmpOffException or DatabaseException or OperationCanceledException)
        {
            return (e.Message, true);
        }
    }

    private async Task SendAsync()
    {
        if (_shell is not null)
        {
            await _shell.InvokeVoidAsync("send");
        }
    }

    private async Task TakeAsync(QmpShellCandidate candidate)
    {
        if (_shell is not null)
        {
            await _shell.InvokeVoidAsync("replace", new Replacement(_completion.Start, _completion.Length, candidate.Text));
        }
    }

    /// <param name="Start">The first character that goes.</param>
    /// <param name="Length">How many go.</param>
    public sealed record Replacement(int Start, int Length, string Text);

    private sealed record Exchange(string Line, string Answer, bool Failed, TimeSpan Took, DateTimeOffset At);
}
