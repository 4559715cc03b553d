using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace LabNet.Tests.Labs;

/// <summary>
/// As much of JSON Schema 2020-12 as infra/labs/lab.schema.json uses; a keyword that is not known here fails the test that meets it. The
/// package feed has no validator.
/// </summary>
internal sealed class JsonSchema(JsonObject root)
{
    private static readonly HashSet<string> Annotations = ["$schema", "$defs", "title", "description", "default", "examples", "then", "else"];

    public bool Accepts(JsonNode? instance) => Accepts(root, instance);

    private bool Accepts(JsonNode schema, JsonNode? instance) => schema is JsonObject rules
        ? rules.All(rule => Annotations.Contains(rule.Key) || Holds(rules, rule.Key, rule.Value!, instance))
        : schema.GetValue<bool>();

    private bool Holds(JsonObject rules, string keyword, JsonNode value, JsonNode? instance) => keyword switch
    {
        "$ref" => Accepts(Defined(value.GetValue<string>()), instance),
        "anyOf" => value.AsArray().Any(choice => Accepts(choice!, instance)),
        "not" => !Accepts(value, instance),
        "if" => !rules.TryGetPropertyValue(Accepts(value, instance) ? "then" : "else", out var branch) || Accepts(branch!, instance),
        "const" => JsonNode.DeepEquals(value, instance),
        "enum" => value.AsArray().Any(choice => JsonNode.DeepEquals(choice, instance)),
        "type" => value.GetValue<string>() == TypeOf(instance),
        "pattern" => TypeOf(instance) != "string" || Matches(value.GetValue<string>(), instance!.GetValue<string>()),
        "minimum" => TypeOf(instance) != "integer" || instance!.GetValue<decimal>() >= value.GetValue<decimal>(),
        "maximum" => TypeOf(instance) != "integer" || instance!.GetValue<decimal>() <= value.GetValue<decimal>(),
        "maxItems" => instance is not JsonArray list || list.Count <= value.GetValue<int>(),
        "items" => instance is not JsonArray list || list.All(item => Accepts(value, item)),
        "minProperties" => instance is not JsonObject map || map.Count >= value.GetValue<int>(),
        "required" => instance is not JsonObject map || value.AsArray().All(key => map.ContainsKey(key!.GetValue<string>())),
        "propertyNames" => instance is not JsonObject map || map.All(entry => Accepts(value, JsonValue.Create(entry.Key))),
        "properties" => instance is not JsonObject map
            || value.AsObject().All(property => !map.TryGetPropertyValue(property.Key, out var field) || Accepts(property.Value!, field)),
        "additionalProperties" => instance is not JsonObject map
            || map.All(entry => rules["properties"]?.AsObject().ContainsKey(entry.Key) == true || Accepts(value, entry.Value)),
        _ => throw new NotSupportedException($"The schema's keyword \"{keyword}\"."),
    };

    private static bool Matches(string pattern, string text) =>
        Regex.IsMatch(text, pattern, RegexOptions.ECMAScript, TimeSpan.FromSeconds(1));

    private JsonNode Defined(string reference) => root["$defs"]![reference["#/$defs/".Length..]]!;

    private static string TypeOf(JsonNode? instance) => instance switch
    {
        null => "null",
        JsonObject => "object",
        JsonArray => "array",
        _ => instance.GetValueKind() switch
        {
            System.Text.Json.JsonValueKind.String => "string",
            System.Text.Json.JsonValueKind.Number => decimal.IsInteger(instance.GetValue<decimal>()) ? "integer" : "number",
            var kind => kind.ToString(),
        },
    };
}
