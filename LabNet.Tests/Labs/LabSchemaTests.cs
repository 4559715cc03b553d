using System.Globalization;
using System.Text.Json.Nodes;
using LabNet.Core.Labs;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace LabNet.Tests.Labs;

/// <summary>What an editor says by the schema is what the reader says.</summary>
[Trait("suite", "unit")]
public sealed class LabSchemaTests
{
    private static readonly JsonObject Root = JsonNode.Parse(File.ReadAllText(Repository.At("infra/labs/lab.schema.json")))!.AsObject();

    [Fact]
    public void The_schema_and_the_reader_know_the_same_keys()
    {
        AssertKeys(Root, LabFileKeys.Lab, LabFileKeys.LabRequired);
        AssertKeys(Root["$defs"]!["host"]!, LabFileKeys.Host, LabFileKeys.HostRequired);
        AssertKeys(Root["$defs"]!["link"]!, LabFileKeys.Link, LabFileKeys.LinkRequired);
        AssertKeys(Root["$defs"]!["vm"]!, LabFileKeys.Vm, LabFileKeys.VmRequired);
        Assert.Equal(LabFileKeys.VmStart, Root["$defs"]!["vm"]!["then"]!["properties"]!.AsObject().Select(property => property.Key));
        Assert.Equal(LabFileKeys.VmStartRequired, Strings(Root["$defs"]!["vm"]!["else"]!["required"]!));
        AssertKeys(Root["$defs"]!["attach"]!, LabFileKeys.Attach, LabFileKeys.AttachRequired);
        AssertKeys(Root["$defs"]!["nic"]!["anyOf"]![1]!, LabFileKeys.Nic, LabFileKeys.NicRequired);
    }

    [Fact]
    public void The_schema_and_the_reader_know_the_same_words_limits_and_defaults()
    {
        var vm = Root["$defs"]!["vm"]!["properties"]!;
        var link = Root["$defs"]!["link"]!["properties"]!;
        var nic = Root["$defs"]!["nic"]!["anyOf"]![1]!["properties"]!;
        Assert.Equal(Enum.GetValues<HostKind>().Select(Words.Word), Strings(Root["$defs"]!["host"]!["properties"]!["kind"]!["enum"]!));
        Assert.Equal(Enum.GetValues<Architecture>().Select(Words.Word), Strings(vm["arch"]!["enum"]!));
        Assert.Equal(Enum.GetValues<AcceleratorChoice>().Select(Words.Word), Strings(vm["accelerator"]!["enum"]!));
        Assert.Equal(Enum.GetValues<LinkTransport>().Select(Words.Word), Strings(link["transport"]!["enum"]!));
        Assert.Equal(LinkTransport.Auto.Word(), (string)link["transport"]!["default"]!);
        Assert.Equal(Enum.GetValues<NicModel>().Select(Words.Word), Strings(nic["model"]!["enum"]!));
        Assert.Equal(LabLimits.CpusMax, (int)vm["cpus"]!["maximum"]!);
        Assert.Equal(LabLimits.NicsMax, (int)vm["nics"]!["maxItems"]!);
        Assert.Equal(LabLimits.VniMax, (int)link["vni"]!["maximum"]!);
        Assert.Equal(LabLimits.VxlanPort, (int)link["port"]!["default"]!);
        Assert.Equal($"{LabLimits.MemoryBytesDefault / LabLimits.MiB}M", (string)vm["memory"]!["default"]!);
    }

    [Fact]
    public void Every_key_is_described_for_editors()
    {
        string[] maps = ["host", "link", "vm", "attach"];
        var properties = maps.Select(map => Root["$defs"]![map]!["properties"]!)
            .Append(Root["properties"]!)
            .SelectMany(map => map.AsObject());
        Assert.All(properties, property => Assert.NotNull(property.Value!["description"]));
    }

    [Theory]
    [MemberData(nameof(Files))]
    public void The_schema_and_the_reader_judge_a_file_alike(string text, bool good)
    {
        Assert.Equal(good, SampleLab.Parse(text).Lab is not null);
        Assert.Equal(good, new JsonSchema(Root).Accepts(ToJson(text)));
    }

