using System.Collections.Immutable;
using LabNet.Core.Labs;
using LabNet.Web.Dashboard.Live;

namespace LabNet.Web.Dashboard.Topology;

/// <summary>
/// Where everything of the topology stands, in units of the drawing. Hosts stand side by side, each with its VMs in columns; below them
/// runs each link from side to side, as on a whiteboard. Left of each column of VMs is a gutter with one wire per link: a VM that is on
/// the link joins its wire, and the wire goes down to the link.
/// </summary>
public sealed record TopologyLayout(double Height, ImmutableArray<HostBox> Hosts, ImmutableArray<LinkLine> Links)
{
    /// <summary>Always the same, so that text has the same size in every lab.</summary>
    public const double Width = 800;
    public const double VmHeight = 78;
    public const double HostHeader = 60;

    private const double HostPadding = 12;
    private const double HostGapMin = 16;
    private const double VmWidthMax = 300;
    private const double VmGap = 10;
    private const double WireGap = 9;
    private const double LinkHeight = 56;
    private const double LinkTextHeight = 32;
    private const double LinksTop = 28;

    /// <summary>In all hosts together; one host may have them all.</summary>
    private const int ColumnsMax = 4;

    public static TopologyLayout Of(LabView view)
    {
        var lab = view.Lab;
        var vms = lab.Hosts.Select(h => lab.Vms.Where(vm => vm.Host == h.Name).ToList()).ToList();
        var columns = Columns(vms);
        var gutter = 4 + WireGap * lab.Links.Length;
        var columnsTotal = columns.Sum();
        var fixedWidth = lab.Hosts.Length * 2 * HostPadding + columnsTotal * gutter + (columnsTotal - lab.Hosts.Length) * VmGap;
        var vmWidth = Math.Min(VmWidthMax, (Width - fixedWidth - (lab.Hosts.Length - 1) * HostGapMin) / columnsTotal);
        var spare = Width - fixedWidth - columnsTotal * vmWidth;
        var hostGap = lab.Hosts.Length > 1 ? spare / (lab.Hosts.Length - 1) : 0;

        var rowsMax = vms.Select((v, i) => Rows(v.Count, columns[i])).DefaultIfEmpty(1).Max();
        var hostHeight = HostHeader + rowsMax * VmHeight + (rowsMax - 1) * VmGap + HostPadding;
        var hosts = ImmutableArray.CreateBuilder<HostBox>();
        var x = lab.Hosts.Length > 1 ? 0 : spare / 2;
        for (var i = 0; i < lab.Hosts.Length; i++)
        {
            var width = 2 * HostPadding + columns[i] * (gutter + vmWidth) + (columns[i] - 1) * VmGap;
            var boxes = vms[i].Select((vm, n) => new VmBox(
                vm,
                x + HostPadding + gutter + n % columns[i] * (gutter + vmWidth + VmGap),
                HostHeader + n / columns[i] * (VmHeight + VmGap),
                vmWidth)).ToImmutableArray();
            hosts.Add(new HostBox(lab.Hosts[i], x, width, hostHeight, boxes));
            x += width + hostGap;
        }

        var links = lab.Links.Select((link, i) => LineOf(LinkHealth.Of(view, link), i, lab.Links.Length, hostHeight, hosts)).ToImmutableArray();
        return new TopologyLayout(hostHeight + (links.IsEmpty ? 0 : LinksTop + (links.Length - 1) * LinkHeight + LinkTextHeight), hosts.ToImmutable(), links);
    }

    /// <summary>Each host gets one; then whichever host is the highest gets another, as long as there is room.</summary>
    private static int[] Columns(List<List<LabVm>> vms)
    {
        var columns = vms.Select(_ => 1).ToArray();
        while (columns.Sum() < ColumnsMax)
        {
            var highest = Enumerable.Range(0, columns.Length).DefaultIfEmpty(-1).MaxBy(i => i < 0 ? 0 : Rows(vms[i].Count, columns[i]));
            if (highest < 0 || Rows(vms[highest].Count, columns[highest]) < 2)
            {
                break;
            }

            columns[highest]++;
        }

        return columns;
    }

    private static int Rows(int vms, int columns) => Math.Max(1, (vms + columns - 1) / columns);

    private static LinkLine LineOf(LinkHealth health, int index, int links, double hostHeight, IEnumerable<HostBox> hosts)
    {
        var y = hostHeight + LinksTop + index * LinkHeight;
        var wires = ImmutableArray.CreateBuilder<Wire>();
        foreach (var column in hosts.SelectMany(h => h.Vms).GroupBy(vm => vm.X))
        {
            var members = column.Where(vm => vm.Vm.Nics.OfType<LinkNic>().Any(nic => nic.Link == health.Link.Name)).ToList();
            if (members.Count > 0)
            {
                var joins = members.Select(vm => vm.Y + VmHeight / 2 + WireGap * (index - (links - 1) / 2.0)).ToImmutableArray();
                wires.Add(new Wire(column.Key - 6 - WireGap * index, column.Key, joins, y));
            }
        }

        return new LinkLine(health, y, wires.ToImmutable());
    }
}

public sealed record HostBox(LabHost Host, double X, double Width, double Height, ImmutableArray<VmBox> Vms);

public sealed record VmBox(LabVm Vm, double X, double Y, double Width);

/// <param name="Y">Of the line itself.</param>
public sealed record LinkLine(LinkHealth Health, double Y, ImmutableArray<Wire> Wires)
{
    /// <summary>Where the pings are told: between the first two wires, or right of the only one.</summary>
    public double PingX => Wires.Length > 1 ? (Wires[0].X + Wires[1].X) / 2 : TopologyLayout.Width / 2;
}

/// <summary>A column's VMs joined to a link.</summary>
/// <param name="X">Of the wire.</param>
/// <param name="VmX">Of the VMs' left edge.</param>
/// <param name="Joins">The heights at which VMs join it, the highest VM first.</param>
/// <param name="Bottom">Where it meets the link.</param>
public sealed record Wire(double X, double VmX, ImmutableArray<double> Joins, double Bottom);
