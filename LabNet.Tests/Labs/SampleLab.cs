using LabNet.Core.Labs;

namespace LabNet.Tests.Labs;

/// <summary>Lab files for tests: a good one in parts, each of which a test can replace.</summary>
internal static class SampleLab
{
    public static readonly IReadOnlySet<ImageName> Images = new HashSet<ImageName> { ImageName.Parse("debian") };

    public static string Text(
        string name = "name: demo",
        string hosts = "hosts: { ares: { kind: namespace, address: 10.99.0.1 } }",
        string links = "links: { lab: { vni: 100 } }",
        string vms = "vms: { x86: { host: ares, arch: x86_64, image: debian } }") => string.Join('\n', name, hosts, links, vms) + "\n";

    /// <summary>One VM on host ares, with these fields besides the required ones.</summary>
    public static string Vm(string fields) => Text(vms: $"vms: {{ x86: {{ host: ares, arch: x86_64, image: debian, {fields} }} }}");

    /// <summary>One VM on host ares, attached to these sockets.</summary>
    public static string Attached(string sockets) => Text(vms: $"vms: {{ mine: {{ host: ares, arch: x86_64, attach: {{ {sockets} }} }} }}");

    public static AttachedVm ReadAttached(string sockets) => (AttachedVm)Read(Attached(sockets)).Vms[0];

    public static LabFileReading Parse(string text) => LabFile.Parse(text, "/srv/labs", Images);

    public static Lab Read(string text)
    {
        var reading = Parse(text);
        return reading.Lab ?? throw new InvalidOperationException(string.Join('\n', reading.Mistakes));
    }

    public static StartedVm ReadVm(string fields) => (StartedVm)Read(Vm(fields)).Vms[0];

    /// <summary>The only mistake in the text.</summary>
    public static LabFileMistake Mistake(string text)
    {
        var reading = Parse(text);
        Assert.Null(reading.Lab);
        return Assert.Single(reading.Mistakes);
    }
}
