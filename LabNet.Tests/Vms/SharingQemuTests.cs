using System.Diagnostics;
using System.Text;
using LabNet.Core.GuestAgent;
using LabNet.Core.Vms;

namespace LabNet.Tests.Vms;

/// <summary>What real guests see of a shared folder, a CD and a TFTP folder, and what the host sees of what they do there.</summary>
[Trait("suite", "qemu")]
public sealed class SharingQemuTests
{
    private const string Greeting = "hello from the host\n";

    [Fact]
    public async Task Both_guests_read_a_file_in_three_ways_and_see_what_the_other_made_in_a_crowded_share()
    {
        using var media = new TestFolder();
        media.Write("cd.iso", IsoImage.With("GREETING.TXT", Encoding.ASCII.GetBytes(Greeting)));
        media.Write("greeting.txt", Encoding.ASCII.GetBytes(Greeting));
        const string Vm = "memory: 256M, cpus: 1, image: debian, share: crowd, cdrom:";
        await using var lab = LabOnThisMachine.Open($$"""
            name: sharing
            hosts:
              here: { kind: namespace, address: 10.98.0.1 }
            vms:
              x86: { host: here, arch: x86_64, {{Vm}} {{media.File("cd.iso")}}, nics: [ { link: user, tftp: {{media.Path}} } ] }
              arm: { host: here, arch: aarch64, {{Vm}} {{media.File("cd.iso")}}, nics: [ { link: user, tftp: {{media.Path}} } ] }
            """);
        var share = Directory.CreateDirectory(Path.Join(lab.Folder, "shares", "crowd")).FullName;
        try
        {
            await OnHostAsync("for i in {1..5000}; do : >$'a\\n'$i; : >\"<b onclick='x'>$i\"; : >$'\\xff\\xfe'$i; : >$'\\e[2J\\u202e'$i; done", share);
            File.WriteAllText(Path.Join(share, "greeting.txt"), Greeting);
            await Task.WhenAll(StartAsync(lab, "x86"), StartAsync(lab, "arm"));

            const string Read = "tftp -g -r greeting.txt -l /tmp/got 10.0.2.2; cat /mnt/greeting.txt /media/cdrom/greeting.txt /tmp/got";
            Assert.Equal((0, Greeting + Greeting + Greeting, ""), await InGuestAsync(lab, "x86", Read));
            Assert.Equal((0, Greeting + Greeting + Greeting, ""), await InGuestAsync(lab, "arm", Read));

            // Names alone: asking for each file's owner takes an emulated guest some milliseconds.
            const string Names = "ls -A -U --zero . | LC_ALL=C sort --zero-terminated | sha256sum";
            Assert.Equal((0, await OnHostAsync(Names, share), ""), await InGuestAsync(lab, "arm", $"cd /mnt; {Names}"));
            Assert.InRange(int.Parse(await OnHostAsync("ls -A -U --zero . | tr -d -c '\\0' | wc --bytes", share)), 20_001, 20_010);

            await InGuestAsync(lab, "x86", "cd /mnt; echo made >made; chown 4321:4322 made; chmod 0750 made; ln -s made link; mknod node c 1 3");
            var seen = "made 4321:4322 750 regular file\nlink 0:0 777 symbolic link\nnode 0:0 644 character special file\nmade\n";
            Assert.Equal((0, seen, ""), await InGuestAsync(lab, "arm", "cd /mnt; stat -c '%n %u:%g %a %F' made link node; cat link"));
            Assert.Equal("made\n", File.ReadAllText(Path.Join(share, "made")));
            Assert.Equal("made", File.ReadAllText(Path.Join(share, "link")));
            Assert.Equal("", File.ReadAllText(Path.Join(share, "node")));
            Assert.Equal($"{Environment.UserName} 600\n", await OnHostAsync("stat --format='%U %a' made", share));

            Assert.Contains("Read-only file system", (await InGuestAsync(lab, "x86", "echo x >/media/cdrom/x")).Errors, StringComparison.Ordinal);
            Assert.NotEqual(0, (await InGuestAsync(lab, "arm", "tftp -p -l /tmp/got -r put 10.0.2.2")).Status);
            Assert.False(File.Exists(media.File("put")));
        }
        finally
        {
            // .NET can't name what is no UTF-8, so it can't remove it either.
            await OnHostAsync("rm --recursive --force -- \"$PWD\"", share);
        }
    }

