using System.Collections.Immutable;
using LabNet.Core.Labs;

namespace LabNet.Web.Dashboard.Links;

/// <summary>
/// Where everything stands in the drawing of one link: the hosts side by side, each with its VMs, below them the link from side to side, and from
/// each NIC an edge straight down to it, with room on its right for what is told of it.
/// </summary>
public sealed record LinkMapLayout(double Width, ImmutableArray<MapHost> Hosts)
{
    public const double VmTop = 50;
    public const double VmHeight = 62;
    public const double HostHeight = VmTop + VmHeight + Padding;
    public const double LineY = HostHeight + EdgeHeight;
    public const double Height = LineY + 34;

    private const double EdgeHeight = 106;
    private const double EdgeWidth = 220;
    private const double Padding = 12;
    private const double Gap = 16;
    private const double EdgeInset = 26;

    public static LinkMapLayout Of(Lab lab, IReadOnlyList<LinkEnd> ends)
    {
        var hosts = ImmutableArray.CreateBuilder<MapHost>();
        var x = 0.0;
        foreach (var host in lab.Hosts)
        {
            var vms = ImmutableArray.CreateBuilder<MapVm>();
            var at = x + Padding;
            foreach (var vm in ends.Where(end => end.Vm.Host == host.Name).GroupBy(end => end.Vm))
            {
                var edges = vm.Select((end, number) => new MapEdge(end, at + EdgeInset + number * EdgeWidth)).ToImmutableArray();
                vms.Add(new MapVm(vm.Key, at, edges.Length * EdgeWidth - Gap, edges));
                at += edges.Length * EdgeWidth;
            }

            if (vms.Count > 0)
            {
                var width = at - x - Gap + Padding;
                hosts.Add(new MapHost(host, x, width, vms.ToImmutable()));
                x += width + Gap;
            }
        }

        return new LinkMapLayout(Math.Max(EdgeWidth, x - Gap), hosts.ToImmutable());
    }
}

public sealed record MapHost(LabHost Host, double X, double Width, ImmutableArray<MapVm> Vms);

public sealed record MapVm(LabVm Vm, double X, double Width, ImmutableArray<MapEdge> Edges);

/// <param name="X">Of the edge.</param>
public sealed record MapEdge(LinkEnd End, double X);
