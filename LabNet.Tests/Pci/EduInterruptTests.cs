namespace LabNet.Tests.Pci;

/// <summary>How labnet-edu interrupts: by a pin, and by messages.</summary>
[Trait("suite", "pci")]
public sealed class EduInterruptTests
{
    private const int Msi = 0x05;
    private const int MsiX = 0x11;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("x86_64")]
    [InlineData("aarch64")]
    public async Task The_pin_is_up_while_a_cause_that_is_enabled_is_not_acknowledged(string architecture)
    {
        await using var edu = await EduDevice.StartAsync(architecture, Cancellation);
        edu.Write("IRQ_RAISE", edu.Bit("IRQ_STATUS", "TEST"));
        Assert.False(edu.Machine.IsInterrupted(edu.Qtest));

        edu.Write("IRQ_ENABLE", edu.Bit("IRQ_STATUS", "TEST"));
        Assert.True(edu.Machine.IsInterrupted(edu.Qtest));
        edu.Write("IRQ_STATUS", edu.Bit("IRQ_STATUS", "TEST"));
        Assert.False(edu.Machine.IsInterrupted(edu.Qtest));

        edu.EnableAll();
        edu.Write("DOORBELL", 0xd00b);
        Assert.True(edu.Machine.IsInterrupted(edu.Qtest));
        Assert.Equal((0xd00bu, 1u), (edu.Read("DOORBELL_LAST"), edu.Read("DOORBELL_COUNT")));
        edu.Write("CONTROL", edu.Bit("CONTROL", "RESET"));
        Assert.False(edu.Machine.IsInterrupted(edu.Qtest));
    }

    [Theory]
    [InlineData("x86_64")]
    [InlineData("aarch64")]
    public async Task Each_cause_has_a_vector_of_MSI_X_that_comes_once_and_leaves_the_pin_alone(string architecture)
    {
        await using var edu = await EduDevice.StartAsync(architecture, Cancellation);
        UseMsiX(edu);
        edu.EnableAll();
        foreach (var (index, field) in edu.Register("IRQ_STATUS").Fields.Index())
        {
            edu.Write("IRQ_RAISE", edu.Bit("IRQ_STATUS", field.Name));
            Assert.Equal(index, TakeMessage(edu));
            edu.Write("IRQ_RAISE", edu.Bit("IRQ_STATUS", field.Name));
            Assert.Null(TakeMessage(edu));
        }

        Assert.False(edu.Machine.IsInterrupted(edu.Qtest));
    }

    [Theory]
    [InlineData("x86_64")]
    [InlineData("aarch64")]
    public async Task A_masked_vector_is_pending_and_comes_when_it_is_unmasked(string architecture)
    {
        await using var edu = await EduDevice.StartAsync(architecture, Cancellation);
        UseMsiX(edu);
        edu.EnableAll();
        var doorbell = edu.Register("IRQ_STATUS").Fields.Single(field => field.Name == "DOORBELL").Low;
        edu.Qtest.Write(VectorAt(edu, doorbell) + 12, 4, 1);

        edu.Write("DOORBELL", 1);
        Assert.Null(TakeMessage(edu));
        var pending = edu.Function.AddressOf(4) + (edu.Function.ReadConfig(edu.Function.FindCapability(MsiX) + 8) & ~7u);
        Assert.Equal(1u << doorbell, edu.Qtest.Read(pending, 8));

        edu.Qtest.Write(VectorAt(edu, doorbell) + 12, 4, 0);
        Assert.Equal(doorbell, TakeMessage(edu));
        Assert.Equal(0u, edu.Qtest.Read(pending, 8));
    }

    [Theory]
    [InlineData("x86_64")]
    [InlineData("aarch64")]
    public async Task A_cause_that_waits_interrupts_when_it_is_enabled(string architecture)
    {
        await using var edu = await EduDevice.StartAsync(architecture, Cancellation);
        UseMsiX(edu);
        edu.Write("DOORBELL", 1);
        Assert.Null(TakeMessage(edu));
        edu.EnableAll();
        Assert.Equal(edu.Register("IRQ_STATUS").Fields.Single(field => field.Name == "DOORBELL").Low, TakeMessage(edu));
    }

    [Theory]
    [InlineData("x86_64")]
    [InlineData("aarch64")]
    public async Task MSI_counts_the_causes_by_the_vectors_that_the_guest_took(string architecture)
    {
        await using var edu = await EduDevice.StartAsync(architecture, Cancellation);
        edu.EnableAll();
        var msi = edu.Function.FindCapability(Msi);
        edu.Function.WriteConfig(msi + 4, (uint)edu.Data);
        edu.Function.WriteConfig(msi + 8, (uint)(edu.Data >> 32));
        edu.Function.WriteConfig(msi + 12, 0x40, bytes: 2);
        foreach (var log2 in (int[])[0, 1, 3])
        {
            edu.Function.WriteConfig(msi + 2, (uint)(1 | (log2 << 4)), bytes: 2);
            foreach (var (index, field) in edu.Register("IRQ_STATUS").Fields.Index())
            {
                edu.Qtest.Write(edu.Data, 4, 0);
                edu.Write("IRQ_RAISE", edu.Bit("IRQ_STATUS", field.Name));
                Assert.Equal((uint)(0x40 | (index % (1 << log2))), edu.Qtest.Read(edu.Data, 4));
            }

            edu.Write("IRQ_STATUS", 0x3f);
        }

        Assert.False(edu.Machine.IsInterrupted(edu.Qtest));
    }

    [Theory]
    [InlineData("x86_64", ",msi=off,msix=off")]
    [InlineData("aarch64", ",msi=off,msix=off")]
    [InlineData("x86_64", ",vectors=1")]
    [InlineData("aarch64", ",vectors=3")]
    public async Task A_device_with_fewer_messages_still_tells_every_cause(string architecture, string properties)
    {
        await using var edu = await EduDevice.StartAsync(architecture, Cancellation, properties);
        var has = !properties.Contains("off", StringComparison.Ordinal);
        Assert.Equal((has, has), (edu.Function.FindCapability(Msi) != 0, edu.Function.FindCapability(MsiX) != 0));
        edu.EnableAll();
        if (has)
        {
            UseMsiX(edu);
        }

        edu.Write("IRQ_RAISE", 0x3f);
        Assert.Equal(!has, edu.Machine.IsInterrupted(edu.Qtest));
        Assert.Equal(has, TakeMessage(edu) is not null);
    }

    [Theory]
    [InlineData("x86_64")]
    [InlineData("aarch64")]
    public async Task Without_bus_mastering_no_message_leaves_the_device(string architecture)
    {
        await using var edu = await EduDevice.StartAsync(architecture, Cancellation);
        UseMsiX(edu);
        edu.EnableAll();
        edu.Function.WriteConfig(PciFunction.Command, PciFunction.MemoryOnly, bytes: 2);
        edu.Write("DOORBELL", 1);
        Assert.Null(TakeMessage(edu));
        Assert.True(edu.Has("DOORBELL"));
    }

    [Theory]
    [InlineData("x86_64")]
    [InlineData("aarch64")]
    public async Task An_interrupt_can_be_dropped_on_request(string architecture)
    {
        await using var edu = await EduDevice.StartAsync(architecture, Cancellation);
        edu.EnableAll();
        edu.Write("INJECT", edu.Bit("INJECT", "DROP_IRQ"));
        edu.Write("DOORBELL", 1);
        Assert.False(edu.Machine.IsInterrupted(edu.Qtest));
        Assert.True(edu.Has("DOORBELL"));
        edu.Write("INJECT", 0);
        Assert.True(edu.Machine.IsInterrupted(edu.Qtest));

        UseMsiX(edu);
        edu.Write("IRQ_STATUS", 0x3f);
        edu.Write("INJECT", edu.Bit("INJECT", "DROP_IRQ"));
        edu.Write("DOORBELL", 2);
        edu.Write("INJECT", 0);
        Assert.Null(TakeMessage(edu));
    }

    [Theory]
    [InlineData("x86_64")]
    [InlineData("aarch64")]
    public async Task A_bad_write_is_told_by_an_interrupt(string architecture)
    {
        await using var edu = await EduDevice.StartAsync(architecture, Cancellation);
        edu.EnableAll();
        Action[] bad =
        [
            () => edu.Qtest.Write(edu.Function.AddressOf(0) + 8, 1, 1),
            () => edu.Qtest.Write(edu.Function.AddressOf(0) + 9, 4, 1),
            () => edu.Write("TIMER_PERIOD", 9),
            () => edu.Write("DMA_PACE", 0),
            () => edu.Write("DMA_COMMAND", 3),
        ];
        foreach (var write in bad)
        {
            write();
            Assert.Equal(edu.Bit("IRQ_STATUS", "BAD_ACCESS"), edu.Read("IRQ_STATUS"));
            Assert.True(edu.Machine.IsInterrupted(edu.Qtest));
            edu.Write("IRQ_STATUS", 0x3f);
            Assert.False(edu.Machine.IsInterrupted(edu.Qtest));
        }
    }

    /// <summary>Vector N writes N + 1 to memory of the guest.</summary>
    private static void UseMsiX(EduDevice edu)
    {
        var msix = edu.Function.FindCapability(MsiX);
        var vectors = (edu.Function.ReadConfig(msix + 2, bytes: 2) & 0x7ff) + 1;
        for (var vector = 0; vector < vectors; vector++)
        {
            edu.Qtest.Write(VectorAt(edu, vector), 8, edu.Data);
            edu.Qtest.Write(VectorAt(edu, vector) + 8, 8, (ulong)(vector + 1));
        }

        edu.Function.WriteConfig(msix + 2, 0x8000, bytes: 2);
    }

    private static ulong VectorAt(EduDevice edu, int vector) =>
        edu.Function.AddressOf(4) + (edu.Function.ReadConfig(edu.Function.FindCapability(MsiX) + 4) & ~7u) + (ulong)(16 * vector);

    /// <returns>The vector of the message that came last, and takes it away.</returns>
    private static int? TakeMessage(EduDevice edu)
    {
        var message = (int)edu.Qtest.Read(edu.Data, 4);
        edu.Qtest.Write(edu.Data, 4, 0);
        return message == 0 ? null : message - 1;
    }
}
