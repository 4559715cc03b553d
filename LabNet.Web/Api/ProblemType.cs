namespace LabNet.Web.Api;

/// <summary>A kind of problem: a section of docs/errors.md says what it means and what to do.</summary>
/// <param name="Section">The section's anchor.</param>
public sealed record ProblemType(string Section, int Status, string Title)
{
    public static readonly ProblemType BadInput =
        new("bad-input", StatusCodes.Status400BadRequest, "The request is not as the contract says");

    public static readonly ProblemType TooLarge =
        new("too-large", StatusCodes.Status413PayloadTooLarge, "The request's body is too large");

    public static readonly ProblemType NotJson =
        new("not-json", StatusCodes.Status415UnsupportedMediaType, "The request's body is not JSON");

    public static readonly ProblemType AntiforgeryMissing =
        new("antiforgery-missing", StatusCodes.Status400BadRequest, "The antiforgery token is missing");

    public static readonly ProblemType ForeignHost =
        new("foreign-host", StatusCodes.Status400BadRequest, "LabNet does not answer to this name");

    public static readonly ProblemType NotLoggedIn =
        new("not-logged-in", StatusCodes.Status401Unauthorized, "A token is needed");

    public static readonly ProblemType RoleTooSmall =
        new("role-too-small", StatusCodes.Status403Forbidden, "The token's role does not allow this");

    public static readonly ProblemType RawQmpOff =
        new("raw-qmp-off", StatusCodes.Status403Forbidden, "Raw QMP is off");

    public static readonly ProblemType ForeignOrigin =
        new("foreign-origin", StatusCodes.Status403Forbidden, "The connection comes from a page of another site");

    public static readonly ProblemType UnknownThing =
        new("unknown-thing", StatusCodes.Status404NotFound, "There is no such thing");

    public static readonly ProblemType WrongMethod =
        new("wrong-method", StatusCodes.Status405MethodNotAllowed, "The address does not take this method");

    public static readonly ProblemType Conflict =
        new("conflict", StatusCodes.Status409Conflict, "Not possible in the present state");

    public static readonly ProblemType RefusedByQemu =
        new("refused-by-qemu", StatusCodes.Status409Conflict, "QEMU refused");

    public static readonly ProblemType RefusedByGuest =
        new("refused-by-guest", StatusCodes.Status409Conflict, "The guest agent refused");

    public static readonly ProblemType Unexpected =
        new("unexpected", StatusCodes.Status500InternalServerError, "LabNet failed");

    public static readonly ProblemType NotReady =
        new("not-ready", StatusCodes.Status503ServiceUnavailable, "LabNet is not ready");

    public static readonly ProblemType StorageUnavailable =
        new("storage-unavailable", StatusCodes.Status503ServiceUnavailable, "LabNet's database cannot be used");

    public static readonly ProblemType NotConnected =
        new("not-connected", StatusCodes.Status503ServiceUnavailable, "The VM is not connected");

    public static readonly ProblemType AgentUnavailable =
        new("agent-unavailable", StatusCodes.Status503ServiceUnavailable, "The guest agent cannot be reached");

    public static readonly ProblemType TimedOut =
        new("timed-out", StatusCodes.Status504GatewayTimeout, "No answer came in time");

    public static readonly IReadOnlyList<ProblemType> All =
    [
        BadInput, TooLarge, NotJson, AntiforgeryMissing, ForeignHost, NotLoggedIn, RoleTooSmall, RawQmpOff, ForeignOrigin, UnknownThing, WrongMethod,
        Conflict, RefusedByQemu, RefusedByGuest, Unexpected, NotReady, StorageUnavailable, NotConnected, AgentUnavailable, TimedOut,
    ];

    public string Link => ErrorsPage.Path + "#" + Section;
}
