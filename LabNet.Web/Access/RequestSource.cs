using LabNet.Web.Api;
using Microsoft.Extensions.Primitives;

namespace LabNet.Web.Access;

/// <summary>
/// Keeps other web sites out. A Host that is not LabNet's is how DNS rebinding arrives; a foreign Origin at a WebSocket is how a page of
/// somebody else's would use the browser's cookie (browsers apply neither CORS nor preflight to WebSockets, RFC 6455 § 10.2).
/// </summary>
internal sealed class RequestSource(RequestDelegate next, LabNetSettings settings)
{
    private readonly List<StringSegment> _hosts = [.. settings.Hosts.Select(host => new StringSegment(host))];

    public Task InvokeAsync(HttpContext context)
    {
        var request = context.Request;
        if (!request.Host.HasValue || !HostString.MatchesAny(request.Host.Host, _hosts))
        {
            return Problems.WriteAsync(context, new Problem(
                ProblemType.ForeignHost,
                $"LabNet does not answer to the name \"{request.Host.Host}\". Names are added by the setting LabNet:AllowedHosts."));
        }

        if (LiveConnections.IsOne(request.Path) && !IsOwnOrigin(request))
        {
            return Problems.WriteAsync(context, new Problem(ProblemType.ForeignOrigin, "This connection is for LabNet's own pages."));
        }

        return next(context);
    }

    /// <summary>No Origin at all comes from programs, and from browsers only for a GET of the same site.</summary>
    private static bool IsOwnOrigin(HttpRequest request)
    {
        if (request.Headers.Origin.Count == 0)
        {
            return true;
        }

        // A proxy may have taken the TLS off, so https may have become http on the way; never the other way round.
        return request.Headers.Origin is [{ } text]
            && Uri.TryCreate(text, UriKind.Absolute, out var origin)
            && (origin.Scheme == Uri.UriSchemeHttps || (origin.Scheme == Uri.UriSchemeHttp && !request.IsHttps))
            && origin.Host.Equals(request.Host.Host, StringComparison.OrdinalIgnoreCase)
            && origin.Port == (request.Host.Port ?? (origin.Scheme == Uri.UriSchemeHttps ? 443 : 80));
    }
}
