using System.Globalization;
using LabNet.Core.Faults;
using LabNet.Web.Dashboard.Live;
using LabNet.Web.Dashboard.Shell;

namespace LabNet.Web.Dashboard.Chaos;

/// <summary>What the Chaos page says.</summary>
internal static class ChaosWords
{
    /// <summary>What a new plan begins with: it does something, and shows each part once.</summary>
    public const string NewPlan = """
        name: my-plan
        seed: 1
        duration: 30s

        faults:
          - { kind: pause, targets: all, at: 1s..5s, every: exponential(10s), duration: 200ms..1s }

        checks:
          - { kind: program, when: [before, after], command: [/bin/true] }
          - { kind: console }
        """;

    public static (string Word, Tone Tone, IconShape Icon) Of(ChaosVerdict verdict) => verdict switch
    {
        ChaosVerdict.Running => ("runs", Tone.Busy, IconShape.Busy),
        ChaosVerdict.Passed => ("passed", Tone.Good, IconShape.Check),
        ChaosVerdict.Failed => ("failed", Tone.Bad, IconShape.Cross),
        _ => ("stopped", Tone.Warning, IconShape.Stop),
    };

    public static (string Word, Tone Tone, IconShape Icon) Of(ChaosLine line) => line switch
    {
        { Step: ChaosStep.Check, Holds: true } => ("holds", Tone.Good, IconShape.Check),
        { Step: ChaosStep.Check } => ("does not hold", Tone.Bad, IconShape.Cross),
        { Step: ChaosStep.Began } => ("began", Tone.Quiet, IconShape.Play),
        { Step: ChaosStep.Planned } => ("planned", Tone.Quiet, IconShape.List),
        { Step: ChaosStep.InForce } => ("in force", Tone.Warning, IconShape.Kill),
        { Step: ChaosStep.Seen } => ("seen", Tone.Warning, IconShape.Search),
        { Step: ChaosStep.Lifted } => ("lifted", Tone.Good, IconShape.Check),
        { Step: ChaosStep.Missed } => ("missed", Tone.Bad, IconShape.Cross),
        { Step: ChaosStep.Stopping } => ("stopping", Tone.Warning, IconShape.Stop),
        { Holds: true } => ("passed", Tone.Good, IconShape.Check),
        _ => ("ended", Tone.Bad, IconShape.Cross),
    };

    /// <summary>From the plan's beginning.</summary>
    public static string At(double? ms) => ms is { } known ? string.Create(CultureInfo.InvariantCulture, $"{known / 1000:0.000} s") : "before";

    public static string Late(double? ms) => ms is { } known ? string.Create(CultureInfo.InvariantCulture, $"{known:0.0} ms") : "";

    public static string Seconds(TimeSpan time) => string.Create(CultureInfo.InvariantCulture, $"{time.TotalSeconds:0.###} s");
}
