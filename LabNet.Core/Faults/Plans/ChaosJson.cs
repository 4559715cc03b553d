using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace LabNet.Core.Faults.Plans;

[JsonSerializable(typeof(JsonObject))]
internal sealed partial class ChaosJson : JsonSerializerContext;
