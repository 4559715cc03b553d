using System.Text.Json;
using LabNet.Core.Vms;

namespace LabNet.Tests.Vms;

[Trait("suite", "unit")]
public sealed class RawQmpCommandTests
{
    [Theory]
    [InlineData("query-status", null, "query-status")]
    [InlineData("stop", "{}", "stop {}")]
    [InlineData("set_password", """{"protocol": "vnc", "password": "hunter2"}""", """set_password {"protocol":"vnc","password":"***"}""")]
    [InlineData("object-add", """{"qom-type": "secret", "id": "s", "data": "hunter2"}""", """object-add {"qom-type":"secret","id":"s","data":"***"}""")]
    [InlineData("blockdev-add", """{"driver": "luks", "key-secret": "s", "file": {"password-secret": "t", "Key": ["hunter2"]}}""", """blockdev-add {"driver":"luks","key-secret":"s","file":{"password-secret":"t","Key":"***"}}""")]
    [InlineData("qom-set", """{"path": "/objects/s", "property": "data", "value": "hunter2"}""", """qom-set {"path":"/objects/s","property":"data","value":"***"}""")]
    [InlineData("qom-set", """{"path": "/a", "property": "drive", "value": "n"}""", """qom-set {"path":"/a","property":"drive","value":"n"}""")]
    [InlineData("send-key", """{"keys": [{"type": "qcode", "data": "h"}]}""", """send-key {"keys":"***"}""")]
    [InlineData("human-monitor-command", """{"command-line": "object_add secret,id=s,data=hunter2"}""", """human-monitor-command {"command-line":"***"}""")]
    [InlineData("human-monitor-command", """{"command-line": " change vnc password hunter2"}""", """human-monitor-command {"command-line":"***"}""")]
    [InlineData("human-monitor-command", """{"command-line": "info mtree"}""", """human-monitor-command {"command-line":"info mtree"}""")]
    [InlineData("device_add", """{"id": "<b>&\u00e4\"", "l": [1, {"token": 5}]}""", "device_add {\"id\":\"<b>&\u00e4\\\"\",\"l\":[1,{\"token\":\"***\"}]}")]
    public void What_is_written_down_tells_all_but_the_secrets(string command, string? arguments, string detail)
    {
        var written = RawQmpCommand.AuditDetail(command, arguments is null ? null : JsonElement.Parse(arguments));
        Assert.Equal(detail, written);
        Assert.DoesNotContain("hunter2", written, StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_written_down_is_never_long() =>
        Assert.InRange(RawQmpCommand.AuditDetail("device_add", JsonElement.Parse($$"""{"id": "{{new string('x', 1_000_000)}}"}""")).Length, 4000, 4200);
}
