using System.Text.Json;
using LabNet.Core.Faults;
using LabNet.Core.Labs;
using LabNet.Core.Traffic;
using LabNet.Tests.Web;

namespace LabNet.Tests.Faults;

[Trait("suite", "unit")]
public sealed class FaultJsonTests
{
    private static readonly NicId Eth1 = new(1);

    public static TheoryData<FaultSpec, string> Specs => new()
    {
        { new PauseFault(), """{"kind":"pause"}""" },
        { new VcpuPauseFault(1), """{"kind":"vcpu-pause","vcpu":1}""" },
        { new BlockErrorFault("vda", BlockOperation.Write, BlockErrno.EIO, null, Once: false, null), """{"kind":"block-error","device":"vda","operation":"write","errno":"EIO"}""" },
        {
            new BlockErrorFault("d1", BlockOperation.Read, BlockErrno.ENOSPC, 2048, Once: true, null),
            """{"kind":"block-error","device":"d1","operation":"read","errno":"ENOSPC","sector":2048,"once":true}"""
        },
        {
            new BlockErrorFault("vda", BlockOperation.Flush, BlockErrno.ETIMEDOUT, null, Once: false, 12.5),
            """{"kind":"block-error","device":"vda","operation":"flush","errno":"ETIMEDOUT","ratePercent":12.5}"""
        },
        { new BlockThrottleFault("vda", 50, 1_000_000), """{"kind":"block-throttle","device":"vda","iops":50,"bytesPerSecond":1000000}""" },
        { new BlockLatencyFault("vda", 20), """{"kind":"block-latency","device":"vda","delayMs":20}""" },
        { new LinkDownFault(Eth1), """{"kind":"link-down","nic":"eth1"}""" },
        { new LinkFlapFault(Eth1, 100, 900), """{"kind":"link-flap","nic":"eth1","downMs":100,"upMs":900}""" },
        {
            new LinkImpairFault(Eth1, new Impairment(20, 5, 1.5, 1000, 2, 3), ImpairDirection.Out),
            """{"kind":"link-impair","nic":"eth1","delayMs":20,"jitterMs":5,"lossPercent":1.5,"rateKbit":1000,"duplicatePercent":2,"reorderPercent":3,"direction":"out"}"""
        },
        { new BalloonFault(128 * LabLimits.MiB), """{"kind":"balloon","bytes":134217728}""" },
        { new KillFault(), """{"kind":"kill"}""" },
        { new NmiFault(), """{"kind":"nmi"}""" },
        { new ResetFault(), """{"kind":"reset"}""" },
    };

    [Theory]
    [MemberData(nameof(Specs))]
    public void A_fault_is_read_as_it_is_written(FaultSpec spec, string json)
    {
        Assert.Equal(json, FaultJson.Write(spec).ToJsonString());
        Assert.Equal(spec, FaultJson.ReadSpec(JsonElement.Parse(json), out var mistake));
        Assert.Null(mistake);
    }

    [Fact]
    public void Every_kind_is_written_and_read() => Assert.Equal(FaultKinds.All.Order(), Specs.Select(row => row.Data.Item1.Kind).Distinct().Order());

