//! What can be a host: a name of the domain name system, or an address. By its form only; nobody is asked.

/// Longest name of a host, in bytes.
const NAME_BYTES_MAX: usize = 253;

/// Longest part of a name between two dots, in bytes.
const LABEL_BYTES_MAX: usize = 63;

/// True for the name of a host or an IPv4 address. A name may have a dot at its end, underscores, as in containers, and
/// letters of any script.
pub(super) fn is_host(text: &str) -> bool {
    let name = text.strip_suffix('.').unwrap_or(text);
    // Ends in a number: then it is meant as an address.
    let last = name.rsplit('.').next().unwrap_or_default();
    if last.bytes().all(|byte| byte.is_ascii_digit()) {
        return text == name && is_ipv4(name);
    }
    name.len() <= NAME_BYTES_MAX && name.split('.').all(is_label)
}

fn is_label(label: &str) -> bool {
    let inner = |letter: char| letter.is_alphanumeric() || letter == '-' || letter == '_';
    let dash = label.starts_with('-') || label.ends_with('-');
    !label.is_empty() && label.len() <= LABEL_BYTES_MAX && label.chars().all(inner) && !dash
}

fn is_ipv4(text: &str) -> bool {
    let parts: Vec<&str> = text.split('.').collect();
    let is_byte =
        |part: &&str| part.len() <= 3 && (part.len() == 1 || !part.starts_with('0')) && part.parse::<u8>().is_ok();
    parts.len() == 4 && parts.iter().all(is_byte) && text.bytes().all(|byte| byte == b'.' || byte.is_ascii_digit())
}

/// True for an IPv6 address as it stands between brackets, perhaps with the zone that it is of.
pub(super) fn is_ipv6(text: &str) -> bool {
    let (address, zone) = text.split_once('%').unwrap_or((text, "0"));
    let zoned =
        !zone.is_empty() && zone.chars().all(|letter| letter.is_ascii_alphanumeric() || "-_.~%".contains(letter));
    let groups = |part: &str| -> Option<usize> {
        if part.is_empty() {
            return Some(0);
        }
        let parts: Vec<&str> = part.split(':').collect();
        let (last, before) = parts.split_last()?;
        let is_group =
            |group: &&str| (1..=4).contains(&group.len()) && group.bytes().all(|byte| byte.is_ascii_hexdigit());
        let tail = if is_ipv4(last) { 2 } else { usize::from(is_group(last)) };
        (tail > 0 && before.iter().all(is_group)).then_some(before.len() + tail)
    };
    let complete = match address.split_once("::") {
        // The two colons stand for at least one group, and an IPv4 address for the last two.
        Some((before, after)) => {
            !before.contains('.') && groups(before).zip(groups(after)).is_some_and(|(left, right)| left + right < 8)
        }
        None => groups(address) == Some(8),
    };
    zoned && complete
}

#[cfg(test)]
mod tests {
    use super::{is_host, is_ipv6};

    #[test]
    fn hosts_are_names_and_addresses() {
        let long = format!("{}.example", "a".repeat(63));
        for host in [
            "a",
            "location",
            "eu.example.org",
            "eu.example.org.",
            "neo4j_core-0",
            "münchen.example",
            "10.0.0.1",
            "3com",
            "1.2.3.a",
            &long,
        ] {
            assert!(is_host(host), "{host}");
        }
        let (label, name) = (format!("{}.example", "a".repeat(64)), vec!["abcdefgh"; 30].join("."));
        for strange in [
            "",
            ".",
            "..",
            "a..b",
            ".a",
            "-",
            "a-.b",
            "-a",
            "a b",
            "ho$t",
            "%41",
            "a\\b",
            "'",
            "256.0.0.1",
            "1.2.3",
            "1.2.3.4.5",
            "01.2.3.4",
            "1",
            "1.2.3.4.",
            "a,b",
            "*",
            &label,
            &name,
        ] {
            assert!(!is_host(strange), "{strange}");
        }
    }

    #[test]
    fn addresses_in_brackets_are_of_version_6() {
        for address in [
            "::",
            "::1",
            "1::",
            "fe80::1%eth0",
            "2001:db8::8a2e:370:7334",
            "1:2:3:4:5:6:7:8",
            "::ffff:10.0.0.1",
            "1:2:3:4:5:6:10.0.0.1",
            "1:2:3:4:5:6:7::",
        ] {
            assert!(is_ipv6(address), "{address}");
        }
        for strange in [
            "",
            ":",
            ":::",
            "1",
            "1:2",
            "1::2::3",
            "1:2:3:4:5:6:7:8:9",
            "1:2:3:4:5:6:7:8::",
            "12345::",
            "g::",
            "10.0.0.1",
            "10.0.0.1::",
            "::10.0.0",
            "fe80::1%",
            "::1 ",
        ] {
            assert!(!is_ipv6(strange), "{strange}");
        }
    }
}
