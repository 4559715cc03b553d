using LabNet.Core.Labs;
using LabNet.Core.Traffic;
using LabNet.Core.Vms;

namespace LabNet.Web.Dashboard.Live;

/// <summary>How a link does, from what the hosts' kernels and the guests' pings say.</summary>
/// <param name="MtuBytes">The smallest of the hosts; null until one told it.</param>
/// <param name="Pings">Those over this link, in the lab's order.</param>
public sealed record LinkHealth(Link Link, Tone Tone, string Word, string? Detail, int? MtuBytes, IReadOnlyList<PingMeasured> Pings)
{
    public bool Fails => Tone == Tone.Bad;

    public static LinkHealth Of(LabView view, Link link)
    {
        var parts = view.Lab.Hosts.Select(h => view.Links.GetValueOrDefault((link.Name, h.Name))).ToList();
        var pings = PingsOf(view, link.Name);
        var (tone, word, detail) = Judge(view, parts, pings);
        return new LinkHealth(link, tone, word, detail, parts.Min(p => p?.MtuBytes), pings);
    }

    private static (Tone Tone, string Word, string? Detail) Judge(LabView view, List<LinkStatus?> parts, List<PingMeasured> pings)
    {
        if (parts.FirstOrDefault(p => p is { Problem: not null } or { Up: false }) is { } broken)
        {
            return (Tone.Bad, $"down on {broken.Host}", broken.Problem ?? $"{broken.Device} is not up.");
        }

        if (parts.Any(p => p is null))
        {
            var silent = view.Lab.Hosts.Where((_, i) => parts[i] is null).Select(h => h.Name.ToString());
            return (Tone.Quiet, "not known yet", $"Nothing heard of {string.Join(", ", silent)} yet.");
        }

        if (parts.Select(p => p!.MtuBytes).Distinct().Count() > 1)
        {
            return (Tone.Warning, "MTU differs", string.Join(", ", parts.Select(p => $"{p!.Host}: {p.MtuBytes} B")));
        }

        var measured = pings.Where(p => p.Problem is null && p.Sent > 0).ToList();
        return measured switch
        {
            _ when measured.Any(p => p.Received == 0) => (Tone.Bad, "no answer", First(measured, p => p.Received == 0, "does not come through")),
            _ when measured.Any(p => p.Received < p.Sent) => (Tone.Warning, "loses packets", First(measured, p => p.Received < p.Sent, "loses packets")),
            _ => (Tone.Good, "healthy", null),
        };
    }

    private static string First(List<PingMeasured> pings, Func<PingMeasured, bool> wanted, string what) =>
        pings.First(wanted) is var ping ? $"{ping.From} → {ping.To} {what}." : "";

    private static List<PingMeasured> PingsOf(LabView view, LinkName link)
    {
        var place = view.Lab.Vms.Select((vm, i) => (vm.Name, i)).ToDictionary(p => p.Name, p => p.i);
        return view.Pings.Values
            .Where(p => p.Link == link && place.ContainsKey(p.From) && place.ContainsKey(p.To))
            .OrderBy(p => place[p.From]).ThenBy(p => place[p.To]).ToList();
    }
}
