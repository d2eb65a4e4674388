//! Which counters an attempt counts on. How long a guesser waits is `palatine_domain::lockout`; the counters
//! themselves are rows.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use palatine_domain::TokenHash;
use palatine_domain::identifier::NormalisedIdentifier;
use palatine_domain::ids::UserId;
use palatine_domain::lockout::LockoutScope;

/// The counters of one attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Counters {
    /// Whose they are.
    pub(crate) account: TokenHash,
    /// Which ones, with the address prefix or the device they stand for.
    pub(crate) counted_on: Vec<(LockoutScope, String)>,
}

impl Counters {
    /// The counters of an attempt from `address`: that of the account as a whole and that of the address.
    pub(crate) fn of_address(account: TokenHash, address: &str) -> Self {
        let counted_on = vec![(LockoutScope::Account, String::new()), (LockoutScope::Address, address_prefix(address))];
        Self { account, counted_on }
    }

    /// The counter of an attempt from a browser that the account knows. It is the only one: were the account's
    /// counted too, strangers could keep its owner out.
    pub(crate) fn of_device(account: TokenHash, device: &TokenHash) -> Self {
        Self { account, counted_on: vec![(LockoutScope::Device, device.to_hex())] }
    }
}

/// The key of a user's counters, whichever of their names was typed.
pub fn account_of_user(user: UserId) -> TokenHash {
    TokenHash::of(&format!("user:{user}"))
}

/// The key of the counters of a name that no user has. They lock like a user's, so that locking tells nothing.
pub fn account_of_nobody(identifier: &NormalisedIdentifier) -> TokenHash {
    TokenHash::of(&format!("name:{}", identifier.as_str()))
}

/// What failures from one place are counted under: an IPv4 address, or the /64 of an IPv6 address, within which a
/// customer chooses addresses freely. An IPv4 address in IPv6 clothes (RFC 4291, section 2.5.5.2) is that IPv4
/// address. Takes an address with or without a port; any other text stands for itself, cut to 64 characters.
pub fn address_prefix(address: &str) -> String {
    let address = address.trim();
    match parse(address).map(|address| address.to_canonical()) {
        Some(IpAddr::V4(v4)) => v4.to_string(),
        Some(IpAddr::V6(v6)) => format!("{}/64", Ipv6Addr::from_bits(v6.to_bits() & (u128::MAX << 64))),
        None => address.chars().take(64).collect(),
    }
}

fn parse(address: &str) -> Option<IpAddr> {
    let bare = address.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(address);
    let without_zone = bare.split_once('%').map_or(bare, |(address, _)| address);
    without_zone.parse().ok().or_else(|| address.parse::<SocketAddr>().ok().map(|socket| socket.ip()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ipv4_address_counts_alone() {
        assert_eq!(address_prefix("192.0.2.17"), "192.0.2.17");
        assert_eq!(address_prefix(" 192.0.2.17 "), "192.0.2.17");
        assert_eq!(address_prefix("192.0.2.17:4711"), "192.0.2.17");
        assert_eq!(address_prefix("::ffff:192.0.2.17"), "192.0.2.17");
    }

    #[test]
    fn ipv6_addresses_of_one_network_count_together() {
        for same in
            ["2001:db8:1:2::1", "2001:db8:1:2:ffff:ffff:ffff:ffff", "[2001:db8:1:2::5]:443", "[2001:db8:1:2::5]"]
        {
            assert_eq!(address_prefix(same), "2001:db8:1:2::/64", "{same}");
        }
        assert_ne!(address_prefix("2001:db8:1:3::1"), address_prefix("2001:db8:1:2::1"));
        assert_eq!(address_prefix("fe80::1%eth0"), "fe80::/64");
        assert_eq!(address_prefix("::1"), "::/64");
    }

    #[test]
    fn any_other_text_stands_for_itself_within_bounds() {
        assert_eq!(address_prefix("unix"), "unix");
        assert_eq!(address_prefix(""), "");
        assert_eq!(address_prefix(&"é".repeat(1_000)).chars().count(), 64);
    }

    #[test]
    fn a_known_browser_counts_on_nothing_that_a_stranger_can_raise() {
        let account = TokenHash::of("a");
        let device = Counters::of_device(account, &TokenHash::of("d"));
        let stranger = Counters::of_address(account, "192.0.2.1");
        assert!(device.counted_on.iter().all(|counter| !stranger.counted_on.contains(counter)));
    }

    #[test]
    fn nobody_can_choose_a_name_that_locks_a_user() {
        let user: UserId = "018f2f9e-0000-7000-8000-000000000001".parse().unwrap();
        let name = NormalisedIdentifier::parse(&format!("user:{user}")).unwrap();
        assert_ne!(account_of_user(user), account_of_nobody(&name));
    }
}