    public static TheoryData<string, bool> Files()
    {
        var files = new TheoryData<string, bool>
        {
            { File.ReadAllText(Repository.At("infra/labs/cross-arch.yaml")), true },
            { File.ReadAllText(Repository.At("infra/labs/attach.yaml")), true },
            { SampleLab.Vm("attach: { qmp: /run/q }"), false },
            { SampleLab.Text(links: "links: {}"), true },
            { SampleLab.Text(hosts: "hosts: { ares: { kind: machine, address: 192.168.2.117 } }"), true },
            { SampleLab.Text(hosts: "hosts: { ares: { kind: machine, address: 192.168.2.117/24 } }"), false },
            { SampleLab.Text(hosts: "hosts: { ares: { kind: namespace, address: 10.99.0.1/30 } }"), true },
            { SampleLab.Text(hosts: "hosts: { ares: { kind: namespace } }"), false },
            { SampleLab.Text(hosts: "hosts: { ares: { kind: vm, address: 10.99.0.1 } }"), false },
            { SampleLab.Text(hosts: "hosts: {}"), false },
            { SampleLab.Text(name: "name: Demo"), false },
            { SampleLab.Text(name: "name: true"), false },
            { SampleLab.Text(name: "name: \"true\""), true },
            { SampleLab.Text(name: "title: demo"), false },
            { SampleLab.Text(name: "{}", hosts: "", links: "", vms: ""), false },
            { SampleLab.Text(links: "links: { lab: { vni: 0 } }"), false },
            { SampleLab.Text(links: "links: { lab: { vni: \"7\" } }"), false },
            { SampleLab.Text(links: "links: { lab: { vni: 16777215, port: 65535 } }"), true },
            { SampleLab.Text(links: "links: { lab: { vni: 7, port: 65536 } }"), false },
            { SampleLab.Text(links: "links: { lab: { port: 4789 } }"), false },
            { SampleLab.Text(links: "links: { lab: { vni: 7, transport: relay } }"), true },
            { SampleLab.Text(links: "links: { lab: { vni: 7, transport: auto } }"), true },
            { SampleLab.Text(links: "links: { lab: { vni: 7, transport: tap } }"), false },
            { SampleLab.Text(links: "links: { lab: { vni: 7, transport: 1 } }"), false },
            { SampleLab.Text(links: "links: { Lab: { vni: 7 } }"), false },
            { SampleLab.Text(links: "links: { user: { vni: 7 } }"), false },
            { SampleLab.Text(vms: "vms: {}"), false },
            { SampleLab.Text(vms: "vms: { x86: { host: ares, arch: x86_64 } }"), false },
        };
        foreach (var (sockets, good) in AttachFields)
        {
            files.Add(SampleLab.Attached(sockets), good);
        }

        foreach (var (fields, good) in VmFields)
        {
            files.Add(SampleLab.Vm(fields), good);
        }

        return files;
    }

    private static IEnumerable<(string Fields, bool Good)> VmFields =>
    [
        ("memory: 2G", true), ("memory: 512", false), ("memory: 512MB", false), ("memory: 0M", false),
        ("cpus: 64", true), ("cpus: 65", false), ("cpus: 1.5", false), ("cpus: two", false), ("cpus:", false),
        ("share: workspace", true), ("share: ./a b", true), ("share: /srv", true),
        ("share: Work", false), ("share: ~/a", false), ("share: 1", false),
        ("cdrom: a.iso", true), ("cdrom: ../a b.iso", true), ("cdrom: ~/a.iso", false), ("cdrom: \"\"", false), ("cdrom: 1", false), ("cdrom: []", false),
        ("nics: [ { link: user, tftp: boot } ]", true), ("nics: [ { link: user, tftp: /srv } ]", true), ("nics: [ { link: user, tftp: ~ } ]", false),
        ("nics: [ { link: lab, tftp: boot } ]", false), ("nics: [ { link: user, tftp: \"a\\u0007\" } ]", false),
        ("accelerator: kvm", true), ("accelerator: KVM", false), ("accelerator: yes", false),
        ("nics: []", true), ("nics: [ user, lab ]", true), ("nics: user", false), ("nics: [ 1 ]", false), ("nics: [ {} ]", false),
        ("nics: [ { link: lab, mac: \"52:54:00:12:34:58\" } ]", true), ("nics: [ { link: lab, mac: \"53:54:00:12:34:58\" } ]", false),
        ("nics: [ { link: lab, address: 10.1.0.1/16, model: e1000e } ]", true), ("nics: [ { link: lab, address: 10.1.0.1 } ]", false),
        ("nics: [ { link: user, model: e1000 } ]", false), ("nics: [ { link: user, address: 10.1.0.1/16 } ]", false),
        ("nics: [ lab, lab, lab, lab, lab, lab, lab, lab ]", true), ("nics: [ lab, lab, lab, lab, lab, lab, lab, lab, lab ]", false),
        ("colour: red", false),
    ];

