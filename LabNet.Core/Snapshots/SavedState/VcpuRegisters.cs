using System.Text.RegularExpressions;

namespace LabNet.Core.Snapshots;

/// <summary>
/// Names of a vCPU's registers for the fields of QEMU's section <c>cpu</c> (target/i386/machine.c, target/arm/machine.c), as the processors'
/// manuals have them.
/// </summary>
internal sealed partial class VcpuRegisters
{
    private static readonly string[] General = ["RAX", "RCX", "RDX", "RBX", "RSP", "RBP", "RSI", "RDI", "R8", "R9", "R10", "R11", "R12", "R13", "R14", "R15"];
    private static readonly string[] Segments = ["ES", "CS", "SS", "DS", "FS", "GS"];

    private static readonly Dictionary<string, string> X86 = new(StringComparer.Ordinal)
    {
        ["env.eip"] = "RIP",
        ["env.eflags"] = "RFLAGS",
        ["env.efer"] = "EFER",
        ["env.star"] = "STAR",
        ["env.lstar"] = "LSTAR",
        ["env.cstar"] = "CSTAR",
        ["env.fmask"] = "FMASK",
        ["env.kernelgsbase"] = "KERNEL_GS_BASE",
        ["env.sysenter_cs"] = "SYSENTER_CS",
        ["env.sysenter_esp"] = "SYSENTER_ESP",
        ["env.sysenter_eip"] = "SYSENTER_EIP",
        ["env.tsc"] = "TSC",
        ["env.pat"] = "PAT",
        ["env.mxcsr"] = "MXCSR",
        ["env.xcr0"] = "XCR0",
    };

    private static readonly Dictionary<string, string> X86Tables = new(StringComparer.Ordinal)
    {
        ["env.ldt"] = "LDTR",
        ["env.tr"] = "TR",
        ["env.gdt"] = "GDTR",
        ["env.idt"] = "IDTR",
    };

    private readonly SavedNumbers? _armIndexes;
    private readonly bool _isArm;

    private VcpuRegisters(bool isArm, SavedNumbers? armIndexes) => (_isArm, _armIndexes) = (isArm, armIndexes);

    /// <returns>Null for a section that is no vCPU of an architecture known here.</returns>
    public static VcpuRegisters? Of(SavedSection section)
    {
        if (section is not { Name: "cpu", Fields.Fields: var fields })
        {
            return null;
        }

        var isArm = fields.Any(field => field.Name == "env.xregs");
        var indexes = fields.FirstOrDefault(field => field.Name == "cpreg_vmstate_indexes")?.Value as SavedNumbers;
        return isArm || fields.Any(field => field.Name == "env.eip") ? new VcpuRegisters(isArm, indexes) : null;
    }

    /// <param name="path">As in <see cref="SavedChange.Path"/>.</param>
    public string? NameOf(string path)
    {
        if (Vector().Match(path) is { Success: true } vector)
        {
            var kind = vector.Groups["x86"].ValueSpan is "0" ? "XMM" : vector.Groups["x86"].Success ? "YMM" : vector.Groups["fpu"].Success ? "FPR" : "V";
            return kind + vector.Groups["number"].Value;
        }

        var match = Form().Match(path);
        var (field, rest) = (match.Groups["field"].Value, match.Groups["rest"].Value);
        var index = match.Groups["index"].Success && int.TryParse(match.Groups["index"].ValueSpan, out var number) ? number : -1;
        return _isArm ? ArmName(field, index, rest) : X86Name(field, index, rest);
    }

    private static string? X86Name(string field, int index, string rest) => (field, index) switch
    {
        ("env.regs", >= 0 and < 16) => General[index],
        ("env.segs", >= 0 and < 6) => Segments[index] + rest,
        ("env.cr", >= 0) => $"CR{index}",
        ("env.dr", >= 0) => $"DR{index}",
        _ when X86Tables.TryGetValue(field, out var table) => table + rest,
        _ => rest.Length == 0 ? X86.GetValueOrDefault(field) : null,
    };

