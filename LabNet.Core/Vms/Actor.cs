namespace LabNet.Core.Vms;

/// <summary>What somebody may do; each role may do what the ones before it may.</summary>
public enum Role
{
    /// <summary>Reads.</summary>
    Viewer,

    /// <summary>Also changes VMs, snapshots, faults, traces, and runs commands in guests.</summary>
    Operator,

    /// <summary>Also raw QMP, tokens, the lab itself.</summary>
    Admin,
}

/// <summary>Who asks for something. Every command of a VM takes one: there the role is checked and the audit line is written.</summary>
/// <param name="Name">The token's name, or a name of LabNet's own in parentheses.</param>
/// <param name="Origin">Where the wish came in: dashboard, api, hub, start-up.</param>
public sealed record Actor(string Name, Role Role, string Origin)
{
    /// <summary>LabNet itself, carrying out the lab file.</summary>
    public static readonly Actor LabNet = new("(labnet)", Role.Admin, "start-up");

    /// <exception cref="ForbiddenException">The actor's role is too small.</exception>
    public void Require(Role role, string action)
    {
        if (Role < role)
        {
            throw new ForbiddenException(this, role, action);
        }
    }
}

/// <summary>The actor's role does not allow the action.</summary>
public sealed class ForbiddenException(Actor actor, Role required, string action)
    : Exception($"{actor.Name} is {actor.Role.Word()}; {action} needs {required.Word()}.")
{
    public Role Required { get; } = required;
}

public static class RoleWords
{
    public static string Word(this Role role) => role switch
    {
        Role.Viewer => "viewer",
        Role.Operator => "operator",
        Role.Admin => "admin",
        _ => throw new ArgumentOutOfRangeException(nameof(role), role, message: null),
    };

    public static bool TryParse(string? word, out Role role)
    {
        foreach (var candidate in Enum.GetValues<Role>())
        {
            if (candidate.Word() == word)
            {
                role = candidate;
                return true;
            }
        }

        role = default;
        return false;
    }
}
