using LabNet.Core.Faults;
using LabNet.Core.Labs;
using LabNet.Core.Qmp;
using LabNet.Core.Traffic;
using LabNet.Core.Vms;

namespace LabNet.Tests.Faults;

/// <summary>Real QEMU: faults of all kinds at random, one over the other, while the guest works. Each one is lifted, and nothing is left.</summary>
[Trait("suite", "qemu")]
public sealed class FaultCyclesQemuTests
{
    private const int AtOnce = 3;
    private const string Load = "setsid sh -c 'while :; do dd if=/dev/zero of=/root/load bs=64k count=64 conv=fsync; done' >/dev/null 2>&1 &";

    /// <summary>What the issue of a fault may cost: QEMU does nothing else in a snapshot's job alone.</summary>
    private static readonly TimeSpan SilenceMax = TimeSpan.FromSeconds(2);

    [LongFormFact(120_000)]
    public Task Random_faults_leave_nothing_behind() => RunAsync("x86_64", LongForm.Rounds(12, longForm: 170));

    [LongFormFact(120_000)]
    public Task Random_faults_leave_nothing_behind_on_the_other_architecture() =>
        LongForm.IsOn ? RunAsync("aarch64", rounds: 170) : Task.CompletedTask;

    private static async Task RunAsync(string architecture, int rounds)
    {
        var random = Seed.Print(out var seed);
        await using var lab = await FaultLab.StartAsync(architecture);
        await lab.InGuestAsync(Load);
        var before = await lab.ReadRemainsAsync();
        var late = new List<double>();
        for (var round = 0; round < rounds; round++)
        {
            var running = new List<Fault>();
            foreach (var spec in Enumerable.Range(0, AtOnce).Select(_ => SpecOf(random)))
            {
                try
                {
                    running.Add(await lab.InjectAsync(spec, random.Next(1, 300) / 1000.0));
                }
                catch (VmConflictException)
                {
                    // One of its like is in force, or the guest stands still: as it should be.
                }
            }

            foreach (var fault in running.Where(_ => random.Next(4) == 0))
            {
                await lab.LiftAsync(fault);
            }

            foreach (var fault in running)
            {
                var over = await lab.UntilOverAsync(fault);
                Assert.True(over.State == FaultState.Lifted, $"round {round} of seed {seed}: {over}");
                late.AddRange(over.End == FaultEnd.Time ? [(over.LiftedAt!.Value - over.EndsAt!.Value).TotalMilliseconds] : (double[])[]);
            }

            var asked = TimeProvider.System.GetTimestamp();
            Assert.Equal(RunState.Running, (await lab.Vm.ReadAsync(RunStateCommands.QueryStatus, TestContext.Current.CancellationToken)).Status);
            Assert.True(TimeProvider.System.GetElapsedTime(asked) < SilenceMax, $"round {round} of seed {seed}: QEMU was silent");
        }

        Assert.Equal(before, await lab.ReadRemainsAsync());
        Assert.Empty(lab.Lab.FaultStore.ReadOpen(lab.Vm.State.Name));
        late.Sort();
        TestContext.Current.SendDiagnosticMessage($"{architecture}, seed {seed}: {late.Count} faults lifted by the clock, {late[late.Count / 2]:0.0} ms late (median), {late[(int)(late.Count * 0.95)]:0.0} ms (p95).");
    }

    private static FaultSpec SpecOf(Random random) => random.Next(10) switch
    {
        0 => new PauseFault(),
        1 => new VcpuPauseFault(random.Next(2)),
        2 => new BlockErrorFault("d1", (BlockOperation)random.Next(3), BlockErrno.EIO, null, Once: random.Next(2) == 0, null),
        3 => new BlockErrorFault("vda", BlockOperation.Read, BlockErrno.EIO, Sector: 1, Once: false, random.Next(2) == 0 ? null : 30),
        4 => new BlockThrottleFault("vda", random.Next(20, 500), null),
        5 => new BlockLatencyFault("vda", random.Next(1, 30)),
        6 => new LinkDownFault(new NicId(0)),
        7 => new LinkFlapFault(new NicId(0), random.Next(10, 60), random.Next(10, 60)),
        8 => new LinkImpairFault(new NicId(0), new Impairment(random.Next(1, 40), null, null, null, null, null), (ImpairDirection)random.Next(3)),
        _ => new BalloonFault(random.Next(192, 255) * LabLimits.MiB),
    };
}
