using LabNet.Core.PciModels;

namespace LabNet.Tests.Pci;

/// <summary>Accesses of every size at every place, for every device.</summary>
[Trait("suite", "pci")]
public sealed class AccessSizeTests
{
    private static readonly int[] Sizes = [1, 2, 4, 8];

    public static TheoryData<string, string> Devices => PciDevices.WithRegisters();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [MemberData(nameof(Devices))]
    public async Task A_read_of_any_size_and_alignment_gives_the_bytes_that_stand_there(string architecture, string name)
    {
        await using var device = await PciDevice.StartAsync(architecture, name, Cancellation);
        foreach (var bar in BarsOf(device.Model))
        {
            foreach (var register in bar.Registers.Where(register => register is { Access: RegisterAccess.Rw, Allowed: null }))
            {
                device.Write(bar, register, 0x04030201u * (uint)(1 + (register.Offset / 4 % 60)) & ~(uint)register.Clears);
            }

            var bytes = BytesOf(device, bar);
            foreach (var (offset, size) in Places(bar))
            {
                var expected = 0UL;
                for (var i = 0; i < size; i++)
                {
                    expected |= (ulong)bytes[offset + i] << (8 * i);
                }

                Assert.Equal((offset, size, expected), (offset, size, device.Qtest.Read(device.Function.AddressOf(bar.Bar) + (ulong)offset, size)));
            }
        }
    }

    [Theory]
    [MemberData(nameof(Devices))]
    public async Task A_write_of_another_size_or_alignment_than_a_registers_changes_nothing(string architecture, string name)
    {
        await using var device = await PciDevice.StartAsync(architecture, name, Cancellation);
        foreach (var bar in BarsOf(device.Model))
        {
            var before = Lasting(device);
            foreach (var place in Places(bar).Where(place => place.Size < 4 || place.Offset % place.Size != 0).GroupBy(place => place.Offset))
            {
                foreach (var (offset, size) in place)
                {
                    device.Qtest.Write(device.Function.AddressOf(bar.Bar) + (ulong)offset, size, 0x0123456789abcdef);
                }

                Assert.Equal((place.Key, before), (place.Key, Lasting(device)));
            }
        }
    }

    [Theory]
    [MemberData(nameof(Devices))]
    public async Task A_write_of_8_bytes_is_one_of_two_registers(string architecture, string name)
    {
        await using var device = await PciDevice.StartAsync(architecture, name, Cancellation);
        foreach (var bar in BarsOf(device.Model))
        {
            foreach (var low in bar.Registers.Where(register => register.Offset % 8 == 0 && IsPlain(register)))
            {
                var above = bar.Registers.FirstOrDefault(register => register.Offset == low.Offset + 4);
                var value = 0x89abcdef01234567 & ~((above?.Clears ?? 0) << 32);
                device.Qtest.Write(device.Function.AddressOf(bar.Bar) + (ulong)low.Offset, 8, value);
                Assert.Equal(0x01234567 & (uint)low.Mask, device.Read(bar, low));
                if (above is { } high && IsPlain(high))
                {
                    Assert.Equal(0x89abcdef & (uint)high.Mask, device.Read(bar, high));
                }
            }
        }
    }

    private static bool IsPlain(PciRegister register) => register is { Access: RegisterAccess.Rw, Allowed: null, Clears: 0, Reset: 0 };

    private static IEnumerable<PciModelBar> BarsOf(PciModel model) => model.Bars.Where(bar => bar.Registers.Length > 0);

    /// <summary>Each offset up to the last register and some behind it, and the end of the BAR.</summary>
    private static IEnumerable<(int Offset, int Size)> Places(PciModelBar bar)
    {
        var behind = (int)bar.Registers.Max(register => register.Offset) + 16;
        return Enumerable.Range(0, behind).Concat(Enumerable.Range((int)bar.SizeBytes - 16, 16))
            .SelectMany(offset => Sizes.Where(size => offset + size <= bar.SizeBytes).Select(size => (offset, size)));
    }

    private static byte[] BytesOf(PciDevice device, PciModelBar bar)
    {
        var bytes = new byte[bar.SizeBytes];
        foreach (var register in bar.Registers)
        {
            BitConverter.TryWriteBytes(bytes.AsSpan((int)register.Offset), device.Read(bar, register));
        }

        return bytes;
    }

    /// <summary>What only a write can change: a device may note in a register of the other kind that an access was bad.</summary>
    private static string Lasting(PciDevice device) =>
        string.Join(", ", device.ReadAll().Where(one => device.Register(one.Key).Access != RegisterAccess.W1c).Select(one => $"{one.Key}=0x{one.Value:x}"));
}
