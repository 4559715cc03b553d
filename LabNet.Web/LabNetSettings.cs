using System.Net;
using LabNet.Core.Labs;

namespace LabNet.Web;

/// <summary>Thrown when LabNet cannot start with the settings it was given; the message names all that is wrong.</summary>
public sealed class LabNetSettingsException(IReadOnlyList<string> mistakes)
    : Exception("LabNet does not start with these settings:\n" + string.Join('\n', mistakes.Select(m => "  " + m)))
{
    public IReadOnlyList<string> Mistakes { get; } = mistakes;
}

/// <summary>
/// The section <c>LabNet</c> of the configuration: command line <c>--LabNet:Urls=…</c>, environment <c>LabNet__Urls</c>, appsettings.json.
/// </summary>
/// <param name="StateFolder">Absolute. Databases, keys and the first admin token; the folder's mode is 0700.</param>
/// <param name="LabFile">Absolute.</param>
/// <param name="Urls">What LabNet listens on.</param>
/// <param name="Hosts">Host names by which browsers and programs may call LabNet, without port.</param>
/// <param name="InfraFolder">Absolute. Where network.sh and vm-run.sh are; by default <c>infra</c> in the working folder.</param>
/// <param name="GuestsFolder">Absolute. What infra/guests/build.sh made; by default where it puts it.</param>
/// <param name="PciFolder">Absolute. What <c>infra/lab pci build</c> made; by default where it puts it.</param>
/// <param name="GuestRelease">Which Debian release's guests to take.</param>
/// <param name="StartVms">Whether VMs that do not run are started at once; else they are only adopted.</param>
/// <param name="AutoTransport">What carries the links whose transport the lab file leaves open: <c>vxlan</c> or <c>relay</c>.</param>
/// <param name="RawQmp">Whether admins may send any QMP command. Whoever can, can read and write this machine's files as QEMU's user.</param>
public sealed record LabNetSettings(
    string StateFolder,
    string LabFile,
    IReadOnlyList<string> Urls,
    IReadOnlyList<string> Hosts,
    string InfraFolder,
    string GuestsFolder,
    string PciFolder,
    string GuestRelease,
    bool StartVms,
    bool RawQmp,
    LinkTransport AutoTransport = LinkTransport.Vxlan)
{
    /// <summary>Says every wrong key at once.</summary>
    /// <exception cref="LabNetSettingsException"/>
    public static LabNetSettings Read(IConfiguration configuration)
    {
        var reader = new Reader(configuration);
        var settings = new LabNetSettings(
            reader.StateFolder(),
            reader.LabFile(),
            reader.Urls(),
            reader.Hosts(),
            reader.Folder(nameof(InfraFolder), "infra"),
            reader.Folder(nameof(GuestsFolder), reader.HomeFolder("XDG_CACHE_HOME", ".cache", "guests")),
            reader.Folder(nameof(PciFolder), reader.HomeFolder("XDG_CACHE_HOME", ".cache", "pci")),
            configuration[$"LabNet:{nameof(GuestRelease)}"] ?? "bookworm",
            reader.Boolean(nameof(StartVms)),
            reader.Boolean(nameof(RawQmp)),
            reader.Transport(nameof(AutoTransport)));
        reader.RefuseWhatIsUnknown();
        return reader.Mistakes.Count == 0 ? settings : throw new LabNetSettingsException(reader.Mistakes);
    }

    private sealed class Reader(IConfiguration configuration)
    {
        private const string UrlsDefault = "http://127.0.0.1:5000";
        private const StringSplitOptions Trimmed = StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries;

        private static readonly string[] Known =
        [
            nameof(StateFolder), nameof(LabFile), nameof(Urls), "AllowedHosts", "AllowPlainHttp", nameof(InfraFolder), nameof(GuestsFolder),
            nameof(PciFolder), nameof(GuestRelease), nameof(StartVms), nameof(RawQmp), nameof(AutoTransport),
        ];

        private readonly IConfigurationSection _section = configuration.GetSection("LabNet");
        private readonly List<BindingAddress> _addresses = [];

        public List<string> Mistakes { get; } = [];

        public string StateFolder()
        {
            if (_section[nameof(StateFolder)] is { Length: > 0 } given)
            {
                return Path.GetFullPath(given);
            }

            return Path.GetFullPath(HomeFolder("XDG_STATE_HOME", Path.Join(".local", "state")));
        }

        /// <summary>By the XDG base directory specification; a service's account may have neither variable.</summary>
        public string HomeFolder(string xdgVariable, string belowHome, string belowLabNet = "")
        {
            var folder = Environment.GetEnvironmentVariable(xdgVariable) is { Length: > 0 } xdg ? xdg
                : Environment.GetEnvironmentVariable("HOME") is { Length: > 0 } home ? Path.Join(home, belowHome)
                : null;
            if (folder is null)
            {
                Mistakes.Add($"Neither {xdgVariable} nor HOME is set: name LabNet:StateFolder, LabNet:GuestsFolder and LabNet:PciFolder.");
            }

            return Path.Join(folder, "labnet", belowLabNet);
        }

        public string Folder(string key, string otherwise) => Path.GetFullPath(_section[key] is { Length: > 0 } given ? given : otherwise);

        public string LabFile()
        {
            var path = _section[nameof(LabFile)];
            if (string.IsNullOrEmpty(path))
            {
                Mistakes.Add("LabNet:LabFile is missing: the path of the lab file.");
                return "";
            }

            if (!File.Exists(path))
            {
                Mistakes.Add($"LabNet:LabFile: there is no file {Path.GetFullPath(path)}.");
            }

            return Path.GetFullPath(path);
        }

        public string[] Urls()
        {
            if (configuration.GetSection("Kestrel:Endpoints").GetChildren().Any())
            {
                Mistakes.Add("Kestrel:Endpoints would go past the check of the addresses; say LabNet:Urls instead "
                    + "(certificates: Kestrel:Certificates:Default).");
            }

            var allowPlain = Boolean("AllowPlainHttp");
            var urls = (_section[nameof(Urls)] ?? configuration["urls"] ?? UrlsDefault).Split(';', Trimmed);
            if (urls.Length == 0)
            {
                Mistakes.Add($"LabNet:Urls is empty: one or more addresses such as {UrlsDefault}, separated by ';'.");
            }

            foreach (var url in urls)
            {
                Check(url, allowPlain);
            }

            return urls;
        }

        public IReadOnlyList<string> Hosts()
        {
            var named = (_section["AllowedHosts"] ?? "").Split(';', Trimmed);
            foreach (var host in named.Where(h => Uri.CheckHostName(h) == UriHostNameType.Unknown))
            {
                Mistakes.Add($"LabNet:AllowedHosts: \"{host}\" is no host name or address (without scheme and port, several separated by ';').");
            }

            var bound = _addresses.Where(a => !a.IsUnixPipe && !IsEveryAddress(a.Host)).Select(a => a.Host);
            return [.. bound.Concat(named.Select(InUrl)).Concat(["localhost", "127.0.0.1", "[::1]"]).Distinct(StringComparer.OrdinalIgnoreCase)];
        }

        public void RefuseWhatIsUnknown()
        {
            foreach (var child in _section.GetChildren())
            {
                if (!Known.Contains(child.Key, StringComparer.OrdinalIgnoreCase))
                {
                    Mistakes.Add($"LabNet:{child.Key} is not known; known are {string.Join(", ", Known)}.");
                }
                else if (child.GetChildren().Any())
                {
                    Mistakes.Add($"LabNet:{child.Key} has to be one text (several values are separated by ';').");
                }
            }
        }

        public bool Boolean(string key)
        {
            var text = _section[key];
            var value = false;
            if (text is not null && !bool.TryParse(text, out value))
            {
                Mistakes.Add($"LabNet:{key}: \"{text}\" is neither true nor false.");
            }

            return value;
        }

        public LinkTransport Transport(string key)
        {
            switch (_section[key])
            {
                case null or "vxlan":
                    return LinkTransport.Vxlan;
                case "relay":
                    return LinkTransport.Relay;
                case var text:
                    Mistakes.Add($"LabNet:{key}: \"{text}\" is neither vxlan nor relay.");
                    return LinkTransport.Vxlan;
            }
        }

        private void Check(string url, bool allowPlain)
        {
            if (Parse(url) is not { } address)
            {
                Mistakes.Add($"LabNet:Urls: \"{url}\" is no address such as {UrlsDefault} (http or https, no path).");
                return;
            }

            _addresses.Add(address);
            if (address.Scheme == "http" && !allowPlain && !IsThisMachineOnly(address))
            {
                Mistakes.Add($"LabNet:Urls: {url} can be reached from other machines, and over plain http tokens could be read on the way. "
                    + "Use https, or say LabNet:AllowPlainHttp=true where the network itself is safe (a VPN, a container's own).");
            }
        }

        private static BindingAddress? Parse(string url)
        {
            try
            {
                var address = BindingAddress.Parse(url);
                return address.Scheme is "http" or "https" && address.PathBase.Length == 0 && !address.IsNamedPipe ? address : null;
            }
            catch (FormatException)
            {
                return null;
            }
        }

        private static bool IsThisMachineOnly(BindingAddress address) =>
            address.IsUnixPipe
            || address.Host.Equals("localhost", StringComparison.OrdinalIgnoreCase)
            || (IPAddress.TryParse(address.Host, out var ip) && IPAddress.IsLoopback(ip));

        /// <summary>As in a URL and in the Host header: IPv6 in brackets.</summary>
        private static string InUrl(string host) => host.Contains(':', StringComparison.Ordinal) && host[0] != '[' ? $"[{host}]" : host;

        /// <summary>Kestrel listens on every address for any host that is neither an IP address nor localhost.</summary>
        private static bool IsEveryAddress(string host) =>
            host is "*" or "+" || (IPAddress.TryParse(host, out var ip) && (ip.Equals(IPAddress.Any) || ip.Equals(IPAddress.IPv6Any)));
    }
}

public static class LabNetSettingsRegistration
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    /// <summary>Reads the settings, makes the state folder and tells the server what to listen on.</summary>
    /// <exception cref="LabNetSettingsException"/>
    public static LabNetSettings AddLabNetSettings(this WebApplicationBuilder builder)
    {
        var settings = LabNetSettings.Read(builder.Configuration);
        try
        {
            Directory.CreateDirectory(settings.StateFolder, OwnerOnly);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new LabNetSettingsException([$"LabNet:StateFolder: {settings.StateFolder} cannot be made: {e.Message}"]);
        }

        builder.Services.AddSingleton(settings);
        builder.WebHost.UseUrls([.. settings.Urls]);
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.AddServerHeader = false);
        return settings;
    }
}