    /// <summary>A file system of 1 MiB that the test can fill and close.</summary>
    [Fact]
    public async Task A_share_that_is_read_only_or_full_is_told_by_the_guest_and_a_CD_that_is_none_stays_empty()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "Only root can mount a file system.");
        Assert.SkipUnless(Environment.OSVersion.Version >= new Version(6, 6), "Before Linux 6.6 a tmpfs has no user.* attributes, which 9p keeps owners in.");
        using var media = new TestFolder();
        media.Write("cd.iso", new byte[100_001]);
        await using var lab = LabOnThisMachine.Open($$"""
            name: narrow
            hosts:
              here: { kind: namespace, address: 10.98.0.1 }
            vms:
              box: { host: here, arch: x86_64, memory: 256M, cpus: 1, image: debian, share: narrow, cdrom: {{media.File("cd.iso")}} }
            """);
        var share = Directory.CreateDirectory(Path.Join(lab.Folder, "shares", "narrow")).FullName;
        await OnHostAsync("mount -t tmpfs -o size=1m tmpfs .", share);
        try
        {
            await OnHostAsync($"echo hello >greeting; mount -o remount,ro \"$PWD\"", share);
            await StartAsync(lab, "box");
            Assert.Equal((0, "hello\n", ""), await InGuestAsync(lab, "box", "cat /mnt/greeting; ls /media/cdrom"));
            Assert.Contains("Read-only file system", (await InGuestAsync(lab, "box", "echo x >/mnt/x")).Errors, StringComparison.Ordinal);

            await OnHostAsync("mount -o remount,rw \"$PWD\"; head --bytes=2M /dev/zero >filling || true", share);
            var full = await InGuestAsync(lab, "box", "dd if=/dev/zero of=/mnt/x bs=64k count=1");
            Assert.Contains("No space left on device", full.Errors, StringComparison.Ordinal);

            await OnHostAsync("rm filling", share);
            Assert.Equal((0, "", ""), await InGuestAsync(lab, "box", "echo made >/mnt/made"));
            Assert.Equal("made\n", File.ReadAllText(Path.Join(share, "made")));
            Assert.Null(lab.Vm("box").State.Problem);
        }
        finally
        {
            await OnHostAsync("cd /; umount --lazy \"$OLDPWD\"", share);
        }
    }

    [Theory]
    [InlineData("cdrom: nosuch.iso", "nosuch.iso, which is no file. Make it, or name another as its cdrom in the lab file.")]
    [InlineData("cdrom: .", ", which is no file.")]
    [InlineData("cdrom: pipe", "pipe, which is no file.")]
    [InlineData("nics: [ { link: user, tftp: nosuch } ]", "nosuch by TFTP, which is no folder. Make it, or name another as tftp of eth0 in the lab file.")]
    [InlineData("nics: [ { link: user, tftp: pipe } ]", "pipe by TFTP, which is no folder.")]
    [InlineData("share: ./nosuch", "nosuch, which is no folder.")]
    public async Task What_a_guest_is_to_get_and_is_not_there_is_told_before_QEMU_starts(string field, string told)
    {
        await using var lab = LabOnThisMachine.Open($$"""
            name: missing
            hosts:
              here: { kind: namespace, address: 10.98.0.1 }
            vms:
              box: { host: here, arch: x86_64, image: debian, {{field}} }
            """);
        await OnHostAsync("mkfifo pipe", lab.Folder);
        Assert.Equal(OperationState.Failed, (await lab.DoAsync("box", VmAction.Start)).State);
        var state = lab.Vm("box").State;
        Assert.Contains(told, state.Problem!.Detail, StringComparison.Ordinal);
        Assert.IsType<VmProcessState.Off>(state.Process);
    }

    private static async Task StartAsync(LabOnThisMachine lab, string vm)
    {
        Assert.Equal(OperationState.Succeeded, (await lab.DoAsync(vm, VmAction.Start)).State);
        Assert.Null((await lab.UntilAsync(vm, state => state.Guest is not null || state.Problem is not null)).Problem);
    }

    private static async Task<(int Status, string Output, string Errors)> InGuestAsync(LabOnThisMachine lab, string vm, string script)
    {
        var program = new GuestProgram("/bin/sh", ["-c", script]);
        var result = await lab.Vm(vm).ExecAsync(program, LabOnThisMachine.Tester, TestContext.Current.CancellationToken);
        return (result.ExitCode, Encoding.UTF8.GetString(result.Stdout.Span), Encoding.UTF8.GetString(result.Stderr.Span));
    }

    /// <returns>What the script printed.</returns>
    private static async Task<string> OnHostAsync(string script, string folder)
    {
        var start = new ProcessStartInfo("bash", ["-ec", script])
        {
            UseShellExecute = false,
            WorkingDirectory = folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var bash = Process.Start(start)!;
        var errors = bash.StandardError.ReadToEndAsync(CancellationToken.None);
        var output = await bash.StandardOutput.ReadToEndAsync(CancellationToken.None);
        await bash.WaitForExitAsync(CancellationToken.None);
        Assert.True(bash.ExitCode == 0, await errors);
        return output;
    }
}
