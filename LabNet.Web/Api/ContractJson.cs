using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using LabNet.Core.Devices;
using LabNet.Core.Faults;
using LabNet.Core.Feed;
using LabNet.Core.Hosts;
using LabNet.Core.IoBenchmarks;
using LabNet.Core.Labs;
using LabNet.Core.PciModels;
using LabNet.Core.Recovery;
using LabNet.Core.Snapshots;
using LabNet.Core.TraceEvents;
using LabNet.Core.Traffic;
using LabNet.Core.Vms;

namespace LabNet.Web.Api;

/// <summary>How the contract is written as JSON.</summary>
internal static class ContractJson
{
    public static void Configure(JsonSerializerOptions options)
    {
        options.TypeInfoResolverChain.Insert(0, ContractJsonContext.Default);
        options.UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow;
        options.AllowDuplicateProperties = false;
        options.PropertyNameCaseInsensitive = false;
        options.NumberHandling = JsonNumberHandling.Strict;
        options.RespectNullableAnnotations = true;
        options.RespectRequiredConstructorParameters = true;
        options.Converters.Add(new UtcTimeConverter());
        options.Converters.Add(new JsonStringEnumConverter<Role>(new WordPolicy<Role>(RoleWords.Word), allowIntegerValues: false));
        options.Converters.Add(new JsonStringEnumConverter<Architecture>(new WordPolicy<Architecture>(Words.Word), allowIntegerValues: false));
        options.Converters.Add(new JsonStringEnumConverter<Accelerator>(new WordPolicy<Accelerator>(Words.Word), allowIntegerValues: false));
        options.Converters.Add(new JsonStringEnumConverter<HostKind>(new WordPolicy<HostKind>(Words.Word), allowIntegerValues: false));
        options.Converters.Add(new JsonStringEnumConverter<NicModel>(new WordPolicy<NicModel>(Words.Word), allowIntegerValues: false));
        options.Converters.Add(new JsonStringEnumConverter<PlugKind>(new WordPolicy<PlugKind>(PlugKinds.Word), allowIntegerValues: false));
        options.Converters.Add(new JsonStringEnumConverter<PciBarKind>(JsonNamingPolicy.CamelCase, allowIntegerValues: false));
        options.Converters.Add(new JsonStringEnumConverter<RegisterAccess>(JsonNamingPolicy.CamelCase, allowIntegerValues: false));
        options.Converters.Add(new JsonStringEnumConverter<PciPropertyType>(JsonNamingPolicy.CamelCase, allowIntegerValues: false));
        options.Converters.Add(new JsonStringEnumConverter<SnapshotOrigin>(new WordPolicy<SnapshotOrigin>(origin => origin.ToString().ToLowerInvariant()), allowIntegerValues: false));
        options.Converters.Add(new JsonStringEnumConverter<CrashKind>(new WordPolicy<CrashKind>(CrashKinds.Word), allowIntegerValues: false));
        options.Converters.Add(new JsonStringEnumConverter<IncidentOutcome>(new WordPolicy<IncidentOutcome>(IncidentOutcomes.Word), allowIntegerValues: false));
        options.Converters.Add(new JsonStringEnumConverter<FaultState>(new WordPolicy<FaultState>(FaultWords.Word), allowIntegerValues: false));
        options.Converters.Add(new JsonStringEnumConverter<TrafficProtocol>(JsonNamingPolicy.CamelCase, allowIntegerValues: false));
        options.Converters.Add(new JsonStringEnumConverter<TrafficRunState>(JsonNamingPolicy.CamelCase, allowIntegerValues: false));
        options.Converters.Add(new JsonStringEnumConverter<ChaosVerdict>(JsonNamingPolicy.CamelCase, allowIntegerValues: false));
        options.Converters.Add(new JsonStringEnumConverter<ChaosStep>(JsonNamingPolicy.KebabCaseLower, allowIntegerValues: false));
        options.Converters.Add(new JsonStringEnumConverter<GuestFileChange>(JsonNamingPolicy.CamelCase, allowIntegerValues: false));
        options.Converters.Add(new JsonStringEnumConverter<CaptureEnd>(JsonNamingPolicy.KebabCaseLower, allowIntegerValues: false));
        options.Converters.Add(new JsonStringEnumConverter<CaptureStateWord>(JsonNamingPolicy.KebabCaseLower, allowIntegerValues: false));
        options.Converters.Add(new JsonStringEnumConverter<OperationState>(JsonNamingPolicy.CamelCase, allowIntegerValues: false));
        options.Converters.Add(new JsonStringEnumConverter<VmConnection>(JsonNamingPolicy.CamelCase, allowIntegerValues: false));
        options.Converters.Add(new JsonStringEnumConverter<AgentAnswers>(JsonNamingPolicy.KebabCaseLower, allowIntegerValues: false));
        options.Converters.Add(new JsonStringEnumConverter<NicKind>(JsonNamingPolicy.CamelCase, allowIntegerValues: false));
        options.Converters.Add(new JsonStringEnumConverter<IoTarget>(JsonNamingPolicy.CamelCase, allowIntegerValues: false));
        options.Converters.Add(new JsonStringEnumConverter<IoFinding>(JsonNamingPolicy.KebabCaseLower, allowIntegerValues: false));
        options.Converters.Add(new JsonStringEnumConverter<TraceValueKind>(JsonNamingPolicy.CamelCase, allowIntegerValues: false));
        options.Converters.Add(new JsonStringEnumConverter<TraceKeep>(JsonNamingPolicy.CamelCase, allowIntegerValues: false));
        options.Converters.Add(new JsonStringEnumConverter<OutputEncoding>(namingPolicy: null, allowIntegerValues: false));
    }

