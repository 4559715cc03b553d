using System.Globalization;
using System.Text;
using Microsoft.AspNetCore.Components;

namespace LabNet.Web.Dashboard.Topology;

/// <summary>What joins the VMs to one link.</summary>
public sealed partial class TopologyWires
{
    [Parameter, EditorRequired]
    public LinkLine Line { get; set; } = default!;

    /// <summary>Among the lab's links, for its colour.</summary>
    [Parameter, EditorRequired]
    public int Index { get; set; }

    /// <summary>From the highest VM down to the link, with a branch to each VM.</summary>
    private static string Path(Wire wire)
    {
        var path = new StringBuilder($"M{N(wire.VmX)} {N(wire.Joins[0])}H{N(wire.X + 4)}Q{N(wire.X)} {N(wire.Joins[0])} {N(wire.X)} {N(wire.Joins[0] + 4)}V{N(wire.Bottom)}");
        foreach (var join in wire.Joins.Skip(1))
        {
            path.Append($"M{N(wire.VmX)} {N(join)}H{N(wire.X)}");
        }

        return path.ToString();
    }

    private static string N(double number) => number.ToString("0.#", CultureInfo.InvariantCulture);
}
