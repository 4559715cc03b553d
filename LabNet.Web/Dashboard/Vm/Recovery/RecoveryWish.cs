using LabNet.Core.Recovery;

namespace LabNet.Web.Dashboard.Vm.Recovery;

/// <summary>What the policy's form has in its fields.</summary>
internal sealed class RecoveryWish
{
    public RecoveryAction Action { get; set; }

    public string Snapshot { get; set; } = "";

    public int Times { get; set; }

    public int Minutes { get; set; }

    public bool OnHang { get; set; }

    public int HangSeconds { get; set; }

    public bool MemoryDump { get; set; }

    public static RecoveryWish Of(RecoveryPolicy policy) => new()
    {
        Action = policy.Action,
        Snapshot = policy.Snapshot ?? "",
        Times = policy.BudgetTimes,
        Minutes = Math.Max(1, policy.BudgetSeconds / 60),
        OnHang = policy.OnHang,
        HangSeconds = policy.HangSeconds,
        MemoryDump = policy.MemoryDump,
    };

    public RecoveryPolicy ToPolicy() => new(Action, Action == RecoveryAction.Restore ? Snapshot : null)
    {
        BudgetTimes = Times,
        BudgetSeconds = Minutes * 60,
        OnHang = OnHang,
        HangSeconds = HangSeconds,
        MemoryDump = MemoryDump,
    };
}
