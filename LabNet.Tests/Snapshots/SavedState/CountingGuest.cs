using System.Buffers.Binary;

namespace LabNet.Tests.Snapshots;

/// <summary>A guest of a few instructions that counts, for ever, in a register and in one place of its memory.</summary>
/// <param name="Binary">QEMU's program.</param>
/// <param name="Block">QEMU's name for the memory's block.</param>
/// <param name="CounterOffset">Where the counter lies in the block.</param>
/// <param name="CounterAddress">The same, as the guest addresses it.</param>
/// <param name="Register">What counts, by the manual's name.</param>
/// <param name="CounterBytes">Its width.</param>
internal sealed record CountingGuest(string Binary, string Block, long CounterOffset, long CounterAddress, string Register, int CounterBytes)
{
    public static readonly CountingGuest X86 = new("qemu-system-x86_64", "pc.ram", 0x5000, 0x5000, "RCX", 4);
    public static readonly CountingGuest Arm = new("qemu-system-aarch64", "mach-virt.ram", 0x0200_0000, 0x4200_0000, "X1", 8);

    /// <summary>QEMU's options for the machine; the guest's code is laid into the folder.</summary>
    public string[] Arguments(TestFolder folder) => this == X86
        ? ["-machine", "q35", "-bios", folder.Write("firmware", X86Firmware()), "-device", "virtio-net-pci,romfile=,mac=52:54:00:12:34:56"]
        : ["-machine", "virt", "-cpu", "cortex-a57", "-device", $"loader,file={folder.Write("code", ArmCode())},addr=0x40100000,force-raw=on,cpu-num=0", "-device", "virtio-net-pci,romfile="];

    /// <summary>A firmware of 64 KiB: the processor begins 16 bytes before its end, in real mode.</summary>
    private static byte[] X86Firmware()
    {
        var firmware = new byte[65536];
        ReadOnlySpan<byte> code =
        [
            0x31, 0xc0,                      // xor ax, ax
            0x8e, 0xd8,                      // mov ds, ax
            0x66, 0x31, 0xc9,                // xor ecx, ecx
            0x66, 0x41,                      // loop: inc ecx
            0x66, 0x89, 0x0e, 0x00, 0x50,    // mov [0x5000], ecx
            0xeb, 0xf7,                      // jmp loop
        ];
        code.CopyTo(firmware);
        ReadOnlySpan<byte> start = [0xea, 0x00, 0x00, 0x00, 0xf0]; // jmp f000:0000
        start.CopyTo(firmware.AsSpan(firmware.Length - 16));
        return firmware;
    }

    private static byte[] ArmCode()
    {
        ReadOnlySpan<uint> instructions =
        [
            0xd2a8_4000, // mov x0, #0x42000000
            0xd280_0001, // mov x1, #0
            0x9100_0421, // loop: add x1, x1, #1
            0xf900_0001, // str x1, [x0]
            0x17ff_fffe, // b loop
        ];
        var code = new byte[instructions.Length * sizeof(uint)];
        for (var i = 0; i < instructions.Length; i++)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(code.AsSpan(i * sizeof(uint)), instructions[i]);
        }

        return code;
    }
}
