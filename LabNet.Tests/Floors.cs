namespace LabNet.Tests;

/// <summary>The floors of LabNet.Core: a feature may use those on the floors below its own, nothing else.</summary>
internal static class Floors
{
    private static readonly Dictionary<string, int> FloorOf = new()
    {
        ["Qmp"] = 1,
        ["GuestAgent"] = 1,
        ["Consoles"] = 1,
        ["Feed"] = 1,
        ["Storage"] = 1,
        ["Labs"] = 1,
        ["Hosts"] = 1,
        ["RemoteDevices"] = 1,
        ["Vms"] = 2,
        ["PciModels"] = 2,
        ["Metrics"] = 3,
        ["TraceEvents"] = 3,
        ["Snapshots"] = 3,
        ["Devices"] = 3,
        ["Traffic"] = 3,
        ["History"] = 3,
        ["Recovery"] = 4,
        ["Workbench"] = 4,
        ["IoBenchmarks"] = 4,
        ["Faults"] = 4,
    };

    /// <summary>The agent speaks in QMP's frames; a host does what a lab's plan says.</summary>
    private static readonly HashSet<(string, string)> OnTheFirstFloor = [("GuestAgent", "Qmp"), ("Hosts", "Labs")];

    public static bool IsKnown(string feature) => FloorOf.ContainsKey(feature);

    public static bool MayUse(string feature, string other) =>
        feature == other || FloorOf[other] < FloorOf[feature] || OnTheFirstFloor.Contains((feature, other));
}