    /// <summary>An enumeration in the words that it has everywhere else.</summary>
    private sealed class WordPolicy<TEnum>(Func<TEnum, string> word) : JsonNamingPolicy where TEnum : struct, Enum
    {
        public override string ConvertName(string name) => word(Enum.Parse<TEnum>(name));
    }

    private sealed class UtcTimeConverter : JsonConverter<DateTimeOffset>
    {
        public override DateTimeOffset Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            reader.TryGetDateTimeOffset(out var time) ? time.ToUniversalTime() : throw new JsonException("a time is ISO 8601");

        public override void Write(Utf8JsonWriter writer, DateTimeOffset value, JsonSerializerOptions options) =>
            writer.WriteStringValue(value.UtcDateTime.ToString(UnixTime.IsoFormat, CultureInfo.InvariantCulture));
    }
}

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, GenerationMode = JsonSourceGenerationMode.Metadata)]
[JsonSerializable(typeof(Problem))]
[JsonSerializable(typeof(LabContract))]
[JsonSerializable(typeof(IReadOnlyList<VmContract>))]
[JsonSerializable(typeof(VmDetailsContract))]
[JsonSerializable(typeof(IReadOnlyList<LinkContract>))]
[JsonSerializable(typeof(IReadOnlyList<PingContract>))]
[JsonSerializable(typeof(IReadOnlyList<PingBinContract>))]
[JsonSerializable(typeof(IReadOnlyList<PathMtuContract>))]
[JsonSerializable(typeof(FlowsContract))]
[JsonSerializable(typeof(FlowSwitchContract))]
[JsonSerializable(typeof(IReadOnlyList<FlowMinuteContract>))]
[JsonSerializable(typeof(CaptureStartRequest))]
[JsonSerializable(typeof(IReadOnlyList<CaptureContract>))]
[JsonSerializable(typeof(PacketPageContract))]
[JsonSerializable(typeof(OperationStarted))]
[JsonSerializable(typeof(OperationContract))]
[JsonSerializable(typeof(GuestExecRequest))]
[JsonSerializable(typeof(GuestExecAnswer))]
[JsonSerializable(typeof(IReadOnlyList<TokenContract>))]
[JsonSerializable(typeof(NewTokenRequest))]
[JsonSerializable(typeof(NewTokenContract))]
[JsonSerializable(typeof(IReadOnlyList<DeviceContract>))]
[JsonSerializable(typeof(TopologyContract))]
[JsonSerializable(typeof(PlugContract))]
[JsonSerializable(typeof(PciModelsContract))]
[JsonSerializable(typeof(RegisterRequest))]
[JsonSerializable(typeof(RegisterAnswer))]
[JsonSerializable(typeof(IReadOnlyList<SnapshotContract>))]
[JsonSerializable(typeof(TakeSnapshotContract))]
[JsonSerializable(typeof(RestoreSnapshotContract))]
[JsonSerializable(typeof(SnapshotDevicesContract))]
[JsonSerializable(typeof(ImageCheck))]
[JsonSerializable(typeof(SnapshotDifferencesContract))]
[JsonSerializable(typeof(RecoveryContract))]
[JsonSerializable(typeof(RecoveryPolicyContract))]
[JsonSerializable(typeof(IReadOnlyList<IncidentContract>))]
[JsonSerializable(typeof(IncidentDetailsContract))]
[JsonSerializable(typeof(TrafficRunRequest))]
[JsonSerializable(typeof(TrafficRunStarted))]
[JsonSerializable(typeof(TrafficRunContract))]
[JsonSerializable(typeof(IReadOnlyList<TrafficRunContract>))]
[JsonSerializable(typeof(IReadOnlyList<ChaosPlanContract>))]
[JsonSerializable(typeof(ChaosPlanText))]
[JsonSerializable(typeof(ChaosCheckContract))]
[JsonSerializable(typeof(ChaosRunRequest))]
[JsonSerializable(typeof(ChaosRunStarted))]
[JsonSerializable(typeof(IReadOnlyList<ChaosRunContract>))]
[JsonSerializable(typeof(ChaosRunDetailsContract))]
[JsonSerializable(typeof(IReadOnlyList<FaultContract>))]
[JsonSerializable(typeof(FaultContract))]
[JsonSerializable(typeof(IReadOnlyList<FaultKindContract>))]
[JsonSerializable(typeof(FaultRequestContract))]
[JsonSerializable(typeof(IReadOnlyList<MemoryRangeContract>))]
[JsonSerializable(typeof(UptimeContract))]
[JsonSerializable(typeof(InterruptsContract))]
[JsonSerializable(typeof(GuestProcessesContract))]
[JsonSerializable(typeof(GuestInterfacesContract))]
[JsonSerializable(typeof(GuestInfoContract))]
[JsonSerializable(typeof(RawQmpRequest))]
[JsonSerializable(typeof(AuditPageContract))]
[JsonSerializable(typeof(EventPageContract))]
[JsonSerializable(typeof(MetricsContract))]
[JsonSerializable(typeof(StorageContract))]
[JsonSerializable(typeof(IReadOnlyList<TraceEventStateContract>))]
[JsonSerializable(typeof(TraceEventStateContract))]
[JsonSerializable(typeof(IReadOnlyList<TraceSwitchContract>))]
[JsonSerializable(typeof(TraceSwitchContract))]
[JsonSerializable(typeof(TraceTimelineContract))]
[JsonSerializable(typeof(IReadOnlyList<TraceStatisticContract>))]
[JsonSerializable(typeof(TraceLatenciesContract))]
[JsonSerializable(typeof(TracePageContract))]
[JsonSerializable(typeof(IoBenchmarkStartRequest))]
[JsonSerializable(typeof(IReadOnlyList<IoBenchmarkContract>))]
[JsonSerializable(typeof(IoBenchmarkDetailsContract))]
[JsonSerializable(typeof(IoComparisonContract))]
internal sealed partial class ContractJsonContext : JsonSerializerContext
{
}
