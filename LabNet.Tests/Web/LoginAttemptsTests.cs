using System.Net;
using LabNet.Web.Access;

namespace LabNet.Tests.Web;

[Trait("suite", "unit")]
public sealed class LoginAttemptsTests
{
    private readonly HandTime _time = new();
    private readonly LoginAttempts _attempts;

    public LoginAttemptsTests() => _attempts = new LoginAttempts(_time);

    [Fact]
    public void One_address_does_not_use_up_the_attempts_of_another()
    {
        UseUp(IPAddress.Parse("192.0.2.1"));
        Assert.False(_attempts.TryBegin(IPAddress.Parse("192.0.2.1")));
        Assert.False(_attempts.TryBegin(IPAddress.Parse("::ffff:192.0.2.1")));
        Assert.True(_attempts.TryBegin(IPAddress.Parse("192.0.2.2")));
    }

    [Fact]
    public void A_host_with_a_whole_IPv6_network_counts_as_one()
    {
        UseUp(IPAddress.Parse("2001:db8::1"));
        Assert.False(_attempts.TryBegin(IPAddress.Parse("2001:db8::ffff")));
        Assert.True(_attempts.TryBegin(IPAddress.Parse("2001:db8:0:1::1")));
    }

    [Fact]
    public void A_success_forgets_the_slips_before_it()
    {
        var address = IPAddress.Parse("192.0.2.1");
        UseUp(address);
        _attempts.Forget(address);
        Assert.True(_attempts.TryBegin(address));
    }

    [Fact]
    public void Addresses_beyond_the_bound_share_one_count_until_others_run_out()
    {
        for (var i = 0; i < LoginAttempts.AddressesMax; i++)
        {
            Assert.True(_attempts.TryBegin(new IPAddress([10, 0, (byte)(i >> 8), (byte)i])));
        }

        for (var i = 0; i < LoginAttempts.AttemptsMax; i++)
        {
            Assert.True(_attempts.TryBegin(new IPAddress([192, 0, 2, (byte)i])));
        }

        Assert.False(_attempts.TryBegin(IPAddress.Parse("192.0.2.200")));
        Assert.True(_attempts.TryBegin(IPAddress.Parse("10.0.0.1")));
        _time.Advance(LoginAttempts.Window);
        Assert.True(_attempts.TryBegin(IPAddress.Parse("192.0.2.200")));
    }

    private void UseUp(IPAddress address)
    {
        for (var i = 0; i < LoginAttempts.AttemptsMax; i++)
        {
            Assert.True(_attempts.TryBegin(address));
        }
    }
}
