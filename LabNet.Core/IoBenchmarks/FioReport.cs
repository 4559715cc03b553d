using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace LabNet.Core.IoBenchmarks;

/// <summary>
/// What fio prints with <c>--output-format=json</c> (its HOWTO, "JSON output"), of one job:
/// <code>
/// { "fio version": TEXT, "jobs": [ { "error": ERRNO, "read": SIDE, "write": SIDE } ] }
/// SIDE = { "io_bytes", "total_ios", "runtime": MS, "lat_ns": { "mean", "max", "percentile": { "50.000000": NS, … } } }
/// </code>
/// Lines of fio's own may stand before it. A side without a request has no percentiles. fio before 3.1 writes other members.
/// </summary>
/// <param name="Error">The errno with which the job ended; 0 for none.</param>
internal sealed record FioReport(string Version, int Error, IoFigures Read, IoFigures Write)
{
    /// <summary>fio's own has 9 KiB.</summary>
    private const int BytesMax = 1024 * 1024;

    private const int VersionCharsMax = 32;

    private static readonly string[] Percentiles = ["50.000000", "95.000000", "99.000000", "99.900000"];

    /// <param name="mistake">Why the output is no report.</param>
    public static bool TryParse(ReadOnlySpan<byte> output, [NotNullWhen(true)] out FioReport? report, [NotNullWhen(false)] out string? mistake)
    {
        report = null;
        var start = output.StartsWith("{"u8) ? 0 : output.IndexOf("\n{"u8);
        if (start < 0 || output.Length > BytesMax)
        {
            mistake = start < 0 ? "it holds no JSON" : $"it has more than {BytesMax} bytes";
            return false;
        }

        try
        {
            var parsed = JsonSerializer.Deserialize(output[start..], FioJson.Default.FioOutput);
            mistake = parsed?.Jobs is [{ } job] ? MistakeIn("read", job.Read) ?? MistakeIn("write", job.Write) : "it has not exactly one job";
            if (mistake is not null)
            {
                return false;
            }

            report = new FioReport(VersionOf(parsed!.Version), parsed.Jobs[0].Error, FiguresOf(parsed.Jobs[0].Read), FiguresOf(parsed.Jobs[0].Write));
            return true;
        }
        catch (JsonException e)
        {
            mistake = $"{e.Path ?? "it"} is missing or not what fio 3 writes";
            return false;
        }
    }

    private static string? MistakeIn(string name, FioSide side)
    {
        var latency = side.LatNs;
        return side.IoBytes < 0 || side.TotalIos < 0 || side.Runtime < 0 ? $"{name} has a number below zero"
            : side.TotalIos > 0 && side.Runtime == 0 ? $"{name} has requests and no time"
            : !IsTime(latency.Mean) || !IsTime(latency.Max) ? $"{name} has a latency that is none"
            : side.TotalIos > 0 && (latency.Percentile is not { } percentiles || Percentiles.Any(p => !percentiles.TryGetValue(p, out var ns) || ns < 0))
            ? $"{name} lacks percentiles"
            : null;
    }

    private static bool IsTime(double ns) => ns is >= 0 and <= long.MaxValue / 2;

    private static IoFigures FiguresOf(FioSide side)
    {
        long At(int percentile) => side.TotalIos == 0 ? 0 : side.LatNs.Percentile![Percentiles[percentile]];
        return new IoFigures(
            side.IoBytes, side.TotalIos, side.Runtime, (long)Math.Round(side.LatNs.Mean), (long)Math.Round(side.LatNs.Max), At(0), At(1), At(2), At(3));
    }

    private static string VersionOf(string text)
    {
        var clean = string.Concat(text.Where(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '.' or '_'));
        return clean.Length <= VersionCharsMax ? clean : clean[..VersionCharsMax];
    }
}

internal sealed record FioOutput([property: JsonPropertyName("fio version")] string Version, FioJob[] Jobs);

internal sealed record FioJob(int Error, FioSide Read, FioSide Write);

internal sealed record FioSide(long IoBytes, long TotalIos, long Runtime, FioLatency LatNs);

internal sealed record FioLatency(double Mean, double Max, Dictionary<string, long>? Percentile = null);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, RespectNullableAnnotations = true, RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(FioOutput))]
internal sealed partial class FioJson : JsonSerializerContext;
