using System.Globalization;

namespace LabNet.Core.Recovery;

/// <summary>What is done when a VM has crashed.</summary>
public enum RecoveryAction
{
    /// <summary>The crash is written down, and the VM stays as it is.</summary>
    None,

    /// <summary>QEMU is started anew and the guest boots.</summary>
    Restart,

    /// <summary>The newest snapshot that the machine came from and that can be restored; where there is none, the guest boots.</summary>
    RestoreLast,

    /// <summary>A snapshot by its name.</summary>
    Restore,
}

/// <summary>What is done when a VM has crashed, how often, and what is kept of it.</summary>
/// <param name="Snapshot">A snapshot's name, tag or id; null but for <see cref="RecoveryAction.Restore"/>.</param>
public sealed record RecoveryPolicy(RecoveryAction Action, string? Snapshot = null)
{
    public const int BudgetTimesMax = 100;
    public const int BudgetSecondsMin = 10;
    public const int BudgetSecondsMax = 24 * 60 * 60;

    /// <summary>The agent is asked every five seconds and may take as long to answer; what is silent for less than this is busy.</summary>
    public const int HangSecondsMin = 10;
    public const int HangSecondsMax = 60 * 60;

    private const string RestoreWord = "restore";
    private const string Allowed = $"none, restart, restore-last or {RestoreWord} NAME";

    public static RecoveryPolicy Default { get; } = new(RecoveryAction.None);

    /// <summary>So many recoveries in <see cref="BudgetSeconds"/>, then the breaker opens.</summary>
    public int BudgetTimes { get; init; } = 5;

    public int BudgetSeconds { get; init; } = 600;

    /// <summary>Whether a guest that does nothing but spin, and whose agent is silent, counts as crashed.</summary>
    public bool OnHang { get; init; }

    /// <summary>For how long.</summary>
    public int HangSeconds { get; init; } = 30;

    /// <summary>Whether the guest's memory is written to a file first, where QEMU still runs.</summary>
    public bool MemoryDump { get; init; }

    /// <summary>Such as <c>restore-last</c> or <c>restore before-driver</c>.</summary>
    public string Text => Action switch
    {
        RecoveryAction.None => "none",
        RecoveryAction.Restart => "restart",
        RecoveryAction.RestoreLast => "restore-last",
        _ => $"{RestoreWord} {Snapshot}",
    };

    /// <param name="mistake">What is wrong with the text, and what is allowed; null if nothing is.</param>
    public static RecoveryPolicy? Parse(string text, out string? mistake)
    {
        mistake = null;
        switch (text)
        {
            case "none":
                return Default;
            case "restart":
                return new RecoveryPolicy(RecoveryAction.Restart);
            case "restore-last":
                return new RecoveryPolicy(RecoveryAction.RestoreLast);
        }

        if (text.StartsWith(RestoreWord + " ", StringComparison.Ordinal) && text[(RestoreWord.Length + 1)..].Trim() is { Length: > 0 } snapshot)
        {
            return new RecoveryPolicy(RecoveryAction.Restore, snapshot);
        }

        mistake = text.Trim() == RestoreWord
            ? $"policy: \"{RestoreWord}\" needs the name of a snapshot, such as \"{RestoreWord} before-driver\"."
            : $"policy: \"{text}\" is none; allowed are {Allowed}.";
        return null;
    }

    /// <summary>The first number that is out of its bounds, with what is allowed; null if all are well.</summary>
    public string? Mistake() =>
        OutOf("budgetTimes", BudgetTimes, 1, BudgetTimesMax) ?? OutOf("budgetSeconds", BudgetSeconds, BudgetSecondsMin, BudgetSecondsMax)
        ?? OutOf("hangSeconds", HangSeconds, HangSecondsMin, HangSecondsMax);

    private static string? OutOf(string name, int value, int min, int max) => value >= min && value <= max
        ? null
        : string.Create(CultureInfo.InvariantCulture, $"{name}: {value} is not between {min} and {max}.");
}
