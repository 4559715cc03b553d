using System.Diagnostics;

namespace LabNet.Web.Api;

/// <summary>The edge of every request to the API: what goes wrong inside is answered with a problem.</summary>
internal sealed partial class ProblemAnswers(RequestDelegate next, ILogger<ProblemAnswers> logger)
{
    public async Task InvokeAsync(HttpContext context)
    {
        try
        {
            await next(context);
            var response = context.Response;
            if (!response.HasStarted && response.ContentLength is null && response.ContentType is null
                && ProblemMapping.OfStatus(response.StatusCode, context.Request) is { } problem)
            {
                await Problems.WriteAsync(context, problem);
            }
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // Nobody waits for the answer any more; the status is for the request log only. A download that has begun has its own.
            if (!context.Response.HasStarted)
            {
                context.Response.StatusCode = StatusCodes.Status499ClientClosedRequest;
            }
        }
        catch (Exception e) when (!context.Response.HasStarted)
        {
            context.Response.Clear();
            await Problems.WriteAsync(context, ProblemMapping.Of(e) ?? Unexpected(context, e));
        }
    }

    private Problem Unexpected(HttpContext context, Exception exception)
    {
        var traceId = Activity.Current?.TraceId.ToString() ?? context.TraceIdentifier;
        LogUnexpected(exception, context.Request.Method, context.Request.Path, traceId);
        return new Problem(ProblemType.Unexpected, "LabNet's log tells more under this trace id.") { TraceId = traceId };
    }

    [LoggerMessage(3101, LogLevel.Error, "{Method} {Path} failed (trace id {TraceId})")]
    private partial void LogUnexpected(Exception exception, string method, string path, string traceId);
}
