using System.Diagnostics;
using LabNet.Core.Hosts;
using LabNet.Core.Labs;
using LabNet.Core.Traffic;
using LabNet.Core.Vms;
using LabNet.Tests.Labs;
using Microsoft.Extensions.Logging.Abstractions;

namespace LabNet.Tests.Traffic;

[Trait("suite", "fake")]
public sealed class LinkImpairmentsTests : IDisposable
{
    private static readonly Impairment Nothing = new(null, null, null, null, null, null);
    private static readonly VmName X86 = VmName.Parse("x86");
    private static readonly NicId Nic = new(1);
    private readonly TestFolder _folder = new();
    private readonly Lab _lab = SampleLab.Read(SampleLab.Text(
        name: "name: impaired",
        links: "links: { lab: { vni: 100 } }",
        vms: "vms: { x86: { host: ares, arch: x86_64, image: debian, nics: [ user, lab ] } }"));

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private string Tap => InterfaceNames.Of(_lab).Tap(X86, Nic);

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void By_the_relay_everything_works()
    {
        var impairments = Of(_lab.WithTransport(LinkTransport.Relay));
        Assert.Equal(Enum.GetValues<ImpairmentPart>(), impairments.WhatWorks(X86, Nic).Where(ability => ability.Works).Select(ability => ability.Part));
        Assert.Null(impairments.WhyNot(X86, Nic, Nothing with { LossPercent = 5, RateKbit = 1000 }, ImpairDirection.Both));
        Assert.Contains("lossPercent is from 0 to 100", impairments.WhyNot(X86, Nic, Nothing with { LossPercent = -1 }, ImpairDirection.In), StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_on_no_link_cannot_be_impaired()
    {
        var impairments = Of(_lab.WithTransport(LinkTransport.Relay));
        Assert.All(impairments.WhatWorks(X86, new NicId(0)), ability => Assert.Contains("user-mode network", ability.WhyNot, StringComparison.Ordinal));
        Assert.All(impairments.WhatWorks(X86, new NicId(5)), ability => Assert.Contains("no NIC eth5", ability.WhyNot, StringComparison.Ordinal));
        Assert.All(impairments.WhatWorks(VmName.Parse("nobody"), Nic), ability => Assert.Contains("no NIC", ability.WhyNot, StringComparison.Ordinal));
    }

    [Fact]
    public async Task By_the_kernel_what_does_not_work_says_so_and_is_refused()
    {
        var impairments = Of(_lab.WithTransport(LinkTransport.Vxlan));
        foreach (var ability in impairments.WhatWorks(X86, Nic).Where(ability => !ability.Works))
        {
            Assert.Contains("transport: relay", ability.WhyNot, StringComparison.Ordinal);
        }

        Assert.NotNull(impairments.WhyNot(X86, Nic, Nothing with { RateKbit = 1000 }, ImpairDirection.Out));
        await Assert.ThrowsAsync<VmConflictException>(
            () => impairments.ApplyAsync(X86, Nic, Nothing with { RateKbit = 1000 }, ImpairDirection.Both, DateTimeOffset.UtcNow.AddMinutes(1), Cancellation));
        Assert.Null(await impairments.ReadAsync(X86, Nic, Cancellation));
        await impairments.LiftAsync(X86, Nic, ImpairDirection.Both, Cancellation);
    }

    [Fact]
    public async Task A_rate_at_a_tap_is_the_kernels_until_it_is_lifted_and_others_disciplines_stay()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess && File.Exists("/dev/net/tun"), "Only root may make a tap.");
        var impairments = Of(_lab.WithTransport(LinkTransport.Vxlan));
        await IpAsync("ip", "tuntap", "add", Tap, "mode", "tap");
        try
        {
            await impairments.ApplyAsync(X86, Nic, Nothing with { RateKbit = 1000 }, ImpairDirection.In, DateTimeOffset.UtcNow.AddMinutes(1), Cancellation);
            Assert.Contains("125000", await impairments.ReadAsync(X86, Nic, Cancellation), StringComparison.Ordinal);
            await impairments.ApplyAsync(X86, Nic, Nothing with { RateKbit = 2000 }, ImpairDirection.In, DateTimeOffset.UtcNow.AddMinutes(1), Cancellation);
            Assert.Contains("250000", await impairments.ReadAsync(X86, Nic, Cancellation), StringComparison.Ordinal);
            await impairments.LiftAsync(X86, Nic, ImpairDirection.In, Cancellation);
            Assert.Null(await impairments.ReadAsync(X86, Nic, Cancellation));

            await IpAsync("tc", "qdisc", "add", "dev", Tap, "root", "handle", "5:", "pfifo");
            await impairments.LiftAsync(X86, Nic, ImpairDirection.In, Cancellation);
            Assert.Contains("pfifo 5:", await IpAsync("tc", "qdisc", "show", "dev", Tap), StringComparison.Ordinal);
        }
        finally
        {
            await IpAsync("ip", "link", "delete", Tap);
        }
    }

    [Fact]
    public void The_kernel_is_told_in_its_own_words()
    {
        Assert.Equal(
            "netem limit 10000 delay 20500us 5000us loss 2.5% duplicate 1% reorder 25% rate 1000kbit",
            string.Join(' ', LinkImpairments.NetemOf(new Impairment(20.5, 5, 2.5, 1000, 1, 25))));
        Assert.Equal("netem limit 10000 loss 100%", string.Join(' ', LinkImpairments.NetemOf(Nothing with { LossPercent = 100 })));
        Assert.Equal("netem limit 10000 delay 10000us reorder 5%", string.Join(' ', LinkImpairments.NetemOf(Nothing with { ReorderPercent = 5 })));
        Assert.Equal("tbf rate 64kbit burst 6000 latency 400ms", string.Join(' ', LinkImpairments.TbfOf(Nothing with { RateKbit = 64 })));
        Assert.Equal("tbf rate 100000kbit burst 125000 latency 400ms", string.Join(' ', LinkImpairments.TbfOf(Nothing with { RateKbit = 100_000 })));
    }

    private LinkImpairments Of(Lab lab)
    {
        var host = new Host(new HostSettings(_folder.Path, "", "", "", Machine: null), TimeProvider.System, NullLogger<Host>.Instance);
        return new LinkImpairments(lab, host, new RelayControl(host, TimeProvider.System));
    }

    private static async Task<string> IpAsync(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { UseShellExecute = false, RedirectStandardOutput = true })!;
        var output = await process.StandardOutput.ReadToEndAsync(Cancellation);
        await process.WaitForExitAsync(Cancellation);
        Assert.Equal(0, process.ExitCode);
        return output;
    }
}
