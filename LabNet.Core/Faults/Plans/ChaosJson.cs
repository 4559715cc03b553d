using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace LabNet.Core.Faults;

[JsonSerializable(typeof(JsonObject))]
internal sealed partial class ChaosJson : JsonSerializerContext;