    private string? ArmName(string field, int index, string rest) => (field, index) switch
    {
        _ when rest.Length > 0 => null,
        ("env.xregs", 31) => "SP",
        ("env.xregs", >= 0) => $"X{index}",
        ("env.regs", >= 0) => $"R{index}",
        ("env.pc", -1) => "PC",
        ("cpsr", -1) => "PSTATE",
        ("env.sp_el" or "env.elr_el", >= 0) => $"{field[4..].ToUpperInvariant()}{index}",
        ("cpreg_vmstate_values", >= 0) when index < _armIndexes?.Count => SystemRegister(_armIndexes[index]),
        _ => null,
    };

    /// <summary>
    /// The number is KVM's (Documentation/virt/kvm/api.rst, "KVM_GET_ONE_REG"): of AArch64's, 0x6030 0000 0013 and op0, op1, CRn, CRm, op2 in 2, 3, 4,
    /// 4 and 3 bits.
    /// </summary>
    private static string? SystemRegister(ulong number)
    {
        const ulong Family = 0x6030_0000_0013_0000;
        if ((number & ~0xffffUL) != Family)
        {
            return null;
        }

        var encoding = (int)(number & 0xffff);
        var name = $"S{encoding >> 14}_{(encoding >> 11) & 7}_C{(encoding >> 7) & 15}_C{(encoding >> 3) & 15}_{encoding & 7}";
        return ArmSystemRegisters.GetValueOrDefault(name, name);
    }

    /// <summary>Those that a kernel changes all the time; the others go by their encoding, as assemblers take it.</summary>
    private static readonly Dictionary<string, string> ArmSystemRegisters = new(StringComparer.Ordinal)
    {
        ["S3_0_C1_C0_0"] = "SCTLR_EL1",
        ["S3_0_C1_C0_2"] = "CPACR_EL1",
        ["S3_0_C2_C0_0"] = "TTBR0_EL1",
        ["S3_0_C2_C0_1"] = "TTBR1_EL1",
        ["S3_0_C2_C0_2"] = "TCR_EL1",
        ["S3_0_C5_C2_0"] = "ESR_EL1",
        ["S3_0_C6_C0_0"] = "FAR_EL1",
        ["S3_0_C7_C4_0"] = "PAR_EL1",
        ["S3_0_C10_C2_0"] = "MAIR_EL1",
        ["S3_0_C12_C0_0"] = "VBAR_EL1",
        ["S3_0_C13_C0_1"] = "CONTEXTIDR_EL1",
        ["S3_0_C13_C0_4"] = "TPIDR_EL1",
        ["S3_3_C13_C0_2"] = "TPIDR_EL0",
        ["S3_3_C13_C0_3"] = "TPIDRRO_EL0",
        ["S3_0_C14_C1_0"] = "CNTKCTL_EL1",
        ["S3_3_C14_C2_1"] = "CNTP_CTL_EL0",
        ["S3_3_C14_C2_2"] = "CNTP_CVAL_EL0",
        ["S3_3_C14_C3_1"] = "CNTV_CTL_EL0",
        ["S3_3_C14_C3_2"] = "CNTV_CVAL_EL0",
    };

    /// <summary>A name of one or two parts; then perhaps an index; then what is inside of that.</summary>
    [GeneratedRegex(@"^(?<field>\w+(?:\.\w+)?)(?:\[(?<index>\d+)\])?(?<rest>.*)$", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Form();

    /// <summary>Of x86 the second half of a wide register is kept apart from the first.</summary>
    [GeneratedRegex(@"^(?:env\.xmm_regs\[(?<x86>[01])\]|(?<fpu>env\.fpregs)|cpu/vfp\.env\.vfp\.zregs)\[(?<number>\d+)\]", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Vector();
}
