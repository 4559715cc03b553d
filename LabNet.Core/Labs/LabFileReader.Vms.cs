using System.Collections.Immutable;
using System.Globalization;
using System.Text.RegularExpressions;

namespace LabNet.Core.Labs;

internal sealed partial class LabFileReader
{
    private ImmutableArray<LabVm> ReadVms(YamlNode? node)
    {
        var vms = ImmutableArray.CreateBuilder<LabVm>();
        foreach (var (name, entry) in Named<VmName>(node, "vms", mayBeEmpty: false))
        {
            var isAttached = entry.Value is YamlMap { Entries: var entries } && entries.Any(field => field.Key == "attach");
            string[] required = [.. LabFileKeys.VmRequired, .. isAttached ? [] : LabFileKeys.VmStartRequired];
            if (Open(entry.Value, $"VM \"{name}\"", LabFileKeys.Vm, required) is not { } fields)
            {
                continue;
            }

            LabVm? vm = isAttached ? ReadAttachedVm(name, fields) : ReadVm(name, fields);
            if (vm is not null)
            {
                vms.Add(vm);
            }
        }

        return vms.DrainToImmutable();
    }

    /// <returns>Null without any host: that was told already.</returns>
    private HostName? ReadHostOf(Fields vm)
    {
        var host = Name<HostName>(vm.Find("host"), "host");
        return _hosts.Count == 0 ? null : Known(host, vm.Find("host"), "host", _hosts);
    }

    private StartedVm? ReadVm(VmName name, Fields fields)
    {
        var host = ReadHostOf(fields);
        var architecture = OneOf<Architecture>(fields.Find("arch"), "arch", Words.Word);
        var memory = fields.Find("memory") is { } memoryNode ? Memory(memoryNode) : LabLimits.MemoryBytesDefault;
        var cpus = fields.Find("cpus") is { } cpusNode ? Integer(cpusNode, "cpus", 1, LabLimits.CpusMax) : 1;
        var image = Known(Name<ImageName>(fields.Find("image"), "image"), fields.Find("image"), "image", images);
        var share = fields.Find("share") is { } shareNode ? ReadShare(shareNode) : null;
        var cdrom = fields.Find("cdrom") is { } cdromNode ? ReadPath(cdromNode, "cdrom", "./debian.iso or /srv/debian.iso") : null;
        var nics = ReadNics(name, fields.Find("nics"));
        var accelerator = fields.Find("accelerator") is { } acceleratorNode
            ? OneOf<AcceleratorChoice>(acceleratorNode, "accelerator", Words.Word)
            : AcceleratorChoice.Auto;
        return host is null || architecture is null || memory is null || cpus is null || image is null || accelerator is null
            ? null
            : new StartedVm(name, host.Value, architecture.Value, memory.Value, cpus.Value, image.Value, share, nics, accelerator.Value, cdrom);
    }

    private long? Memory(YamlNode node)
    {
        const string Allowed = "a number of mebibytes or gibibytes, such as 512M or 2G";
        if (node is YamlScalar { Text: var number } && Digits().IsMatch(number))
        {
            Tell(node.At, $"memory has no unit; it is {Allowed}.");
            return null;
        }

        if (Text(node, "memory") is not { } text)
        {
            return null;
        }

        if (Size().Match(text) is not { Success: true, Groups: [_, var count, var unit] })
        {
            Tell(node.At, $"memory {Spelling.Quote(text)} is not {Allowed}.");
            return null;
        }

        var bytes = long.Parse(count.ValueSpan, CultureInfo.InvariantCulture) * LabLimits.MiB * (unit.Value == "G" ? 1024 : 1);
        if (bytes is < LabLimits.MemoryBytesMin or > LabLimits.MemoryBytesMax)
        {
            const long GiB = 1024 * LabLimits.MiB;
            Tell(node.At, $"memory {text} is outside {LabLimits.MemoryBytesMin / LabLimits.MiB}M to {LabLimits.MemoryBytesMax / GiB}G.");
            return null;
        }

        return bytes;
    }

    /// <summary>A text with a slash is a path, any other the name of a folder under the lab's shares.</summary>
    private Share? ReadShare(YamlNode node)
    {
        if (Text(node, "share") is not { } text)
        {
            return null;
        }

        if (ShareName.TryParse(text, out var name))
        {
            return new Share.Named(name);
        }

        if (!text.Contains('/', StringComparison.Ordinal) || !IsPath(text))
        {
            var problem = $"is neither a name ({NameGrammar.Told}) nor a path with a slash, such as ./data or /srv/data";
            Tell(node.At, $"share {Spelling.Quote(text)} {problem}.");
            return null;
        }

        return new Share.Folder(Path.GetFullPath(text, folder));
    }

    /// <returns>Absolute. Whether something is there is looked at when the VM starts.</returns>
    private string? ReadPath(YamlNode node, string key, string example)
    {
        if (Text(node, key) is not { } text)
        {
            return null;
        }

        if (!IsPath(text))
        {
            Tell(node.At, $"{key} {Spelling.Quote(text)} is no path, such as {example}.");
            return null;
        }

        return Path.GetFullPath(text, folder);
    }

    /// <summary>A shell would have resolved the tilde; a file named "~" is nobody's wish.</summary>
    private static bool IsPath(string text) => text.Length > 0 && !text.StartsWith('~') && !text.Any(char.IsControl);

    [GeneratedRegex(@"\A[0-9]+\z", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Digits();

    [GeneratedRegex(@"\A(?<count>[1-9][0-9]{0,6})(?<unit>[MG])\z", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Size();
}
