using System.Text.Json;
using LabNet.Core.Labs;

namespace LabNet.Web.Startup;

/// <summary>
/// <c>LabNet.Web check LABFILE</c>: reads a lab file without starting anything, for infra/lab. Prints
/// <c>{"name": …, "networkSpec": …, "networkSpecByRelay": …, "started": [VM…]}</c>, or each mistake as <c>FILE:LINE:COLUMN: what is wrong</c> to standard error and ends with 2.
/// The first spec is that where the kernel carries what the file leaves open, the second that where the relay does; both are alike if it leaves nothing open.
/// </summary>
public static class LabCheck
{
    private const int WrongFile = 2;

    /// <summary>The images that infra/guests/build.sh can make.</summary>
    public static IReadOnlySet<ImageName> KnownImages { get; } = new HashSet<ImageName> { ImageName.Parse("debian") };

    public static int Run(string path)
    {
        var reading = LabFile.Read(path, KnownImages);
        if (!reading.TryGetLab(out var lab))
        {
            foreach (var mistake in reading.Mistakes)
            {
                Console.Error.WriteLine(mistake.Line == 0 ? $"{path}: {mistake}" : $"{path}:{mistake}");
            }

            return WrongFile;
        }

        using var output = Console.OpenStandardOutput();
        using var json = new Utf8JsonWriter(output);
        json.WriteStartObject();
        json.WriteString("name", lab.Name.ToString());
        json.WriteString("networkSpec", SpecOf(lab.WithTransport(LinkTransport.Vxlan)));
        json.WriteString("networkSpecByRelay", SpecOf(lab.WithTransport(LinkTransport.Relay)));
        json.WriteStartArray("started");
        foreach (var vm in lab.Vms.OfType<StartedVm>())
        {
            json.WriteStringValue(vm.Name.ToString());
        }

        json.WriteEndArray();
        json.WriteEndObject();
        return 0;
    }

    private static string SpecOf(Lab lab) => NetworkSpec.For(lab, InterfaceNames.Of(lab), machine: null);
}
