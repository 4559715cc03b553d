using System.Text.Json;
using LabNet.Core.Faults;
using LabNet.Core.GuestAgent;
using LabNet.Core.Hosts;
using LabNet.Core.IoBenchmarks;
using LabNet.Core.Qmp;
using LabNet.Core.Storage;
using LabNet.Core.Vms;
using LabNet.Web.Access;

namespace LabNet.Web.Api;

/// <summary>The one place where an exception becomes an answer.</summary>
internal static class ProblemMapping
{
    /// <summary>Null for what nobody foresaw: of that the answer tells nothing, and the log everything.</summary>
    public static Problem? Of(Exception exception) => exception switch
    {
        BadFilterException e => new Problem(ProblemType.BadInput, e.Message) { Position = e.Position, Hint = e.Hint },
        BadInputException e => new Problem(ProblemType.BadInput, e.Message),
        BadHttpRequestException { StatusCode: StatusCodes.Status413PayloadTooLarge } e => new Problem(ProblemType.TooLarge, e.Message),
        BadHttpRequestException { StatusCode: StatusCodes.Status415UnsupportedMediaType } e => new Problem(ProblemType.NotJson, e.Message),
        BadHttpRequestException { InnerException: not JsonException } e => new Problem(ProblemType.BadInput, e.Message),
        UnknownThingException or UnknownDiskException or UnknownTraceEventException => new Problem(ProblemType.UnknownThing, exception.Message),
        RawQmpOffException e => new Problem(ProblemType.RawQmpOff, e.Message),
        ForbiddenException e => new Problem(ProblemType.RoleTooSmall, e.Message),
        ChaosPlanException e => new Problem(ProblemType.BadInput, e.Message),
        VmConflictException or TokenConflictException or HostException => new Problem(ProblemType.Conflict, exception.Message),
        QmpCommandException e => new Problem(ProblemType.RefusedByQemu, e.Description) { QmpClass = e.ErrorClass, QmpCommand = e.Command },
        GuestAgentCommandException e => new Problem(ProblemType.RefusedByGuest, e.Message),
        GuestAgentUnavailableException e => new Problem(ProblemType.AgentUnavailable, e.Message),
        DatabaseException e => new Problem(ProblemType.StorageUnavailable, e.Message),
        QmpConnectException or QmpDisconnectedException => new Problem(ProblemType.NotConnected, exception.Message),
        QmpTimeoutException or GuestAgentTimeoutException => new Problem(ProblemType.TimedOut, exception.Message),
        _ => null,
    };

    /// <summary>For an answer without a body, which routing and the server give by themselves.</summary>
    public static Problem? OfStatus(int status, HttpRequest request) => status switch
    {
        StatusCodes.Status404NotFound => new Problem(ProblemType.UnknownThing, $"There is nothing at {request.Path}."),
        StatusCodes.Status405MethodNotAllowed => new Problem(ProblemType.WrongMethod, $"{request.Path} does not take {request.Method}."),
        StatusCodes.Status413PayloadTooLarge => new Problem(ProblemType.TooLarge, "The body is too large."),
        StatusCodes.Status415UnsupportedMediaType => new Problem(ProblemType.NotJson, "The body has to be application/json."),
        _ => null,
    };
}
