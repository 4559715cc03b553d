using LabNet.Core.Snapshots;

namespace LabNet.Tests.Snapshots;

[Trait("suite", "qemu")]
public sealed class SavedStateHostileTests
{
    private const int Hang = 120_000;
    private const int Seed = 7_200;

    [LongFormFact(Hang)]
    public async Task A_damaged_state_gives_an_answer_or_the_declared_exception_and_never_a_hang()
    {
        using var folder = new TestFolder();
        var disk = folder.File("disk.qcow2");
        QemuTools.Img("create", "-q", "-f", "qcow2", disk, "1G");
        await using (var qemu = await CountingQemu.StartAsync(CountingGuest.X86, folder, disk))
        {
            await qemu.SaveAsync("only");
        }

        using var image = Qcow2Image.Open(disk);
        using var stream = image.OpenVmState(image.Snapshots.Single());
        var whole = new byte[stream.Length];
        stream.ReadExactly(whole);
        var sound = Read(whole);
        TestContext.Current.TestOutputHelper?.WriteLine($"seed {Seed}, {whole.Length} bytes");
        CheckCut(whole, sound);

        var random = new Random(Seed);
        var (answered, refused) = (0, 0);
        for (var round = LongForm.Rounds(600); round > 0; round--)
        {
            var damaged = Damage(whole, random);
            try
            {
                SavedMachineDifference.Between(sound, Read(damaged), TestContext.Current.CancellationToken);
                answered++;
            }
            catch (SavedStateException)
            {
                refused++;
            }
            catch (InvalidOperationException e) when (e.Message.Contains("pages of", StringComparison.Ordinal))
            {
                refused++;
            }
        }

        TestContext.Current.TestOutputHelper?.WriteLine($"{answered} answered, {refused} refused");
        Assert.True(answered > 0 && refused > 0);
    }

    /// <summary>Without its description the state has the same sections with the same bytes; cut before its end it is none.</summary>
    private static void CheckCut(byte[] whole, SavedMachine sound)
    {
        var mark = whole.AsSpan().LastIndexOf((byte)6);
        var bare = Read(whole[..mark]);
        Assert.False(bare.IsDescribed);
        Assert.All(bare.Sections, section => Assert.Null(section.Fields));
        Assert.Equal(sound.Sections.Select(section => section.Title), bare.Sections.Select(section => section.Title));
        Assert.All(sound.Sections.Zip(bare.Sections), pair => Assert.True(pair.First.Bytes.Span.SequenceEqual(pair.Second.Bytes.Span), pair.First.Title));
        for (var length = 0; length < mark; length += 997)
        {
            Assert.Throws<SavedStateException>(() => Read(whole[..length]));
        }
    }

    /// <summary>Half of the time where the fields or their description are, as most of a state is memory.</summary>
    private static byte[] Damage(byte[] whole, Random random)
    {
        const int TailBytes = 180_000;
        var damaged = whole.ToArray();
        for (var count = random.Next(1, 5); count > 0; count--)
        {
            var at = random.Next(2) == 0 ? random.Next(whole.Length) : random.Next(Math.Max(0, whole.Length - TailBytes), whole.Length);
            damaged[at] = random.Next(3) == 0 && char.IsAsciiDigit((char)damaged[at]) ? (byte)'9' : (byte)random.Next(256);
        }

        return random.Next(10) == 0 ? damaged[..random.Next(damaged.Length)] : damaged;
    }

    private static SavedMachine Read(byte[] state) => SavedMachine.Read(new MemoryStream(state), TestContext.Current.CancellationToken);
}
