using LabNet.Core.Snapshots;

namespace LabNet.Web.Dashboard.Vm.Snapshots;

/// <summary>One side of a comparison.</summary>
/// <param name="Snapshot">Null for the machine as it is now.</param>
public sealed record ChosenSnapshot(Snapshot? Snapshot)
{
    /// <summary>How the address calls the machine as it is now.</summary>
    public const string NowWord = "now";

    public static readonly ChosenSnapshot Now = new(Snapshot: null);

    /// <summary>As it stands in the address.</summary>
    public string Word => Snapshot?.Id.Text ?? NowWord;

    public string Name => Snapshot?.Name ?? "Now";
}

/// <summary>What the page's address asks to compare: ids of snapshots, or "now".</summary>
public sealed record SnapshotChoice(string? A, string? B)
{
    /// <summary>B stays, unless it is this one.</summary>
    public SnapshotChoice WithA(string word) => new(word, B == word ? null : B);

    /// <summary>A stays; if it is this one, what was B comes in its place.</summary>
    public SnapshotChoice WithB(string word) => A is null ? new(word, B: null) : A == word ? (B is null ? this : new(B, A)) : this with { B = word };
}

/// <summary>What is looked at, A first.</summary>
/// <param name="Problem">Why not everything is there that was asked for.</param>
public sealed record ChosenSnapshots(ChosenSnapshot? A, ChosenSnapshot? B, string? Problem)
{
    public static ChosenSnapshots Of(SnapshotTree tree, SnapshotChoice choice)
    {
        var (a, b) = (Find(tree, choice.A), choice.B == choice.A ? null : Find(tree, choice.B));
        var missing = choice.A is not null && a is null ? choice.A : choice.B is not null && choice.B != choice.A && b is null ? choice.B : null;
        var problem = missing is null ? null : $"There is no snapshot “{missing}”. It was deleted since, or belongs to another VM.";
        return a is null ? new ChosenSnapshots(b, B: null, problem) : new ChosenSnapshots(a, b, problem);
    }

    /// <summary>"A" or "B" for what is chosen, by its word in the address; null for what is not.</summary>
    public string? LetterOf(string word) => A?.Word == word ? "A" : B?.Word == word ? "B" : null;

    private static ChosenSnapshot? Find(SnapshotTree tree, string? word) =>
        word is null ? null
        : word == ChosenSnapshot.NowWord ? ChosenSnapshot.Now
        : tree.Find(new SnapshotId(word)) is { IsThere: true } snapshot ? new ChosenSnapshot(snapshot)
        : null;
}
