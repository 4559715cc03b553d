using System.Reflection;
using System.Text.RegularExpressions;
using LabNet.Core.Qmp;

namespace LabNet.Tests;

/// <summary>What holds for the repository as a whole. A rule that nothing checks is a wish.</summary>
[Trait("suite", "unit")]
public sealed partial class RepositoryTests
{
    private const int FileLinesMax = 400;
    private const int FileLinesUsual = 200;

    private static readonly HashSet<string> Suites = ["unit", "fake", "qemu", "browser", "pci", "network"];

    [Fact]
    public void Core_knows_nothing_of_ASP_NET()
    {
        Assert.DoesNotContain(typeof(QmpConnection).Assembly.GetReferencedAssemblies(), name => name.Name!.StartsWith("Microsoft.AspNetCore", StringComparison.Ordinal));
        Assert.DoesNotContain("AspNetCore", RepositoryFiles.Read("LabNet.Core/LabNet.Core.csproj"), StringComparison.Ordinal);
        Assert.DoesNotContain(CoreSources(), source => source.Text.Contains("Microsoft.AspNetCore", StringComparison.Ordinal));
    }

    [Fact]
    public void Every_folder_of_Core_stands_on_a_floor_and_holds_its_own_namespace()
    {
        Assert.All(CoreSources(), source => Assert.True(Floors.IsKnown(source.Feature), source.Path));
        Assert.All(CoreSources(), source => Assert.Contains($"namespace LabNet.Core.{source.Feature};", source.Text, StringComparison.Ordinal));
    }

    [Fact]
    public void Features_of_Core_name_only_what_stands_below_them() =>
        Assert.Empty(
            from source in CoreSources()
            from Match match in CoreName().Matches(source.Text)
            let other = match.Groups["feature"].Value
            where Floors.IsKnown(other) && !Floors.MayUse(source.Feature, other)
            select $"{source.Path} uses {other}");

    [Fact]
    public void Types_of_Core_are_made_only_of_what_stands_below_them() =>
        Assert.Empty((
            from type in typeof(QmpConnection).Assembly.GetTypes()
            let feature = FeatureOf(type)
            where feature is not null
            from used in TypesUsedBy(type)
            let other = FeatureOf(used)
            where other is not null && !Floors.MayUse(feature, other)
            select $"{type.FullName} uses {used.FullName}").Distinct());

    [Fact]
    public void The_floors_are_those_of_the_design()
    {
        Assert.True(Floors.MayUse("Vms", "Qmp"));
        Assert.True(Floors.MayUse("GuestAgent", "Qmp"));
        Assert.True(Floors.MayUse("Hosts", "Labs"));
        Assert.True(Floors.MayUse("Faults", "Metrics"));
        Assert.False(Floors.MayUse("Qmp", "GuestAgent"));
        Assert.False(Floors.MayUse("Labs", "Hosts"));
        Assert.False(Floors.MayUse("Feed", "Storage"));
        Assert.False(Floors.MayUse("Qmp", "Vms"));
        Assert.False(Floors.MayUse("Metrics", "Snapshots"));
        Assert.False(Floors.MayUse("Faults", "Recovery"));
    }

    [Fact]
    public void No_file_is_two_files()
    {
        var lines = RepositoryFiles.With(".cs", ".razor", ".css", ".js", ".sh", ".c", ".h", ".py")
            .Select(path => (Path: path, Lines: RepositoryFiles.Read(path).AsSpan().Count('\n')))
            .ToList();
        foreach (var (path, count) in lines.Where(file => file.Lines > FileLinesUsual).OrderByDescending(file => file.Lines))
        {
            TestContext.Current.TestOutputHelper?.WriteLine($"{count,4} {path}");
        }

        Assert.DoesNotContain(lines, file => file.Lines > FileLinesMax);
    }

    [Fact]
    public void Log_messages_have_ids_of_their_own() =>
        Assert.Empty(
            from path in RepositoryFiles.With(".cs", ".razor")
            from Match match in LogMessage().Matches(RepositoryFiles.Read(path))
            group path by match.Groups["id"].Value into uses
            where uses.Count() > 1
            select $"{uses.Key}: {string.Join(", ", uses)}");

    [Fact]
    public void Links_of_the_docs_lead_somewhere() =>
        Assert.Empty(
            from path in RepositoryFiles.With(".md")
            where path == "README.md" || path.StartsWith("docs/", StringComparison.Ordinal)
            from link in RepositoryFiles.LinksOf(RepositoryFiles.Read(path))
            where !link.Contains("://", StringComparison.Ordinal) && !link.StartsWith("mailto:", StringComparison.Ordinal) && !LeadsSomewhere(path, link)
            select $"{path}: {link}");

