using System.Globalization;
using System.Text;
using LabNet.Core.GuestAgent;
using LabNet.Core.Vms;

namespace LabNet.Core.Snapshots;

/// <summary>
/// The guest's 9p shares around a snapshot: while one is mounted, QEMU refuses to save the machine ("Migration is disabled when VirtFS export
/// path … is mounted"). What was mounted the guest itself keeps, in memory, so that a guest that is brought back knows what it had then.
/// Each way is one program in the guest, because starting one is what takes time.
/// </summary>
internal static class GuestShares
{
    /// <summary>Lines of source, target and options, as in /proc/mounts (proc(5): a space stands as <c>\040</c>).</summary>
    private const string Common = """
        list=/run/labnet-shares
        plain() { printf '%b' "$(printf '%s' "$1" | sed 's/\\/\\0/g')"; }
        mount_all() {
          [ -e "$list" ] || return 0
          while read -r source target options; do
            target=$target awk '$2 == ENVIRON["target"] && $3 == "9p" { found = 1 } END { exit !found }' /proc/mounts ||
              mount -t 9p -o "$options" "$source" "$(plain "$target")" || return 1
          done <"$list"
          rm -f "$list"
        }

        """;

    /// <summary>What a LabNet that is gone had begun goes on in the guest: it has to be over before this can undo it. The agent has started it by then, as it answers in order.</summary>
    private const string Mount = Common + """
        turns=100
        # -q, because without it a process that ends just now is an error, and that outweighs what was found.
        while [ "$turns" -gt 0 ] && grep -qsz '^labnet-unmount$' /proc/[0-9]*/cmdline; do
          turns=$((turns - 1))
          sleep 0.1
        done
        if [ -n "${2-}" ]; then
          date -u -s "@$2" >/dev/null || exit 1
          # It waits for the next full second, and nobody has to wait for it.
          (setsid hwclock --systohc --utc </dev/null >/dev/null 2>&1 &)
        fi
        mount_all
        """;

    /// <summary>All shares or none: where one is in use it says so, and who uses it, and mounts again what it had unmounted.</summary>
    private const string Unmount = Common + """
        awk '$3 == "9p" { print $1, $2, $4 }' /proc/mounts >"$list.new"
        [ -s "$list.new" ] || { rm -f "$list.new"; exit 0; }
        mv "$list.new" "$list"
        tac "$list" | while read -r source target options; do
          path=$(plain "$target")
          why=$(umount "$path" 2>&1) && continue
          echo "busy $target $why" | tr '\n' ' '
          echo
          for process in /proc/[0-9]*; do
            for held in "$process"/cwd "$process"/root "$process"/exe "$process"/fd/*; do
              case $(readlink "$held" 2>/dev/null) in
                "$path" | "$path"/*) echo "holder ${process#/proc/} $(cat "$process/comm")"; break ;;
              esac
            done
          done
          exit 1
        done || mount_all
        """;

    /// <summary>Unmounts every 9p share of the guest, or none.</summary>
    /// <exception cref="VmConflictException">A program in the guest uses one; it is named.</exception>
    /// <exception cref="GuestAgentException"/>
    public static async Task UnmountAsync(VmSession vm, CancellationToken cancellationToken)
    {
        var result = await RunAsync(vm, Unmount, ["labnet-unmount"], cancellationToken);
        var lines = Encoding.UTF8.GetString(result.Stdout.Span).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        if (lines.FirstOrDefault(line => line.StartsWith("busy ", StringComparison.Ordinal)) is not { } busy)
        {
            return;
        }

        var words = busy.Trim().Split(' ', 3);
        var holders = lines.Select(line => line.Split(' ', 3)).Where(held => held is ["holder", _, _]).Select(held => $"{held[2]} (process {held[1]})").ToList();
        throw new VmConflictException(
            $"The share at {words.ElementAtOrDefault(1)} in the guest is in use{(holders.Count > 0 ? $" by {string.Join(", ", holders)}" : "")}, and QEMU saves no machine whose share is mounted. "
            + $"Let the program end, or let it leave that folder. The guest said: {words.ElementAtOrDefault(2)}");
    }

    /// <summary>Mounts what was unmounted before the machine was saved.</summary>
    /// <param name="now">What the guest's clock is set to; null where it is right.</param>
    /// <exception cref="VmConflictException">The guest refuses.</exception>
    /// <exception cref="GuestAgentException"/>
    public static async Task MountAsync(VmSession vm, DateTimeOffset? now, CancellationToken cancellationToken)
    {
        var time = now is { } set ? string.Create(CultureInfo.InvariantCulture, $"{set.ToUnixTimeMilliseconds() / 1000.0:0.000}") : "";
        var result = await RunAsync(vm, Mount, ["labnet-mount", time], cancellationToken);
        if (result.ExitCode != 0)
        {
            throw new VmConflictException($"The guest could not set its clock and mount its shares: {Encoding.UTF8.GetString(result.Stderr.Span).Trim()}");
        }
    }

    /// <param name="arguments">The first is its name, by which the other one knows it.</param>
    private static Task<GuestExecResult> RunAsync(VmSession vm, string script, string[] arguments, CancellationToken cancellationToken) =>
        vm.RunInGuestAsync(new GuestProgram("/bin/sh", ["-s", .. arguments], Encoding.UTF8.GetBytes(script + "\n")), cancellationToken);
}
