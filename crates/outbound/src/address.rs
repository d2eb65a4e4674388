//! Which addresses are public: everything else is somebody's inside.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// IPv4 networks that are not global unicast (IANA IPv4 Special-Purpose Address Registry), as address and prefix.
const SPECIAL_V4: &[([u8; 4], u8)] = &[
    ([0, 0, 0, 0], 8),        // "this network"; Linux connects 0.0.0.0 to itself
    ([10, 0, 0, 0], 8),       // private
    ([100, 64, 0, 0], 10),    // carrier-grade NAT; Alibaba's metadata service
    ([127, 0, 0, 0], 8),      // loopback
    ([168, 63, 129, 16], 32), // Azure's platform endpoint, a public address that every machine there reaches
    ([169, 254, 0, 0], 16),   // link-local; the metadata services of most clouds
    ([172, 16, 0, 0], 12),    // private
    ([192, 0, 0, 0], 24),     // protocol assignments; Oracle's metadata service
    ([192, 0, 2, 0], 24),     // documentation
    ([192, 88, 99, 0], 24),   // 6to4 relays
    ([192, 168, 0, 0], 16),   // private
    ([198, 18, 0, 0], 15),    // benchmarks
    ([198, 51, 100, 0], 24),  // documentation
    ([203, 0, 113, 0], 24),   // documentation
    ([224, 0, 0, 0], 4),      // multicast
    ([240, 0, 0, 0], 4),      // reserved, broadcast
];

/// IPv6 networks inside `2000::/3` that are not global unicast, as leading segments and prefix.
const SPECIAL_V6: &[([u16; 2], u8)] = &[
    ([0x2001, 0x0000], 23), // protocol assignments: Teredo, benchmarks, ORCHID
    ([0x2001, 0x0db8], 32), // documentation
    ([0x2002, 0x0000], 16), // 6to4: an IPv4 address in disguise
    ([0x3fff, 0x0000], 20), // documentation
];

/// Whether the address is a public one of a single machine. What merely embeds an IPv4 address (mapped, NAT64, 6to4)
/// is not.
pub(crate) fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

/// Whether the address names no single machine at all: no operator can have meant it.
pub(crate) fn is_nowhere(address: IpAddr) -> bool {
    let canonical = address.to_canonical();
    let broadcast = matches!(canonical, IpAddr::V4(address) if address.is_broadcast());
    canonical.is_unspecified() || canonical.is_multicast() || broadcast
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let bits = address.to_bits();
    !SPECIAL_V4.iter().any(|(network, prefix)| {
        let differing = bits ^ Ipv4Addr::from(*network).to_bits();
        differing.leading_zeros() >= u32::from(*prefix)
    })
}

/// Global unicast is `2000::/3` (RFC 4291, section 2.4, as assigned by IANA), less what is special inside.
fn is_public_v6(address: Ipv6Addr) -> bool {
    let [first, second, ..] = address.segments();
    let leading = (u32::from(first) << 16) | u32::from(second);
    let is_special = SPECIAL_V6.iter().any(|([one, two], prefix)| {
        let network = (u32::from(*one) << 16) | u32::from(*two);
        (leading ^ network).leading_zeros() >= u32::from(*prefix)
    });
    first >> 13 == 1 && !is_special
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn addresses_inside_somebodys_network_are_not_public() {
        let inside = [
            "0.0.0.0",
            "0.1.2.3",
            "10.0.0.1",
            "10.255.255.255",
            "100.64.0.1",
            "100.100.100.200",
            "100.127.255.255",
            "127.0.0.1",
            "127.255.0.9",
            "168.63.129.16",
            "169.254.0.1",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.192",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.1.1",
            "198.18.0.1",
            "198.19.255.255",
            "198.51.100.7",
            "203.0.113.7",
            "224.0.0.1",
            "239.255.255.250",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::7f00:1",
            "::ffff:127.0.0.1",
            "::ffff:8.8.8.8",
            "64:ff9b::7f00:1",
            "64:ff9b::808:808",
            "64:ff9b:1::1",
            "100::1",
            "2001::1",
            "2001:2::1",
            "2001:10::1",
            "2001:db8::1",
            "2002:7f00:1::",
            "3fff::1",
            "5f00::1",
            "fc00::1",
            "fd00:ec2::254",
            "fe80::1",
            "fec0::1",
            "ff02::1",
        ];
        for text in inside {
            assert!(!is_public(of(text)), "{text}");
        }
    }

    #[test]
    fn addresses_of_the_open_internet_are() {
        let outside = [
            "1.1.1.1",
            "8.8.8.8",
            "9.255.255.255",
            "11.0.0.0",
            "100.63.255.255",
            "100.128.0.0",
            "126.255.255.255",
            "128.0.0.1",
            "168.63.129.17",
            "172.15.255.255",
            "172.32.0.0",
            "192.0.1.1",
            "192.167.255.255",
            "198.17.255.255",
            "198.20.0.0",
            "223.255.255.255",
            "2001:4860:4860::8888",
            "2606:4700::1111",
            "2a00:1450::1",
        ];
        for text in outside {
            assert!(is_public(of(text)), "{text}");
        }
    }

    #[test]
    fn an_address_of_nobody_or_of_many_is_nowhere() {
        for text in ["0.0.0.0", "::", "::ffff:0.0.0.0", "224.0.0.1", "ff02::1", "255.255.255.255"] {
            assert!(is_nowhere(of(text)), "{text}");
        }
        assert!(!is_nowhere(of("127.0.0.1")) && !is_nowhere(of("10.0.0.1")) && !is_nowhere(of("fe80::1")));
    }
}
