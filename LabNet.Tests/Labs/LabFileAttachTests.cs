using LabNet.Core.Labs;

namespace LabNet.Tests.Labs;

/// <summary>VMs that somebody else started.</summary>
[Trait("suite", "unit")]
public sealed class LabFileAttachTests
{
    [Fact]
    public void Sockets_are_resolved_against_the_files_folder()
    {
        var vm = SampleLab.ReadAttached("qmp: ./q.sock, agent: /run/ga, console: ../c");
        Assert.Equal(
            (new QmpAddress.Unix("/srv/labs/q.sock"), "/run/ga", "/srv/c", 0),
            (vm.Qmp, vm.AgentSocket, vm.ConsoleSocket, vm.Nics.Length));
        Assert.Equal((null, null), (SampleLab.ReadAttached("qmp: /q").AgentSocket, SampleLab.ReadAttached("qmp: /q").ConsoleSocket));
    }

    [Theory]
    [InlineData("qmp: 127.0.0.1:4444", "127.0.0.1:4444")]
    [InlineData("qmp: localhost:1", "localhost:1")]
    [InlineData("qmp: \"[::1]:65535\"", "[::1]:65535")]
    [InlineData("qmp: 10.0.0.5:4444, tls: ./creds", "10.0.0.5:4444 (TLS)")]
    [InlineData("qmp: qemu.example.org:4444, tls: /creds", "qemu.example.org:4444 (TLS)")]
    [InlineData("qmp: \"[fe80::1]:4444\", tls: creds", "[fe80::1]:4444 (TLS)")]
    public void A_port_is_told_as_it_was_written(string sockets, string told) => Assert.Equal(told, SampleLab.ReadAttached(sockets).Qmp.ToString());

    [Fact]
    public void A_credentials_folder_is_resolved_too() =>
        Assert.Equal(new QmpAddress.Tls("a.b", 4444, "/srv/labs/creds"), SampleLab.ReadAttached("qmp: a.b:4444, tls: ./creds").Qmp);

    [Theory]
    [InlineData("qmp: 10.0.0.5:4444", "4:57: qmp \"10.0.0.5:4444\" is no loopback address")]
    [InlineData("qmp: example.org:4444", "4:57: qmp \"example.org:4444\" is no loopback address")]
    [InlineData("qmp: 127.0.0.1:0", "4:57: qmp \"127.0.0.1:0\" is neither the path of a UNIX socket with a slash")]
    [InlineData("qmp: 127.0.0.1:65536", "4:57: qmp \"127.0.0.1:65536\" is neither")]
    [InlineData("qmp: 127.1:4444", "4:57: qmp \"127.1:4444\" is neither")]
    [InlineData("qmp: \"[::1:4444\"", "4:57: qmp \"[::1:4444\" is neither")]
    [InlineData("qmp: qmp.sock", "4:57: qmp \"qmp.sock\" is neither")]
    [InlineData("qmp: ~/qmp.sock", "4:57: qmp \"~/qmp.sock\" is not the path of a UNIX socket")]
    [InlineData("qmp: /q, tls: creds", "4:57: tls belongs to a qmp of the form HOST:PORT")]
    [InlineData("qmp: /q, agent: ga.sock", "4:68: agent \"ga.sock\" is not the path of a UNIX socket, with a slash, such as ./agent.sock")]
    [InlineData("qmp: /q, agent: /q", "4:68: /q is that of qmp of VM \"mine\" already (line 4).")]
    [InlineData("agent: /q", "4:50: attach of VM \"mine\" lacks the key \"qmp\".")]
    [InlineData("qmp: /q, telnet: /t", "4:61: attach of VM \"mine\" has no key \"telnet\".")]
    public void What_is_wrong_is_told_with_its_place_and_what_is_allowed(string sockets, string begins)
    {
        var mistake = SampleLab.Mistake(SampleLab.Attached(sockets)).ToString();
        Assert.StartsWith(begins, mistake, StringComparison.Ordinal);
    }

    [Fact]
    public void A_path_that_no_socket_can_have_is_told()
    {
        var mistake = SampleLab.Mistake(SampleLab.Attached($"qmp: /{new string('a', 107)}"));
        Assert.EndsWith("is 1 bytes too long for a UNIX socket (107 at most).", mistake.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void What_someone_else_has_decided_cannot_be_said_again()
    {
        var reading = SampleLab.Parse(SampleLab.Vm("memory: 1G, cpus: 2, share: a, cdrom: a, nics: [ user ], accelerator: kvm, attach: { qmp: /q }"));
        Assert.Equal(
            LabFileKeys.VmStart.Order().Select(key => $"VM \"x86\" was started by someone else, who chose its {key}; with attach, leave {key} out."),
            reading.Mistakes.Select(mistake => mistake.Message).Order());
    }

    [Fact]
    public void Two_VMs_on_one_socket_are_refused_because_it_serves_one_client()
    {
        var mistake = SampleLab.Mistake(SampleLab.Text(vms: """
            vms:
              a: { host: ares, arch: x86_64, attach: { qmp: localhost:4444 } }
              b: { host: ares, arch: x86_64, attach: { qmp: localhost:4444 } }
            """));
        Assert.Equal("localhost:4444 is that of qmp of VM \"a\" already (line 5).", mistake.Message);
    }

    [Fact]
    public void No_tap_is_made_for_it()
    {
        var lab = SampleLab.Read(SampleLab.Attached("qmp: /q"));
        Assert.DoesNotContain("tap ", NetworkSpec.For(lab, InterfaceNames.Of(lab), machine: null), StringComparison.Ordinal);
    }
}
