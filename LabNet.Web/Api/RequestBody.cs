using System.Reflection;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Http.Json;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.Extensions.Options;

namespace LabNet.Web.Api;

/// <summary>A request's JSON body. Unlike the framework's own binding, it says in the contract's words everything that is wrong with it.</summary>
public sealed class RequestBody<T> : IBindableFromHttpContext<RequestBody<T>>, IEndpointParameterMetadataProvider where T : class
{
    private RequestBody(T value) => Value = value;

    public T Value { get; }

    /// <exception cref="BadInputException">The body is not as the contract says.</exception>
    static async ValueTask<RequestBody<T>?> IBindableFromHttpContext<RequestBody<T>>.BindAsync(HttpContext context, ParameterInfo parameter)
    {
        if (parameter.HasDefaultValue && context.Request.ContentType is null && context.Request.ContentLength is null or 0)
        {
            return null;
        }

        if (!context.Request.HasJsonContentType())
        {
            throw new BadHttpRequestException("The body has to be application/json.", StatusCodes.Status415UnsupportedMediaType);
        }

        var options = context.RequestServices.GetRequiredService<IOptions<JsonOptions>>().Value.SerializerOptions;
        return new RequestBody<T>(await ReadAsync(context, (JsonTypeInfo<T>)options.GetTypeInfo(typeof(T))));
    }

    static void IEndpointParameterMetadataProvider.PopulateMetadata(ParameterInfo parameter, EndpointBuilder builder) =>
        builder.Metadata.Add(new AcceptsMetadata(["application/json"], typeof(T)));

    private static async Task<T> ReadAsync(HttpContext context, JsonTypeInfo<T> type)
    {
        JsonDocument document;
        try
        {
            document = await JsonDocument.ParseAsync(
                context.Request.Body, new JsonDocumentOptions { AllowDuplicateProperties = false }, context.RequestAborted);
        }
        catch (JsonException e)
        {
            throw new BadInputException($"The body is no JSON: {e.Message}");
        }

        using (document)
        {
            CheckMembers(document.RootElement, type, where: "The body");
            try
            {
                return document.RootElement.Deserialize(type) ?? throw new BadInputException("The body is null.");
            }
            catch (JsonException e)
            {
                throw new BadInputException($"The body's {e.Path} is not of the type or not one of the words that /api/v1/openapi.json allows.");
            }
        }
    }

    private static void CheckMembers(JsonElement body, JsonTypeInfo type, string where)
    {
        if (type is { Kind: JsonTypeInfoKind.Enumerable, ElementType: { } elementType })
        {
            if (body.ValueKind != JsonValueKind.Array)
            {
                throw new BadInputException($"{where} has to be a JSON array.");
            }

            foreach (var (place, element) in body.EnumerateArray().Index())
            {
                CheckMembers(element, type.Options.GetTypeInfo(elementType), $"The body's [{place}]");
            }

            return;
        }

        if (body.ValueKind != JsonValueKind.Object)
        {
            throw new BadInputException($"{where} has to be a JSON object.");
        }

        var given = body.EnumerateObject().Select(member => member.Name).ToHashSet(StringComparer.Ordinal);
        var known = type.Properties.Select(property => property.Name).ToList();
        var unknown = given.Except(known).ToList();
        var missing = type.Properties
            .Where(property => property.IsRequired && !given.Contains(property.Name))
            .Select(property => property.Name)
            .ToList();
        if (unknown.Count > 0)
        {
            throw new BadInputException($"{where} has unknown members: {string.Join(", ", unknown)}. Known are: {string.Join(", ", known)}.");
        }

        if (missing.Count > 0)
        {
            throw new BadInputException($"{where} lacks: {string.Join(", ", missing)}.");
        }
    }
}