    [Theory]
    [InlineData("[]", "A fault is a JSON object, such as")]
    [InlineData("{}", "kind is missing: one of pause, vcpu-pause,")]
    [InlineData("""{"kind": "explode"}""", "kind: “explode” is not one of pause, vcpu-pause,")]
    [InlineData("""{"kind": 7}""", "kind: 7 is not one of pause,")]
    [InlineData("""{"kind": "pause", "vcpu": 1}""", "Unknown here: vcpu. Known are: kind.")]
    [InlineData("""{"kind": "vcpu-pause"}""", "vcpu is missing: a vCPU's number, from 0.")]
    [InlineData("""{"kind": "vcpu-pause", "vcpu": 1.5}""", "vcpu: 1.5 is not a vCPU's number, from 0.")]
    [InlineData("""{"kind": "vcpu-pause", "vcpu": -1}""", "vcpu: -1 is not between 0 and 63.")]
    [InlineData("""{"kind": "vcpu-pause", "vcpu": 99999999999}""", "vcpu: 99999999999 is not a vCPU's number, from 0.")]
    [InlineData("""{"kind": "block-error", "operation": "trim"}""", "device is missing: a disk's id, such as vda. operation: \"trim\" is not one of read, write, flush.")]
    [InlineData("""{"kind": "block-error", "device": "a b", "operation": "read"}""", "device: “a b” is none. It is a disk's id, such as vda.")]
    [InlineData("""{"kind": "block-error", "device": "vda", "operation": "read", "errno": "EPERM"}""", "errno: \"EPERM\" is not one of EIO, ENOSPC, ETIMEDOUT.")]
    [InlineData("""{"kind": "block-error", "device": "vda", "operation": "flush", "sector": 1}""", "sector: a flush touches no sector.")]
    [InlineData("""{"kind": "block-error", "device": "vda", "operation": "read", "once": true, "ratePercent": 5}""", "once and ratePercent: give one of them.")]
    [InlineData("""{"kind": "block-error", "device": "vda", "operation": "read", "once": "yes"}""", "once: \"yes\" is not true or false.")]
    [InlineData("""{"kind": "block-throttle", "device": "vda"}""", "iops, bytesPerSecond: give one of them, or both.")]
    [InlineData("""{"kind": "block-throttle", "device": "vda", "iops": 0}""", "iops: 0 is not between 1 and")]
    [InlineData("""{"kind": "block-latency", "device": "vda", "delayMs": 1e400}""", "delayMs: 1e400 is not a number of milliseconds.")]
    [InlineData("""{"kind": "block-latency", "device": "vda", "delayMs": 1001}""", "delayMs: 1001 is not between 1 and 1000.")]
    [InlineData("""{"kind": "link-down", "nic": "eth9"}""", "nic: \"eth9\" is not a NIC's id, such as eth1.")]
    [InlineData("""{"kind": "link-flap", "nic": "eth0", "downMs": 1, "upMs": 10}""", "downMs: 1 is not between 10 and 600000.")]
    [InlineData("""{"kind": "link-impair", "nic": "eth0"}""", "Give one of delayMs, jitterMs,")]
    [InlineData("""{"kind": "link-impair", "nic": "eth0", "jitterMs": 5}""", "jitterMs: it varies a delay, so give delayMs too.")]
    [InlineData("""{"kind": "link-impair", "nic": "eth0", "delayMs": 5, "jitterMs": 6}""", "jitterMs: it is more than delayMs")]
    [InlineData("""{"kind": "link-impair", "nic": "eth0", "lossPercent": 101}""", "lossPercent: 101 is not between 0 and 100.")]
    [InlineData("""{"kind": "link-impair", "nic": "eth0", "lossPercent": 1, "direction": "up"}""", "direction: \"up\" is not one of both, in, out.")]
    [InlineData("""{"kind": "balloon", "bytes": 1024}""", "bytes: 1024 is not between 67108864 and")]
    public void A_fault_that_is_none_is_told_with_what_is_allowed(string json, string told)
    {
        Assert.Null(FaultJson.ReadSpec(JsonElement.Parse(json), out var mistake));
        Assert.StartsWith(told, mistake, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"kind": "pause", "durationMs": 0.5}""", "durationMs: 0.5 is not between 1 and 3600000.")]
    [InlineData("""{"kind": "pause", "durationMs": -4000}""", "durationMs: -4000 is not between 1 and 3600000.")]
    [InlineData("""{"kind": "pause"}""", "durationMs is missing: a number of milliseconds.")]
    [InlineData("""{"kind": "vcpu-pause", "vcpu": 0, "durationMs": 5001}""", "durationMs: 5001 is not between 1 and 5000.")]
    [InlineData("""{"kind": "kill", "durationMs": 10}""", "Unknown here: durationMs. Known are: kind, at.")]
    [InlineData("""{"kind": "pause", "durationMs": 10, "at": "soon"}""", "at: \"soon\" is not a time as ISO 8601")]
    [InlineData("""{"kind": "link-down", "nic": "eth1", "link": "lab", "durationMs": 10}""", "nic and link: give one of them.")]
    [InlineData("""{"kind": "link-down", "link": "moon", "durationMs": 10}""", "link: \"moon\" is no link that x86 is on. It is on lab.")]
    public void A_request_that_is_none_is_told_with_what_is_allowed(string json, string told)
    {
        Assert.Null(FaultJson.ReadRequest(JsonElement.Parse(json), SampleLab.Lab.Vms[0], out var mistake));
        Assert.StartsWith(told, mistake, StringComparison.Ordinal);
    }

    [Fact]
    public void A_request_says_how_long_and_when_and_may_name_a_NIC_by_its_link()
    {
        const string Json = """{"kind": "link-down", "link": "lab", "durationMs": 1500, "at": "2026-11-22T11:00:00.25+01:00"}""";
        var request = FaultJson.ReadRequest(JsonElement.Parse(Json), SampleLab.Lab.Vms[0], out var mistake);
        Assert.Null(mistake);
        Assert.Equal(new FaultRequest(new LinkDownFault(Eth1), TimeSpan.FromMilliseconds(1500), new DateTimeOffset(2026, 11, 22, 10, 0, 0, 250, TimeSpan.Zero)), request);
        Assert.Equal(new FaultRequest(new KillFault(), TimeSpan.Zero, At: null), FaultJson.ReadRequest(JsonElement.Parse("""{"kind": "kill"}"""), SampleLab.Lab.Vms[0], out _));
    }
}
