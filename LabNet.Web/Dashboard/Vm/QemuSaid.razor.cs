using System.Text.Json;
using LabNet.Core.GuestAgent;
using LabNet.Core.Qmp;
using LabNet.Core.Vms;
using Microsoft.AspNetCore.Components;

namespace LabNet.Web.Dashboard.Vm;

/// <summary>A question to QEMU, or to the guest's agent, that changes nothing.</summary>
/// <param name="Path">Of the object that is meant, for the commands that take one.</param>
public sealed record QemuQuestion(string Command, string? Path = null, string? Property = null)
{
    /// <summary>The one question to the human monitor; its answer is no JSON.</summary>
    public static readonly QemuQuestion MemoryTree = new(HumanMonitorLine.MemoryTree.ToString());

    /// <summary>Who answers.</summary>
    public string Asked => IsForAgent ? "the agent" : "QEMU";

    /// <summary>The agent's commands begin in a way that none of QEMU's does.</summary>
    internal bool IsForAgent => Command.StartsWith("guest-", StringComparison.Ordinal);

    public override string ToString() => $"{Command}{(Path is null ? "" : $" {Path}")}{(Property is null ? "" : $" {Property}")}";

    internal JsonElement? Arguments => (Path, Property) switch
    {
        (null, _) => null,
        (_, null) => JsonSerializer.SerializeToElement(new { path = Path }),
        _ => JsonSerializer.SerializeToElement(new { path = Path, property = Property }),
    };
}

/// <summary>QEMU's own answers, for who wants to see what the page is made of.</summary>
public sealed partial class QemuSaid
{
    private const int CharactersMax = 200_000;

    private readonly Dictionary<QemuQuestion, string> _answers = [];

    [Parameter, EditorRequired]
    public VmSession Session { get; set; } = default!;

    [Parameter, EditorRequired]
    public IReadOnlyList<QemuQuestion> Questions { get; set; } = [];

    protected override Task OnInitializedAsync() => AskAsync();

    private async Task AskAsync()
    {
        foreach (var question in Questions)
        {
            _answers[question] = await AskAsync(question);
        }
    }

    private async Task<string> AskAsync(QemuQuestion question)
    {
        try
        {
            if (question == QemuQuestion.MemoryTree)
            {
                var text = await Session.ReadMemoryTreeAsync(CancellationToken.None);
                return text.Length <= CharactersMax ? text : text[..CharactersMax];
            }

            if (question.IsForAgent)
            {
                return JsonText.Indented(await Session.ReadGuestAsync(question.Command, CancellationToken.None), CharactersMax);
            }

            return JsonText.Indented(await Session.ReadAsync(question.Command, question.Arguments, CancellationToken.None), CharactersMax);
        }
        catch (Exception e) when (e is QmpException or GuestAgentException)
        {
            return e.Message;
        }
    }
}
