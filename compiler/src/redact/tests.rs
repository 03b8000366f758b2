//! What is masked, what is not, and that it is so wherever a name is shown.

use mgmt_stdlib::value::Value;
use proptest::prelude::*;

use super::*;
use crate::graph::Identity;

#[test]
fn passwords_are_masked_and_nothing_else() {
    for (text, masked) in [
        ("remote[ssh://u:pw@h:22]: x", "remote[ssh://u:***@h:22]: x"),
        (
            "http://a:b@c/ and ftp://d:e:f@g",
            "http://a:***@c/ and ftp://d:***@g",
        ),
        ("p@ss: ssh://u:p@ss@h/x", "p@ss: ssh://u:***@h/x"),
        ("remote[u:pw@h]: x", "remote[u:***@h]: x"),
        ("/srv/u:pw@h:22/x", "/srv/u:***@h:22/x"),
        ("root:p@ss@[::1]:22", "root:***@[::1]:22"),
        ("redis://:pw@h", "redis://:***@h"),
        ("://:x@", "://:***@"),
        ("ssh://u@h", "ssh://u@h"),
        ("http://h:80/a@b", "http://h:80/a@b"),
        ("git@host:path", "git@host:path"),
        ("getty@tty1.service: failed", "getty@tty1.service: failed"),
        ("mailto:me@example.com", "mailto:me@example.com"),
        ("error: me@example.com", "error: me@example.com"),
        ("a: @b c:@d", "a: @b c:@d"),
        ("", ""),
    ] {
        assert_eq!(passwords(text), masked);
        assert_eq!(passwords(masked), masked, "a second time");
    }
    let image = format!("docker.io/nginx:1.27@sha256:{}", "0a".repeat(32));
    assert_eq!(passwords(&image), image);
    assert!(matches!(passwords("nothing to hide"), Cow::Borrowed(_)));
}

#[test]
fn what_is_masked_in_place_moves_nothing() {
    assert_eq!(passwords_in_place("x \"u:pé@h\" y"), "x \"u:***@h\" y");
    assert_eq!(passwords_in_place("x"), "x");
}

#[test]
fn an_identity_is_printed_without_it_and_keeps_it() {
    let identity = Identity::new("http:server", "u:hunter2@h");
    assert_eq!(identity.to_string(), "http:server[u:***@h]");
    assert!(!format!("{identity:?}").contains("hunter2"));
    assert_eq!(identity.name, "u:hunter2@h");
}

/// What people choose as passwords, as far as a URL may hold it.
fn chosen() -> impl Strategy<Value = String> {
    "[a-zA-Z0-9é@:!$&'()*+,;=._~%|^{}\\[\\]\\\\-]{4,20}"
        .prop_filter("it has to be recognisable", |text| {
            text.chars().any(char::is_alphanumeric)
        })
}

proptest! {
    #[test]
    fn no_password_is_left(
        before in "([a-z]{0,9}[ \\[(=\"'/])?",
        scheme in "(ssh://|https://|git\\+ssh://|)",
        user in "[a-z][a-z0-9._-]{0,9}",
        password in chosen(),
        host in "[a-z0-9][a-z0-9.-]{0,9}",
        after in "([\\] ,:/\"][a-z]{0,9})?",
    ) {
        prop_assume!(!NO_USERS.contains(&user.as_str()));
        // A password that looks like a part of what is around it could not be told from it.
        let unique = format!("Q7{password}7Q");
        let text = format!("{before}{scheme}{user}:{unique}@{host}{after}");
        let masked = passwords(&text);
        prop_assert!(!masked.contains(&unique), "{masked}");
        prop_assert!(!masked.contains("Q7") && !masked.contains("7Q"), "{masked}");
        prop_assert_eq!(passwords(&masked), masked.clone());
        let in_place = passwords_in_place(&text);
        prop_assert_eq!(in_place.len(), text.len());
        prop_assert!(!in_place.contains("Q7") && !in_place.contains("7Q"), "{}", in_place);
        let nested = Value::list([Value::Map([(Value::str("k"), Value::str(text.as_str()))].into_iter().collect())]);
        prop_assert!(!value(&nested).to_string().contains("Q7"));
        let shown = serde_json::to_string(&Masked::from(text.as_str())).unwrap();
        prop_assert!(!shown.contains("Q7") && !shown.contains("7Q"), "{}", shown);
    }

    #[test]
    fn texts_without_an_address_stay(text in "[^@]{0,60}") {
        prop_assert_eq!(passwords(&text), text.as_str());
    }

    #[test]
    fn nothing_breaks_it(text in "\\PC{0,60}[:@/ ]{0,4}\\PC{0,20}@\\PC{0,20}") {
        let masked = passwords(&text).into_owned();
        prop_assert_eq!(passwords(&masked), masked.as_str());
        prop_assert_eq!(passwords_in_place(&text).len(), text.len());
    }
}
