namespace LabNet.Web.Dashboard.Shell;

public enum Theme
{
    Light,
    Dark,
}

/// <summary>The look that a viewer chose. Until one did, the browser's media query follows the system.</summary>
internal static class Themes
{
    /// <summary>Written by ThemeSwitch.razor.js.</summary>
    public const string Cookie = "labnet-theme";

    public static Theme? Chosen(HttpRequest request) => request.Cookies[Cookie] switch
    {
        "light" => Theme.Light,
        "dark" => Theme.Dark,
        _ => null,
    };

    public static string Word(this Theme theme) => theme == Theme.Light ? "light" : "dark";

    /// <summary>When the sheet of a theme is in force. Both are always there, so that the switch needs no reload.</summary>
    public static string Media(Theme sheet, Theme? chosen) => chosen is null
        ? $"(prefers-color-scheme: {sheet.Word()})"
        : chosen == sheet ? "all" : "not all";
}