    private static IEnumerable<(string Sockets, bool Good)> AttachFields =>
    [
        ("", false), ("agent: ./a", false), ("qmp: 1", false), ("qmp: q", false), ("qmp: ./q", true), ("qmp: /run/q, agent: a/b, console: ../c", true),
        ("qmp: ~/q", false), ("qmp: \"a\\u0007/q\"", false), ("qmp: /q, agent: a", false), ("qmp: /q, console: \"127.0.0.1:1\"", false), ("qmp: /q, colour: red", false),
        ("qmp: 127.0.0.1:4444", true), ("qmp: 127.9.9.9:1", true), ("qmp: \"[::1]:4444\"", true), ("qmp: localhost:4444", true),
        ("qmp: 10.0.0.5:4444", false), ("qmp: \"[fe80::1]:4444\"", false), ("qmp: example.org:4444", false), ("qmp: 127.0.0.1", false),
        ("qmp: 10.0.0.5:4444, tls: ./creds", true), ("qmp: example.org:4444, tls: creds", true), ("qmp: \"[fe80::1]:4444\", tls: creds", true),
        ("qmp: 127.0.0.1:4444, tls: ~/creds", false), ("qmp: /run/q, tls: creds", false), ("qmp: -a:4444, tls: creds", false),
    ];

    private static void AssertKeys(JsonNode schema, IEnumerable<string> keys, IEnumerable<string> required)
    {
        Assert.Equal(keys, schema["properties"]!.AsObject().Select(property => property.Key));
        Assert.Equal(required, Strings(schema["required"]!));
        Assert.False((bool)schema["additionalProperties"]!);
    }

    private static IEnumerable<string> Strings(JsonNode list) => list.AsArray().Select(item => (string)item!);

    private static JsonNode? ToJson(string yaml)
    {
        var stream = new YamlStream();
        stream.Load(new StringReader(yaml));
        return ToJson(stream.Documents[0].RootNode);
    }

    /// <summary>By YAML 1.2's core schema, as far as the examples need it.</summary>
    private static JsonNode? ToJson(YamlDotNet.RepresentationModel.YamlNode node) => node switch
    {
        YamlMappingNode map => new JsonObject(map.Select(entry =>
            KeyValuePair.Create(((YamlScalarNode)entry.Key).Value!, ToJson(entry.Value)))),
        YamlSequenceNode list => new JsonArray([.. list.Select(ToJson)]),
        YamlScalarNode { Style: ScalarStyle.Plain, Value: "" or "~" or "null" } => null,
        YamlScalarNode { Style: ScalarStyle.Plain, Value: "true" or "false" } scalar => JsonValue.Create(scalar.Value == "true"),
        YamlScalarNode { Style: ScalarStyle.Plain } scalar
            when decimal.TryParse(scalar.Value, NumberStyles.Float, CultureInfo.InvariantCulture, out var number)
            => JsonValue.Create(number),
        YamlScalarNode scalar => JsonValue.Create(scalar.Value),
        _ => throw new NotSupportedException(node.GetType().Name),
    };
}
