using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.Loader;

namespace LabNet.Tests.Dashboard;

internal static class AngleSharpDiffing
{
    /// <summary>bUnit asks for a strong name that AngleSharp.Diffing 0.17.0 does not have; the assembly itself is the right one.</summary>
#pragma warning disable CA2255 // It has to be in place before the first test touches bUnit, and nothing else runs that early.
    [ModuleInitializer]
#pragma warning restore CA2255
    internal static void ResolveBySimpleName() => AssemblyLoadContext.Default.Resolving += (context, name) =>
        name.Name == "AngleSharp.Diffing"
            ? context.LoadFromAssemblyPath(Path.Combine(Path.GetDirectoryName(Assembly.GetExecutingAssembly().Location)!, "AngleSharp.Diffing.dll"))
            : null;
}