    [Fact]
    public void A_link_to_a_missing_file_or_section_is_found()
    {
        Assert.Equal(["a.md", "b.md#c-d", "#e"], RepositoryFiles.LinksOf("[x](a.md) ![y](<b.md#c-d>) [z](#e \"title\")\n```\n[no](no.md)\n```\n"));
        Assert.Equal(["what-it-is-qemus-10", "two"], RepositoryFiles.AnchorsOf("# What it is: QEMU's `10`\ntext\n## Two\n```\n# no\n```\n"));
        Assert.False(LeadsSomewhere("README.md", "docs/nosuch.md"));
        Assert.True(LeadsSomewhere("README.md", "LabNet.sln"));
    }

    [Fact]
    public void Tests_wait_for_signals_and_never_for_the_clock() =>
        Assert.DoesNotContain(
            RepositoryFiles.With(".cs"),
            path => path.StartsWith("LabNet.Tests/", StringComparison.Ordinal) && Sleep().IsMatch(RepositoryFiles.Read(path)));

    [Fact]
    public void No_work_is_left_open_in_the_code() =>
        Assert.DoesNotContain(
            RepositoryFiles.With(".cs", ".razor", ".css", ".js", ".sh", ".c", ".h", ".py", ".md", ".yaml", ".sql", ".csproj"),
            path => OpenWork().IsMatch(RepositoryFiles.Read(path)));

    [Fact]
    public void Every_test_belongs_to_a_known_suite() =>
        Assert.Empty(
            from type in typeof(RepositoryTests).Assembly.GetTypes()
            where type.GetMethods().Any(method => method.GetCustomAttributes<FactAttribute>().Any())
            let suites = type.GetCustomAttributes<TraitAttribute>().Where(trait => trait.Name == "suite").Select(trait => trait.Value).ToList()
            where suites.Count != 1 || !Suites.Contains(suites[0])
            select $"{type.FullName}: {string.Join(", ", suites)}");

    private static bool LeadsSomewhere(string from, string link)
    {
        var parts = link.Split('#', 2);
        var path = parts[0].Length == 0 ? from : Path.Join(Path.GetDirectoryName(from), Uri.UnescapeDataString(parts[0]));
        var full = Path.Join(Repository.Root, path);
        return parts.Length == 1 || Path.GetExtension(full) != ".md"
            ? Path.Exists(full)
            : File.Exists(full) && RepositoryFiles.AnchorsOf(File.ReadAllText(full)).Contains(parts[1]);
    }

    private static IEnumerable<(string Path, string Feature, string Text)> CoreSources() =>
        from path in RepositoryFiles.With(".cs")
        let folders = path.Split('/')
        where folders[0] == "LabNet.Core"
        select (path, folders[1], RepositoryFiles.Read(path));

    private static string? FeatureOf(Type type) => type.Namespace?.Split('.') is ["LabNet", "Core", var feature, ..] ? feature : null;

    private static IEnumerable<Type> TypesUsedBy(Type type)
    {
        const BindingFlags All = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;
        IEnumerable<Type?> used =
        [
            type.BaseType,
            .. type.GetInterfaces(),
            .. type.GetFields(All).Select(field => field.FieldType),
            .. type.GetMethods(All).SelectMany(method => method.GetParameters().Select(p => p.ParameterType).Append(method.ReturnType)),
            .. type.GetConstructors(All).SelectMany(constructor => constructor.GetParameters().Select(p => p.ParameterType)),
            .. type.GetCustomAttributesData().SelectMany(data => data.ConstructorArguments.Select(a => a.Value as Type).Append(data.AttributeType)),
            .. type.GetMembers(All).SelectMany(member => member.GetCustomAttributesData()).Select(data => data.AttributeType),
        ];
        return used.OfType<Type>().SelectMany(WithArguments);
    }

    private static IEnumerable<Type> WithArguments(Type type) => type.HasElementType
        ? WithArguments(type.GetElementType()!)
        : type.GetGenericArguments().Where(argument => !argument.IsGenericParameter).SelectMany(WithArguments).Append(type);

    [GeneratedRegex(@"LabNet\.Core\.(?<feature>\w+)", RegexOptions.None, matchTimeoutMilliseconds: 5000)]
    private static partial Regex CoreName();

    [GeneratedRegex(@"LoggerMessage\(\s*(?:EventId\s*=\s*)?(?<id>\d+)", RegexOptions.None, matchTimeoutMilliseconds: 5000)]
    private static partial Regex LogMessage();

    [GeneratedRegex(@"\bTask\.Del[a]y\b|\bThread\.Sle[e]p\b", RegexOptions.None, matchTimeoutMilliseconds: 5000)]
    private static partial Regex Sleep();

    [GeneratedRegex(@"\b(?:TO[D]O|FIX[M]E)\b", RegexOptions.None, matchTimeoutMilliseconds: 5000)]
    private static partial Regex OpenWork();
}
