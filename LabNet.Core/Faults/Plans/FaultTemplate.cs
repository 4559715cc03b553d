using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Nodes;
using LabNet.Core.Labs;

namespace LabNet.Core.Faults;

/// <summary>A fault whose members chance may choose; in the shape that <see cref="FaultJson"/> reads.</summary>
/// <param name="Members">In the plan's order, without <c>durationMs</c>.</param>
public sealed record FaultTemplate(string Kind, ImmutableArray<FaultTemplate.Member> Members)
{
    private const int DecimalPlaces = 3;

    /// <returns>Null if what chance chose is no fault of this VM; <paramref name="mistake"/> then says why.</returns>
    public FaultRequest? Sample(LabVm vm, double durationMs, ChaosRandom random, out string? mistake)
    {
        var json = new JsonObject { ["kind"] = Kind };
        foreach (var (name, value) in Members)
        {
            json[name] = value.Sample(random);
        }

        if (durationMs > 0)
        {
            json["durationMs"] = durationMs;
        }

        return FaultJson.ReadRequest(JsonSerializer.SerializeToElement(json, ChaosJson.Default.JsonObject), vm, out mistake);
    }

    public sealed record Member(string Name, Value Value);

    public abstract record Value
    {
        private Value()
        {
        }

        internal abstract JsonNode? Sample(ChaosRandom random);

        public sealed record Fixed(JsonNode? Node) : Value
        {
            internal override JsonNode? Sample(ChaosRandom random) => Node?.DeepClone();
        }

        /// <summary>A number; whole where the text has no decimal point.</summary>
        public sealed record Chance(Distribution Distribution) : Value
        {
            internal override JsonNode Sample(ChaosRandom random) => Distribution.Text.Replace("..", "", StringComparison.Ordinal).Contains('.', StringComparison.Ordinal)
                ? JsonValue.Create(Math.Round(Distribution.Sample(random), DecimalPlaces))
                : JsonValue.Create((long)Math.Round(Distribution.Sample(random)));
        }

        /// <summary>One of a list, each equally likely.</summary>
        public sealed record Choice(ImmutableArray<JsonNode?> Nodes) : Value
        {
            internal override JsonNode? Sample(ChaosRandom random) => Nodes[random.Next(Nodes.Length)]?.DeepClone();
        }
    }
}
