namespace LabNet.Web.Api;

/// <summary>The request is not as the contract says; the message says what is.</summary>
internal sealed class BadInputException(string message) : Exception(message);

/// <summary>The request names something that is not there; the message names what is.</summary>
internal sealed class UnknownThingException(string message) : Exception(message)
{
    public static UnknownThingException Of(string kind, string name, IEnumerable<string> known) =>
        new($"There is no {kind} \"{name}\"; there is {Listed(known)}.");

    private static string Listed(IEnumerable<string> known)
    {
        var names = string.Join(", ", known);
        return names.Length == 0 ? "none" : names;
    }
}
