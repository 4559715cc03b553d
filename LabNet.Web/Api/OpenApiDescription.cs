using LabNet.Core.Vms;
using LabNet.Web.Access;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace LabNet.Web.Api;

/// <summary>The contract for programs to read, and a page on which people can try it.</summary>
internal static class OpenApiDescription
{
    public const string DocumentPath = LabNetApi.Root + "/openapi.json";
    public const string PagePath = "/api/docs";

    private const string BearerScheme = "token";
    private const string CookieScheme = "login";

    public static void Configure(OpenApiOptions options)
    {
        options.AddDocumentTransformer((document, _, _) =>
        {
            Introduce(document);
            AddSecurity(document);
            return Task.CompletedTask;
        });
        options.AddOperationTransformer((operation, context, _) =>
        {
            TellRole(operation, context.Description.ActionDescriptor.EndpointMetadata);
            return Task.CompletedTask;
        });
        options.AddSchemaTransformer((schema, context, _) =>
        {
            TellText(schema, context.JsonTypeInfo.Type);
            return Task.CompletedTask;
        });
    }

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapOpenApi(DocumentPath).RequireAuthorization(AccessPolicies.Viewer);
        routes.MapSwaggerUI(PagePath.TrimStart('/'), options =>
        {
            options.DocumentTitle = "LabNet API";
            options.SwaggerEndpoint(DocumentPath, "LabNet v1");
        }).RequireAuthorization(AccessPolicies.Viewer);
    }

    private static void Introduce(OpenApiDocument document)
    {
        document.Info = new OpenApiInfo
        {
            Title = "LabNet",
            Version = "v1",
            Description = "Reading is GET and changes nothing; every change is POST, PUT or DELETE. Times are UTC, ISO 8601. "
                + "Unknown members in a body are refused. Errors are problems (RFC 9457) whose `type` leads to what to do.",
        };

        // Relative to where the document was loaded from, so that it is right behind every name and port.
        document.Servers = [new OpenApiServer { Url = "/" }];
    }

    private static void TellRole(OpenApiOperation operation, IList<object> metadata)
    {
        if (metadata.OfType<IAllowAnonymous>().Any())
        {
            operation.Security = [];
            return;
        }

        var needed = metadata.OfType<IAuthorizeData>()
            .Select(data => RoleWords.TryParse(data.Policy, out var role) ? role : Role.Viewer)
            .DefaultIfEmpty(Role.Viewer)
            .Max();
        operation.Description = $"Needs the role {needed.Word()}.";
    }

    /// <summary>The generator cannot know that our converters write words and times as text.</summary>
    private static void TellText(OpenApiSchema schema, Type type)
    {
        var written = Nullable.GetUnderlyingType(type) ?? type;
        if (written.IsEnum || written == typeof(DateTimeOffset))
        {
            schema.Type = written == type ? JsonSchemaType.String : JsonSchemaType.String | JsonSchemaType.Null;
        }
    }

    private static void AddSecurity(OpenApiDocument document)
    {
        document.Components ??= new OpenApiComponents();
        document.Components.SecuritySchemes = new Dictionary<string, IOpenApiSecurityScheme>(StringComparer.Ordinal)
        {
            [BearerScheme] = new OpenApiSecurityScheme
            {
                Type = SecuritySchemeType.Http,
                Scheme = "bearer",
                Description = "A token: the roles are viewer (reads), operator (also changes VMs), admin (also tokens).",
            },
            [CookieScheme] = new OpenApiSecurityScheme
            {
                Type = SecuritySchemeType.ApiKey,
                In = ParameterLocation.Cookie,
                Name = "labnet",
                Description = $"The browser's login. Changes also need the antiforgery token in the header {CookieAntiforgery.HeaderName}.",
            },
        };
        document.Security =
        [
            new OpenApiSecurityRequirement { [new OpenApiSecuritySchemeReference(BearerScheme, document)] = [] },
            new OpenApiSecurityRequirement { [new OpenApiSecuritySchemeReference(CookieScheme, document)] = [] },
        ];
    }
}
